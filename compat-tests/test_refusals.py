"""What a user meets when something is wrong: the code that AWS gives, and a message that helps."""

import datetime
import os
import re
import sys

import botocore.auth
import botocore.crt.auth
import pytest
from botocore.exceptions import ClientError

import cloud
from cloud import MAIN, OTHER, Account


def refused(call, **arguments):
    """Code, status and message of the error that a call gives."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    response = caught.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"], response["Error"].get("Message", "")


WRONG_SECRET = Account(MAIN.id, "x", MAIN.key, "not-the-secret")
UNKNOWN_KEY = Account(MAIN.id, "x", "AKIANOBODY0000000001", "whatever")


@pytest.mark.parametrize(
    "who, ec2, s3, sts",
    [
        (WRONG_SECRET, ("AuthFailure", 401), ("SignatureDoesNotMatch", 403), ("SignatureDoesNotMatch", 403)),
        (UNKNOWN_KEY, ("AuthFailure", 401), ("InvalidAccessKeyId", 403), ("InvalidClientTokenId", 403)),
    ],
)
def test_a_wrong_secret_and_an_unknown_key(server, who, ec2, s3, sts):
    assert refused(server.client("ec2", who).describe_instances)[:2] == ec2
    assert refused(server.client("s3", who).list_buckets)[:2] == s3
    assert refused(server.client("s3", who, signature_version="s3").list_buckets)[:2] == s3
    assert refused(server.client("sts", who).get_caller_identity)[:2] == sts


@pytest.mark.parametrize("minutes", [-20, 20])
def test_a_wrong_clock(server, monkeypatch, minutes):
    def wrong(remove_tzinfo=True):
        time = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=minutes)
        return time.replace(tzinfo=None) if remove_tzinfo else time

    for signer in (botocore.auth, botocore.crt.auth):
        monkeypatch.setattr(signer, "get_current_datetime", wrong)
    assert refused(server.client("s3").list_buckets)[:2] == ("RequestTimeTooSkewed", 403)
    code, status, message = refused(server.client("ec2").describe_instances)
    assert (code, status) in [("RequestExpired", 400), ("AuthFailure", 401)], message


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="boto 2.49 does not run on Python 3.12 and later")
def test_boto_2_reads_the_code_of_an_error(server):
    from boto.exception import EC2ResponseError, S3ResponseError

    with pytest.raises(EC2ResponseError) as caught:
        server.boto2_ec2().get_only_instances(["i-00000000"])
    assert (caught.value.error_code, caught.value.status) == ("InvalidInstanceID.NotFound", 400)
    with pytest.raises(S3ResponseError) as caught:
        server.boto2_s3(WRONG_SECRET).get_all_buckets()
    assert (caught.value.error_code, caught.value.status) == ("SignatureDoesNotMatch", 403)


class TestImages:
    def test_a_manifest_that_is_not_there(self, server):
        ec2 = server.client("ec2")
        server.client("s3").create_bucket(Bucket="no-manifest")
        for location in ("no-manifest/x.manifest.xml", "there-is-no-such-bucket/x.manifest.xml"):
            code, status, message = refused(ec2.register_image, Name="none", ImageLocation=location)
            assert status == 400 and code in ("InvalidManifest", "InvalidAMIID.Unavailable", "InvalidParameterValue"), (code, message)
            assert location.split("/")[0] in message or "manifest" in message.lower()

    def test_a_manifest_that_is_none(self, server):
        s3 = server.client("s3")
        s3.create_bucket(Bucket="bad-manifest")
        s3.put_object(Bucket="bad-manifest", Key="x.manifest.xml", Body=b"<manifest><image>")
        code, status, _ = refused(server.client("ec2").register_image, Name="bad", ImageLocation="bad-manifest/x.manifest.xml")
        assert (code, status) == ("InvalidManifest", 400)

    def test_a_part_that_was_changed_or_lost(self, server, tiny_bundle):
        s3 = server.client("s3")
        location = server.upload(tiny_bundle, "bad-part")
        part = bytearray(tiny_bundle[0].read_bytes())
        part[len(part) // 2] ^= 1
        s3.put_object(Bucket="bad-part", Key=tiny_bundle[0].name, Body=bytes(part))
        image = server.registered(location, Name="changed")
        assert image["State"] == "failed" and tiny_bundle[0].name in image["StateReason"]["Message"], image
        s3.delete_object(Bucket="bad-part", Key=tiny_bundle[0].name)
        image = server.registered(location, Name="lost")
        assert image["State"] == "failed" and tiny_bundle[0].name in image["StateReason"]["Message"], image
        code, status, _ = refused(server.client("ec2").run_instances, ImageId=image["ImageId"], MinCount=1, MaxCount=1)
        assert (code, status) == ("InvalidAMIID.Unavailable", 400)

    def test_a_bundle_for_another_cloud(self, server):
        golden = cloud.ROOT / "fixtures/bundle/ami"
        files = sorted(golden.glob("*.part.*")) + [golden / "tiny.img.manifest.xml"]
        image = server.registered(server.upload(files, "foreign"))
        assert image["State"] == "failed" and re.search("key|certificate", image["StateReason"]["Message"]), image

    def test_an_image_of_another_account(self, server, tiny_ami, tiny_bundle):
        ec2 = server.client("ec2", OTHER)
        assert refused(ec2.describe_images, ImageIds=[tiny_ami])[:2] == ("InvalidAMIID.NotFound", 400)
        assert refused(ec2.run_instances, ImageId=tiny_ami, MinCount=1, MaxCount=1)[:2] == ("InvalidAMIID.NotFound", 400)
        assert refused(ec2.deregister_image, ImageId=tiny_ami)[1] in (400, 403)
        location = f"shared-images/tiny/{tiny_bundle[-1].name}"
        code, status, message = refused(ec2.register_image, Name="theirs", ImageLocation=location)
        assert status in (400, 403) and code != "InternalError", (code, message)

    def test_a_name_that_is_taken(self, server, tiny_bundle):
        location = server.upload(tiny_bundle, "same-name")
        image = server.registered(location, Name="same-name")
        taken = refused(server.client("ec2").register_image, Name="same-name", ImageLocation=location)
        assert taken[:2] == ("InvalidAMIName.Duplicate", 400) and image["ImageId"] in taken[2]


class TestLaunches:
    @pytest.mark.parametrize(
        "change, code",
        [
            ({"InstanceType": "m9.enormous"}, "InvalidParameterValue"),
            ({"KeyName": "nobody's"}, "InvalidKeyPair.NotFound"),
            ({"ImageId": "ami-00000000"}, "InvalidAMIID.NotFound"),
            ({"ImageId": "nonsense"}, "InvalidAMIID.Malformed"),
            ({"KernelId": "aki-00000000"}, "InvalidAMIID.NotFound"),
            ({"MinCount": 3, "MaxCount": 2}, "InvalidParameterValue"),
            ({"Placement": {"AvailabilityZone": "us-east-1z"}}, "InvalidParameterValue"),
            ({"SecurityGroupIds": ["sg-00000000"]}, "InvalidGroup.NotFound"),
            ({"SubnetId": "subnet-00000000"}, "InvalidSubnetID.NotFound"),
        ],
    )
    def test_something_unknown(self, server, tiny_ami, change, code):
        request = {"ImageId": tiny_ami, "InstanceType": "t2.nano", "MinCount": 1, "MaxCount": 1} | change
        got = refused(server.client("ec2").run_instances, **request)
        assert got[:2] == (code, 400), got[2]

    def test_user_data_that_is_too_long(self, server, tiny_ami):
        code, status, _ = refused(
            server.client("ec2").run_instances, ImageId=tiny_ami, MinCount=1, MaxCount=1, UserData="x" * 16385)
        assert status == 400 and code == "InvalidParameterValue"

    def test_a_dry_run_launches_nothing(self, server, tiny_ami):
        ec2 = server.client("ec2")
        before = ec2.describe_instances(Filters=[{"Name": "image-id", "Values": [tiny_ami]}])["Reservations"]
        request = dict(ImageId=tiny_ami, InstanceType="t2.nano", MinCount=1, MaxCount=1, DryRun=True)
        assert refused(ec2.run_instances, **request)[:2] == ("DryRunOperation", 412)
        assert refused(ec2.describe_regions, DryRun=True)[:2] == ("DryRunOperation", 412)
        assert ec2.describe_instances(Filters=[{"Name": "image-id", "Values": [tiny_ami]}])["Reservations"] == before

    def test_a_client_token_launches_once(self, server, tiny_ami):
        ec2 = server.client("ec2")
        request = dict(ImageId=tiny_ami, InstanceType="t2.nano", MinCount=1, MaxCount=1, ClientToken=os.urandom(8).hex())
        first, again = ec2.run_instances(**request), ec2.run_instances(**request)
        assert first["ReservationId"] == again["ReservationId"]
        assert first["Instances"][0]["InstanceId"] == again["Instances"][0]["InstanceId"]
        assert refused(ec2.run_instances, **request | {"InstanceType": "t2.micro"})[:2] == ("IdempotentParameterMismatch", 400)
        stranger = server.client("ec2", OTHER)
        assert refused(stranger.run_instances, **request)[0] == "InvalidAMIID.NotFound"
        ec2.terminate_instances(InstanceIds=[first["Instances"][0]["InstanceId"]])

    def test_an_instance_of_another_account(self, server, tiny_ami):
        ec2, stranger = server.client("ec2"), server.client("ec2", OTHER)
        instance = ec2.run_instances(ImageId=tiny_ami, InstanceType="t2.nano", MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
        missing = ("InvalidInstanceID.NotFound", 400)
        for call in (stranger.describe_instances, stranger.terminate_instances, stranger.stop_instances,
                     stranger.reboot_instances, stranger.start_instances):
            assert refused(call, InstanceIds=[instance])[:2] == missing
        assert refused(stranger.get_console_output, InstanceId=instance)[:2] == missing
        assert refused(stranger.create_tags, Resources=[instance], Tags=[{"Key": "a", "Value": "b"}])[:2] == missing
        ec2.terminate_instances(InstanceIds=[instance])
        cloud.await_state(ec2, instance, "terminated")
        assert refused(ec2.start_instances, InstanceIds=[instance])[:2] == ("IncorrectInstanceState", 400)


class TestLists:
    def test_pages_give_everything_once(self, server, tiny_ami):
        ec2 = server.client("ec2")
        made = ec2.run_instances(ImageId=tiny_ami, InstanceType="t2.nano", MinCount=13, MaxCount=13,
                                 TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "Set", "Value": "pages"}]}])
        ids = sorted(i["InstanceId"] for i in made["Instances"])
        for _ in range(2):  # several reservations, too
            more = ec2.run_instances(ImageId=tiny_ami, InstanceType="t2.nano", MinCount=1, MaxCount=1,
                                     TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "Set", "Value": "pages"}]}])
            ids.append(more["Instances"][0]["InstanceId"])
        pages = list(ec2.get_paginator("describe_instances").paginate(
            Filters=[{"Name": "tag:Set", "Values": ["pages"]}], PaginationConfig={"PageSize": 5}))
        seen = [i["InstanceId"] for page in pages for r in page["Reservations"] for i in r["Instances"]]
        assert sorted(seen) == sorted(ids) and len(pages) == 3
        assert refused(ec2.describe_instances, NextToken="nonsense", MaxResults=5)[0] == "InvalidNextToken"
        assert refused(ec2.describe_instances, InstanceIds=ids, MaxResults=5)[0] == "InvalidParameterCombination"
        ec2.terminate_instances(InstanceIds=ids)
        for id in ids:
            cloud.await_state(ec2, id, "terminated")

    def test_filters_take_wildcards_and_refuse_unknown_names(self, server):
        ec2 = server.client("ec2")
        types = ec2.describe_instance_types(Filters=[{"Name": "instance-type", "Values": ["m1.*"]}])["InstanceTypes"]
        assert {t["InstanceType"] for t in types} >= {"m1.tiny", "m1.small"} and all(
            t["InstanceType"].startswith("m1.") for t in types)
        assert refused(ec2.describe_instances, Filters=[{"Name": "colour", "Values": ["red"]}])[:2] == ("InvalidParameterValue", 400)

    def test_an_id_that_is_malformed(self, server):
        ec2 = server.client("ec2")
        assert refused(ec2.describe_instances, InstanceIds=["nonsense"])[:2] == ("InvalidInstanceID.Malformed", 400)
        assert refused(ec2.terminate_instances, InstanceIds=["i-0123456789abcdef0"])[:2] == ("InvalidInstanceID.NotFound", 400)


def test_a_machine_without_hypervisor_serves_everything_but_launches(tmp_path, tiny_image):
    server = cloud.Server(tmp_path, "--driver", "auto", "--libvirt-uri", "qemu+unix:///system?socket=/nonexistent/libvirt-sock").start()
    try:
        files = server.bundle(tiny_image, "tiny", tmp_path / "bundle")
        image = server.registered(server.upload(files, "images"))
        assert image["State"] == "available"
        ec2 = server.client("ec2")
        code, status, message = refused(ec2.run_instances, ImageId=image["ImageId"], MinCount=1, MaxCount=1)
        assert (code, status) == ("InsufficientInstanceCapacity", 500) and "novella doctor" in message
        assert ec2.describe_instances()["Reservations"] == []
    finally:
        assert server.stop() == 0


def test_only_one_server_has_a_data_directory(server):
    second = cloud.subprocess.run([cloud.PROGRAM, "serve", "--data-dir", server.data, "--listen", "127.0.0.1:0"],
                                  capture_output=True, text=True, timeout=60)
    assert second.returncode != 0 and "serves" in second.stderr


def test_secrets_are_in_no_log(server):
    log = server.log.read_text()
    assert MAIN.secret not in log and OTHER.secret not in log
