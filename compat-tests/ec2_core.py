"""EC2's core with real clients: boto3, boto 2.49 and aws-cli.

Run it with pytest against a running server: `pytest compat-tests/ec2_core.py` with AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID
and AWS_SECRET_ACCESS_KEY in the environment (`eval "$(novella env)"` sets them). Launches need an image that the account
may use: the one that EC2_TEST_IMAGE names, or else the first available machine image.
"""

import json
import os
import shutil
import socket
import subprocess
import urllib.parse
import uuid

import boto3
import pytest
from botocore.client import Config
from botocore.exceptions import ClientError

from cloud import until

ENDPOINT = os.environ["AWS_ENDPOINT_URL"]
HOST, PORT = urllib.parse.urlsplit(ENDPOINT).hostname, urllib.parse.urlsplit(ENDPOINT).port
REGION = os.environ.get("AWS_DEFAULT_REGION", "us-east-1")
KEY, SECRET = os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]


def client(service="ec2", **options):
    config = Config(retries={"max_attempts": 0})
    options = {"aws_access_key_id": KEY, "aws_secret_access_key": SECRET, "region_name": REGION} | options
    return boto3.client(service, endpoint_url=ENDPOINT, config=config, **options)


@pytest.fixture(scope="module")
def ec2():
    return client()


@pytest.fixture(scope="module")
def image(ec2):
    named = os.environ.get("EC2_TEST_IMAGE")
    found = ec2.describe_images(Filters=[{"Name": "image-type", "Values": ["machine"]}, {"Name": "state", "Values": ["available"]}])
    images = [i["ImageId"] for i in found["Images"] if named in (None, i["ImageId"])]
    if not images:
        pytest.skip("no image to launch: novella image import FILE --public")
    return images[0]


@pytest.fixture
def name():
    return f"core-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def instance(ec2, image):
    launched = ec2.run_instances(ImageId=image, InstanceType="t3.micro", MinCount=1, MaxCount=1)["Instances"][0]
    yield launched["InstanceId"]
    ec2.terminate_instances(InstanceIds=[launched["InstanceId"]])


def state(ec2, instance_id):
    return ec2.describe_instances(InstanceIds=[instance_id])["Reservations"][0]["Instances"][0]["State"]["Name"]


def code_of(call, **parameters):
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    return refused.value.response["Error"]["Code"], refused.value.response["ResponseMetadata"]["HTTPStatusCode"]


def test_an_instances_life(ec2, instance):
    ec2.get_waiter("instance_exists").wait(InstanceIds=[instance])
    until("an instance that is running", lambda: state(ec2, instance) == "running", 120)
    assert code_of(ec2.start_instances, InstanceIds=["i-12345678"]) == ("InvalidInstanceID.NotFound", 400)
    assert ec2.start_instances(InstanceIds=[instance])["StartingInstances"][0]["CurrentState"]["Name"] == "running"
    change = ec2.stop_instances(InstanceIds=[instance], Force=True)["StoppingInstances"][0]
    assert (change["PreviousState"]["Name"], change["CurrentState"]["Name"]) == ("running", "stopping")
    until("an instance that is stopped", lambda: state(ec2, instance) == "stopped", 120)
    ec2.get_waiter("instance_stopped").wait(InstanceIds=[instance])
    assert ec2.start_instances(InstanceIds=[instance])["StartingInstances"][0]["CurrentState"]["Name"] == "pending"
    until("an instance that is running", lambda: state(ec2, instance) == "running", 120)
    ec2.get_waiter("instance_running").wait(InstanceIds=[instance])
    ec2.get_waiter("instance_status_ok").wait(InstanceIds=[instance])
    ec2.terminate_instances(InstanceIds=[instance])
    until("an instance that is terminated", lambda: state(ec2, instance) == "terminated", 120)
    ec2.get_waiter("instance_terminated").wait(InstanceIds=[instance])
    gone = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    assert gone["StateReason"]["Code"] == "Client.UserInitiatedShutdown"
    assert gone["StateTransitionReason"].startswith("User initiated (")
    assert code_of(ec2.start_instances, InstanceIds=[instance]) == ("IncorrectInstanceState", 400)


