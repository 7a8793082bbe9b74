"""The whole way — bundle, upload, register, launch, look, end — with each client that people use."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

import cloud
from cloud import MAIN, until

OLD_PYTHON = pytest.mark.skipif(sys.version_info >= (3, 12), reason="boto 2.49 does not run on Python 3.12 and later")


@OLD_PYTHON
@pytest.mark.parametrize(
    "ec2_path, s3_path, bucket",
    [("/services/Cloud", "/services/objectstorage", "boto2"), ("/services/Cloud/", "/", "boto2-root"), ("/", "/", "boto2-plain")],
)
def test_boto_2(server, tiny_bundle, ec2_path, s3_path, bucket):
    s3 = server.boto2_s3(path=s3_path)
    made = s3.create_bucket(bucket)
    for file in tiny_bundle:
        key = made.new_key(f"old/{file.name}")
        key.set_contents_from_filename(str(file))
    assert {k.name for k in made.list("old/")} == {f"old/{f.name}" for f in tiny_bundle}
    assert made.get_key(f"old/{tiny_bundle[0].name}").get_contents_as_string() == tiny_bundle[0].read_bytes()

    ec2 = server.boto2_ec2(path=ec2_path)
    image_id = ec2.register_image(name=bucket, image_location=f"{bucket}/old/{tiny_bundle[-1].name}")
    image = until("the image is read", lambda: [i for i in ec2.get_all_images([image_id]) if i.state != "pending"])[0]
    assert (image.state, image.ownerId, image.type, image.architecture) == ("available", MAIN.id, "machine", "x86_64")
    assert image_id in {i.id for i in ec2.get_all_images(owners=["self"])}

    pair = ec2.create_key_pair(bucket)
    assert pair.material.startswith("-----BEGIN RSA PRIVATE KEY-----") and len(pair.fingerprint.split(":")) == 20
    assert bucket in {k.name for k in ec2.get_all_key_pairs()}

    reservation = ec2.run_instances(image_id, key_name=bucket, instance_type="m1.tiny", user_data="#!/bin/sh\necho hello\n")
    instance = reservation.instances[0]
    assert (reservation.owner_id, instance.image_id, instance.key_name) == (MAIN.id, image_id, bucket)
    until("the instance runs", lambda: instance.update() == "running")
    assert instance.state_code == 16 and instance.private_ip_address.startswith("172.31.")
    instance.add_tag("Name", "old friend")
    found = ec2.get_only_instances(filters={"tag:Name": "old friend", "image-id": image_id})
    assert [(i.id, i.tags) for i in found] == [(instance.id, {"Name": "old friend"})]
    assert instance.get_console_output().instance_id == instance.id

    instance.stop()
    until("the instance has stopped", lambda: instance.update() == "stopped")
    instance.start()
    until("the instance runs again", lambda: instance.update() == "running")
    assert ec2.reboot_instances([instance.id])
    assert [i.id for i in ec2.terminate_instances([instance.id])] == [instance.id]
    until("the instance has ended", lambda: instance.update() == "terminated")
    assert ec2.delete_key_pair(bucket) and ec2.deregister_image(image_id)
    assert {"nova", cloud.REGION} & {r.name for r in ec2.get_all_regions()}
    assert {z.name for z in ec2.get_all_zones()} == {f"{cloud.REGION}{z}" for z in "abc"}


def test_boto3(server, tiny_bundle):
    s3, ec2, sts = (server.client(service) for service in ("s3", "ec2", "sts"))
    assert sts.get_caller_identity()["Account"] == MAIN.id
    s3.create_bucket(Bucket="boto3")
    for file in tiny_bundle:
        s3.upload_file(str(file), "boto3", f"new/{file.name}")
    image = ec2.register_image(Name="boto3", ImageLocation=f"boto3/new/{tiny_bundle[-1].name}")["ImageId"]
    ec2.get_waiter("image_available").wait(ImageIds=[image], WaiterConfig={"Delay": 1, "MaxAttempts": 60})

    pair = ec2.create_key_pair(KeyName="boto3", KeyType="ed25519")
    assert pair["KeyMaterial"].startswith("-----BEGIN OPENSSH PRIVATE KEY-----")
    answer = ec2.run_instances(
        ImageId=image, InstanceType="t3.micro", KeyName="boto3", MinCount=2, MaxCount=3, UserData="#!/bin/sh\n",
        TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "boto3"}]}],
    )
    assert [i["State"]["Name"] for i in answer["Instances"]] == ["pending"] * 3
    assert [i["AmiLaunchIndex"] for i in answer["Instances"]] == [0, 1, 2]
    ids = sorted(i["InstanceId"] for i in answer["Instances"])
    soon = {"Delay": 1, "MaxAttempts": 60}
    ec2.get_waiter("instance_running").wait(InstanceIds=ids, WaiterConfig=soon)
    ec2.get_waiter("instance_status_ok").wait(InstanceIds=ids, WaiterConfig=soon)

    pages = ec2.get_paginator("describe_instances").paginate(
        Filters=[{"Name": "tag:Name", "Values": ["boto3"]}, {"Name": "instance-state-name", "Values": ["running"]}],
        PaginationConfig={"PageSize": 5},
    )
    found = [i for page in pages for r in page["Reservations"] for i in r["Instances"]]
    assert sorted(i["InstanceId"] for i in found) == ids
    assert len({i["PrivateIpAddress"] for i in found}) == 3
    assert {i["KeyName"] for i in found} == {"boto3"}
    attribute = ec2.get_console_output(InstanceId=ids[0])
    assert attribute["InstanceId"] == ids[0]

    ec2.create_tags(Resources=ids, Tags=[{"Key": "Role", "Value": "web"}])
    tags = ec2.describe_tags(Filters=[{"Name": "key", "Values": ["Role"]}, {"Name": "resource-id", "Values": ids}])["Tags"]
    assert {(t["ResourceId"], t["ResourceType"], t["Value"]) for t in tags} == {(id, "instance", "web") for id in ids}
    ec2.delete_tags(Resources=ids, Tags=[{"Key": "Role"}])

    changes = ec2.stop_instances(InstanceIds=ids)["StoppingInstances"]
    assert {c["CurrentState"]["Name"] for c in changes} <= {"stopping", "stopped"}
    ec2.get_waiter("instance_stopped").wait(InstanceIds=ids, WaiterConfig=soon)
    ec2.start_instances(InstanceIds=ids)
    ec2.get_waiter("instance_running").wait(InstanceIds=ids, WaiterConfig=soon)
    ec2.reboot_instances(InstanceIds=ids)
    ec2.terminate_instances(InstanceIds=ids)
    ec2.get_waiter("instance_terminated").wait(InstanceIds=ids, WaiterConfig=soon)
    ec2.delete_key_pair(KeyName="boto3")
    ec2.deregister_image(ImageId=image)


def aws_tools():
    """Every aws-cli on this machine: old and new ones differ."""
    tools = dict.fromkeys(filter(None, [shutil.which("aws"), shutil.which("aws", path="/usr/bin:/usr/local/bin")]))
    return [pytest.param(t, id=t) for t in tools] or [pytest.param(None, marks=pytest.mark.skip("aws-cli is not installed"))]


@pytest.mark.parametrize("tool", aws_tools())
def test_aws_cli(server, tiny_bundle, tmp_path, tool):
    def aws(*arguments):
        return server.aws(*arguments, tool=tool)

    bucket = f"cli-{os.urandom(4).hex()}"
    aws("s3", "mb", f"s3://{bucket}")
    aws("s3", "cp", "--recursive", tiny_bundle[0].parent, f"s3://{bucket}/tiny")
    image = aws("ec2", "register-image", "--name", bucket, "--image-location", f"{bucket}/tiny/{tiny_bundle[-1].name}",
                "--query", "ImageId", "--output", "text")
    until("the image is read", lambda: "available" == aws(
        "ec2", "describe-images", "--image-ids", image, "--query", "Images[0].State", "--output", "text"))
    key = aws("ec2", "create-key-pair", "--key-name", bucket, "--query", "KeyMaterial", "--output", "text")
    private = tmp_path / "key.pem"
    private.write_text(key + "\n")
    private.chmod(0o600)
    public = subprocess.run(["ssh-keygen", "-y", "-f", private], check=True, capture_output=True, text=True).stdout
    aws("ec2", "delete-key-pair", "--key-name", bucket)
    (tmp_path / "key.pub").write_text(public)
    aws("ec2", "import-key-pair", "--key-name", bucket, "--public-key-material", f"fileb://{tmp_path / 'key.pub'}")

    (tmp_path / "user-data").write_text("#!/bin/sh\necho hello\n")
    run = json.loads(aws("ec2", "run-instances", "--image-id", image, "--instance-type", "t2.nano", "--key-name", bucket,
                         "--user-data", f"file://{tmp_path / 'user-data'}", "--output", "json",
                         "--tag-specifications", "ResourceType=instance,Tags=[{Key=Name,Value=cli}]"))
    instance = run["Instances"][0]["InstanceId"]
    aws("ec2", "wait", "instance-running", "--instance-ids", instance)
    aws("ec2", "get-console-output", "--instance-id", instance)
    assert aws("ec2", "describe-tags", "--filters", f"Name=resource-id,Values={instance}", "--query", "Tags[].Value",
               "--output", "text") == "cli"
    assert aws("sts", "get-caller-identity", "--query", "Account", "--output", "text") == MAIN.id
    aws("ec2", "terminate-instances", "--instance-ids", instance)
    until("the instance has ended", lambda: "terminated" == aws(
        "ec2", "describe-instances", "--instance-ids", instance, "--query", "Reservations[0].Instances[0].State.Name",
        "--output", "text"))
    aws("ec2", "deregister-image", "--image-id", image)


def euca2ools():
    """The folder of euca2ools' programs: $EUCA2OOLS is a virtualenv, or they are on the PATH."""
    if folder := os.environ.get("EUCA2OOLS"):
        return pathlib.Path(folder) / "bin"
    found = shutil.which("euca-version")
    return pathlib.Path(found).parent if found else None


