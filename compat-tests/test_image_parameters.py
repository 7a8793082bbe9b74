"""Image ids are looked up as tools do it: `ssm get-parameter`, then `resolve:ssm:` in a launch."""

import subprocess

import cloud
import pytest
from botocore.exceptions import ClientError

NAME = "/aws/service/small/latest/image_id"
CONFIG = f'[ssm_parameters]\n"{NAME}" = "ami-be4c4000"\n"/aws/service/small/other" = "x"\n'


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("parameters")
    server = cloud.Server(folder, "--driver", "simulated", config=CONFIG)
    disk = folder / "disk.raw"
    disk.write_bytes(bytes(1 << 20))
    subprocess.run(
        [cloud.PROGRAM, "image", "--data-dir", server.data, "import", disk, "--id", "ami-be4c4000", "--public", "--owner",
         cloud.MAIN.id], check=True, stdout=subprocess.DEVNULL)  # fmt: skip
    server.start()
    yield server
    server.stop()


def test_a_parameter_names_an_image(server):
    ssm = server.client("ssm")
    found = ssm.get_parameter(Name=NAME)["Parameter"]
    assert (found["Value"], found["DataType"], found["Version"]) == ("ami-be4c4000", "aws:ec2:image", 1)
    several = ssm.get_parameters(Names=[NAME, "/no"])
    assert ([p["Name"] for p in several["Parameters"]], several["InvalidParameters"]) == ([NAME], ["/no"])
    pages = ssm.get_paginator("get_parameters_by_path").paginate(Path="/aws/service", Recursive=True, MaxResults=1)
    assert [p["Name"] for page in pages for p in page["Parameters"]] == [NAME, "/aws/service/small/other"]
    with pytest.raises(ssm.exceptions.ParameterNotFound):
        ssm.get_parameter(Name="/no")


def test_a_launch_resolves_it(server):
    ec2 = server.client("ec2")
    launched = ec2.run_instances(ImageId=f"resolve:ssm:{NAME}", MinCount=1, MaxCount=1)["Instances"][0]
    assert launched["ImageId"] == "ami-be4c4000"
    with pytest.raises(ClientError) as refused:
        ec2.run_instances(ImageId="resolve:ssm:/no", MinCount=1, MaxCount=1)
    assert refused.value.response["Error"]["Code"] == "InvalidAMIID.NotFound"


def test_strangers_and_other_operations_are_refused(server):
    wrong = cloud.Account(cloud.MAIN.id, "main", cloud.MAIN.key, "another secret")
    for client, call, code in [
        (server.client("ssm", wrong), lambda c: c.get_parameter(Name=NAME), "InvalidSignatureException"),
        (server.client("ssm"), lambda c: c.describe_parameters(), "UnknownOperationException"),
    ]:
        with pytest.raises(ClientError) as refused:
            call(client)
        assert refused.value.response["Error"]["Code"] == code