def test_the_resource_interface_sees_what_it_made(image, name):
    resource = boto3.resource("ec2", endpoint_url=ENDPOINT, region_name=REGION, aws_access_key_id=KEY, aws_secret_access_key=SECRET)
    pair = resource.create_key_pair(KeyName=name)
    assert pair.key_material.startswith("-----BEGIN RSA PRIVATE KEY-----")
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": name}]}]
    made = resource.create_instances(ImageId=image, KeyName=name, MinCount=2, MaxCount=2, TagSpecifications=tags)
    try:
        found = list(resource.instances.filter(Filters=[{"Name": "tag:Name", "Values": [name]}]))
        assert {i.id for i in found} == {i.id for i in made}
        assert found[0].key_name == name and found[0].vpc.id and found[0].network_interfaces_attribute
        made[0].create_tags(Tags=[{"Key": "role", "Value": "web"}])
        made[0].reload()
        assert {"Key": "role", "Value": "web"} in made[0].tags
    finally:
        resource.instances.filter(InstanceIds=[i.id for i in made]).terminate()
        pair.delete()


def test_pages_are_walked_to_their_end(ec2, image):
    ids = [i["InstanceId"] for i in ec2.run_instances(ImageId=image, MinCount=7, MaxCount=7)["Instances"]]
    try:
        pages = list(ec2.get_paginator("describe_instances").paginate(PaginationConfig={"PageSize": 5}))
        seen = [i["InstanceId"] for page in pages for r in page["Reservations"] for i in r["Instances"]]
        assert len(pages) > 1 and len(seen) == len(set(seen)) and set(ids) <= set(seen)
    finally:
        ec2.terminate_instances(InstanceIds=ids)
    assert code_of(ec2.describe_instances, InstanceIds=ids, MaxResults=5) == ("InvalidParameterCombination", 400)
    assert code_of(ec2.describe_instances, NextToken="bogus")[1] == 400


def test_a_client_token_makes_a_launch_once(ec2, image, name):
    launch = dict(ImageId=image, MinCount=1, MaxCount=1, ClientToken=name)
    first, again = (ec2.run_instances(**launch)["Instances"][0]["InstanceId"] for _ in range(2))
    ec2.terminate_instances(InstanceIds=[first])
    assert first == again
    assert code_of(ec2.run_instances, **launch | {"MaxCount": 2}) == ("IdempotentParameterMismatch", 400)


def test_user_data_and_dry_run(ec2, image):
    launch = dict(ImageId=image, MinCount=1, MaxCount=1, InstanceType="m1.tiny")
    assert code_of(ec2.run_instances, **launch, DryRun=True) == ("DryRunOperation", 412)
    assert code_of(ec2.run_instances, **launch, UserData="x" * 16385) == ("InvalidParameterValue", 400)
    assert code_of(ec2.run_instances, **launch | {"InstanceType": "z9.huge"})[1] == 400
    assert code_of(ec2.run_instances, **launch | {"ImageId": "ami-0123456789abcdef0"}) == ("InvalidAMIID.NotFound", 400)


def test_keys_that_are_imported_keep_their_fingerprint(ec2, name, tmp_path):
    if not shutil.which("ssh-keygen"):
        pytest.skip("no ssh-keygen")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "key"], check=True)
    shown = subprocess.run(["ssh-keygen", "-lf", tmp_path / "key.pub"], capture_output=True, text=True, check=True).stdout
    made = ec2.import_key_pair(KeyName=name, PublicKeyMaterial=(tmp_path / "key.pub").read_bytes())
    assert made["KeyFingerprint"].rstrip("=") == shown.split()[1].removeprefix("SHA256:")
    assert code_of(ec2.import_key_pair, KeyName=name, PublicKeyMaterial=b"x") == ("InvalidKey.Format", 400)
    ec2.get_waiter("key_pair_exists").wait(KeyNames=[name])
    ec2.delete_key_pair(KeyName=name)
    assert code_of(ec2.describe_key_pairs, KeyNames=[name]) == ("InvalidKeyPair.NotFound", 400)


@pytest.mark.parametrize("key_type", ["rsa", "ed25519"])
def test_keys_that_are_made_are_keys_for_ssh(ec2, name, tmp_path, key_type):
    made = ec2.create_key_pair(KeyName=name, KeyType=key_type)
    public = ec2.describe_key_pairs(KeyNames=[name], IncludePublicKey=True)["KeyPairs"][0]["PublicKey"]
    ec2.delete_key_pair(KeyPairId=made["KeyPairId"])
    if not shutil.which("ssh-keygen"):
        pytest.skip("no ssh-keygen")
    key = tmp_path / "key"
    key.write_text(made["KeyMaterial"] + "\n")
    key.chmod(0o600)
    read = subprocess.run(["ssh-keygen", "-yf", key], capture_output=True, text=True, check=True).stdout
    assert read.split()[:2] == public.split()[:2] and public.split()[2] == name