@pytest.mark.skipif(euca2ools() is None, reason="euca2ools is not here (it needs Python 2.7; $EUCA2OOLS may name its virtualenv)")
def test_euca2ools(server, tiny_image, tmp_path):
    programs = euca2ools()
    environment = server.environment() | {"PATH": f"{programs}:{os.environ['PATH']}", "HOME": str(tmp_path)}

    def euca(name, *arguments):
        done = subprocess.run([programs / f"euca-{name}", *map(str, arguments)], env=environment, capture_output=True, text=True)
        assert done.returncode == 0, f"euca-{name} {arguments}: {done.stderr}{done.stdout}"
        return done.stdout

    user = cloud.ROOT / "fixtures/bundle"
    made = euca("bundle-image", "-i", tiny_image, "-r", "x86_64", "-p", "euca", "-d", tmp_path, "--ec2cert", server.certificate,
                "-u", MAIN.id, "-c", user / "user-cert.pem", "-k", user / "user-pk.pem")
    manifest = re.search(r"\S+\.manifest\.xml", made)[0]
    uploaded = euca("upload-bundle", "-b", "euca/with-prefix", "-m", manifest)
    location = re.search(r"euca/\S+\.manifest\.xml", uploaded)[0]
    image = re.search(r"ami-\w+", euca("register", "-n", "euca", location))[0]
    until("the image is read", lambda: "available" in euca("describe-images", image))
    assert "euca" in euca("describe-images")

    (tmp_path / "key").write_text(euca("create-keypair", "euca"))
    assert "euca" in euca("describe-keypairs")
    assert "PRIVATE KEY" in (tmp_path / "key").read_text()
    (tmp_path / "data").write_text("#!/bin/sh\necho hello\n")
    instance = re.search(r"i-\w+", euca("run-instances", image, "-k", "euca", "-t", "m1.small", "-f", tmp_path / "data"))[0]
    until("the instance runs", lambda: "running" in euca("describe-instances", instance))
    assert instance in euca("get-console-output", instance)
    euca("create-tags", instance, "--tag", "Name=euca")
    assert "euca" in euca("describe-tags", "--filter", f"resource-id={instance}")
    for listing in ("availability-zones", "regions", "instance-status"):
        assert euca(f"describe-{listing}")
    euca("stop-instances", instance)
    until("the instance has stopped", lambda: "stopped" in euca("describe-instances", instance))
    euca("start-instances", instance)
    until("the instance runs again", lambda: "running" in euca("describe-instances", instance))
    euca("reboot-instances", instance)
    assert instance in euca("terminate-instances", instance)
    until("the instance has ended", lambda: "terminated" in euca("describe-instances", instance))
    euca("deregister", image)
    euca("delete-keypair", "euca")
    euca("delete-bundle", "-b", "euca/with-prefix", "-p", "euca")
    assert "Contents" not in server.client("s3").list_objects_v2(Bucket="euca")


@pytest.mark.parametrize("kind", ["kernel", "ramdisk"])
def test_kernels_and_ramdisks_are_bundles_too(server, tiny_image, tmp_path, kind):
    files = server.bundle(tiny_image, kind, tmp_path, "--image-type", kind)
    image = server.registered(server.upload(files, f"kinds-{kind}"))
    assert (image["State"], image["ImageType"]) == ("available", kind)
    assert image["ImageId"][:4] == {"kernel": "aki-", "ramdisk": "ari-"}[kind]


def test_the_answers_follow_the_public_model():
    done = subprocess.run([sys.executable, cloud.ROOT / "compat-tests/ec2_model.py", cloud.PROGRAM], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