def test_wrong_credentials_are_said_as_aws_says_it(ec2):
    assert code_of(client(aws_secret_access_key="wrong").describe_regions) == ("AuthFailure", 401)
    assert code_of(client(aws_access_key_id="AKIANOBODY").describe_regions) == ("AuthFailure", 401)
    assert code_of(client("sts", aws_access_key_id="AKIANOBODY").get_caller_identity) == ("InvalidClientTokenId", 403)
    assert code_of(ec2.create_traffic_mirror_filter) == ("UnsupportedOperation", 400)
    me = client("sts").get_caller_identity()
    assert me["Arn"] == f"arn:aws:iam::{me['Account']}:root"


def test_boto2_with_sigv2(image, name):
    boto = pytest.importorskip("boto")
    from boto.ec2.connection import EC2Connection
    from boto.ec2.regioninfo import RegionInfo
    from boto.exception import EC2ResponseError

    def connect(path):
        return EC2Connection(KEY, SECRET, is_secure=False, port=PORT, path=path, region=RegionInfo(name="nova", endpoint=HOST))

    assert boto.__version__
    assert connect("/services/Cloud").get_all_regions()[0].name == REGION
    old = connect("/services/Cloud/")
    assert [z.state for z in old.get_all_zones()] and old.get_all_images(image_ids=[image])[0].id == image
    pair = old.create_key_pair(name)
    assert pair.material.startswith("-----BEGIN") and old.get_all_key_pairs([name])[0].name == name
    reservation = old.run_instances(image, key_name=name, user_data="#!/bin/sh\n", instance_type="m1.small", security_groups=["default"])
    instance = reservation.instances[0]
    try:
        until("an instance that is running", lambda: instance.update() == "running", 120)
        instance.add_tag("Name", "old & new")
        found = old.get_only_instances(filters={"tag:Name": "old*", "instance-state-name": "running"})
        assert [i.id for i in found] == [instance.id] and found[0].private_ip_address and found[0].key_name == name
        assert instance.get_console_output().instance_id == instance.id
        assert old.get_all_instance_status([instance.id])[0].state_name == "running"
    finally:
        instance.terminate()
        old.delete_key_pair(name)
    until("an instance that is terminated", lambda: instance.update() == "terminated", 120)
    with pytest.raises(EC2ResponseError) as refused:
        old.get_only_instances(["i-12345678"])
    assert refused.value.error_code == "InvalidInstanceID.NotFound"


def test_aws_cli(image, name):
    aws = shutil.which("aws")
    if not aws:
        pytest.skip("no aws-cli")
    environment = os.environ | {"AWS_DEFAULT_REGION": REGION, "AWS_PAGER": "", "AWS_EC2_METADATA_DISABLED": "true"}

    def run(*arguments):
        done = subprocess.run([aws, "--endpoint-url", ENDPOINT, "--output", "json", *arguments], env=environment,
                              capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None

    tags = f"ResourceType=instance,Tags=[{{Key=Name,Value={name}}}]"
    launched = run("ec2", "run-instances", "--image-id", image, "--instance-type", "t3.micro", "--tag-specifications", tags,
                   "--user-data", "#!/bin/sh", "--metadata-options", "HttpTokens=required")
    instance = launched["Instances"][0]["InstanceId"]
    try:
        run("ec2", "wait", "instance-running", "--instance-ids", instance)
        found = run("ec2", "describe-instances", "--filters", f"Name=tag:Name,Values={name}", "--query", "Reservations[].Instances[].InstanceId")
        assert found == [instance]
        assert run("ec2", "describe-tags", "--filters", f"Name=resource-id,Values={instance}")["Tags"][0]["Value"] == name
        assert run("ec2", "describe-instance-types", "--instance-types", "t3.micro")["InstanceTypes"][0]["VCpuInfo"]["DefaultVCpus"] == 2
        run("ec2", "get-console-output", "--instance-id", instance)
        run("sts", "get-caller-identity")
    finally:
        run("ec2", "terminate-instances", "--instance-ids", instance)
        run("ec2", "wait", "instance-terminated", "--instance-ids", instance)


def test_a_form_that_makes_no_sense_gets_an_answer():
    """Bytes that no client sends: an error document or a closed connection, and a server that lives on."""
    for body in [b"", b"=&=&%%%&Action", b"Action=" + b"x" * 5000, b"Action=A" + b".1" * 500 + b"=1", b"\xff\xfe\x00"]:
        with socket.create_connection((HOST, PORT), timeout=30) as s:
            head = f"POST / HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
            s.sendall(head.encode() + body)
            answer = b""
            while piece := s.recv(65536):
                answer += piece
        assert answer.split(b" ")[1][:1] == b"4", answer
    client().describe_regions()
