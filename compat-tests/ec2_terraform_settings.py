"""Terraform's calls, as in ec2_terraform.py, for what an account sets for itself or for a thing that is there already."""

import pytest

import cloud
from terraform import filters, holds


@pytest.mark.parametrize("on, off, read, wanted", [
    (("enable_ebs_encryption_by_default", {}), ("disable_ebs_encryption_by_default", {}),
     ("get_ebs_encryption_by_default", "EbsEncryptionByDefault"), (True, False)),
    (("enable_serial_console_access", {}), ("disable_serial_console_access", {}),
     ("get_serial_console_access_status", "SerialConsoleAccessEnabled"), (True, False)),
    (("enable_image_block_public_access", {"ImageBlockPublicAccessState": "block-new-sharing"}), ("disable_image_block_public_access", {}),
     ("get_image_block_public_access_state", "ImageBlockPublicAccessState"), ("block-new-sharing", "unblocked")),
    (("enable_snapshot_block_public_access", {"State": "block-all-sharing"}), ("disable_snapshot_block_public_access", {}),
     ("get_snapshot_block_public_access_state", "State"), ("block-all-sharing", "unblocked")),
    (("enable_allowed_images_settings", {"AllowedImagesSettingsState": "audit-mode"}), ("disable_allowed_images_settings", {}),
     ("get_allowed_images_settings", "State"), ("audit-mode", "disabled")),
])
def test_account_settings(ec2, on, off, read, wanted):
    """aws_ebs_encryption_by_default, aws_ec2_serial_console_access, aws_ec2_image_block_public_access,
    aws_ebs_snapshot_block_public_access and aws_ec2_allowed_images_settings."""
    for (call, arguments), value in zip([on, off], wanted):
        getattr(ec2, call)(**arguments)
        assert getattr(ec2, read[0])()[read[1]] == value


def test_aws_ec2_allowed_images_settings_criteria(ec2):
    """Each change replaces all criteria; destroying the resource switches it off and takes them away."""
    criteria = [{"ImageProviders": ["amazon"], "ImageNames": ["al2023-*"]}, {"CreationDateCondition": {"MaximumDaysSinceCreated": 365}}]
    for wanted in [criteria, criteria[:1], []]:
        assert ec2.replace_image_criteria_in_allowed_images_settings(ImageCriteria=wanted)["ReturnValue"] is True
        assert ec2.get_allowed_images_settings()["ImageCriteria"] == wanted


def test_aws_ec2_default_credit_specification(ec2):
    """Destroying it puts AWS's own default back."""
    read = lambda: ec2.get_default_credit_specification(InstanceFamily="t2")["InstanceFamilyCreditSpecification"]
    for credits in ["unlimited", "standard"]:
        wanted = {"InstanceFamily": "t2", "CpuCredits": credits}
        assert ec2.modify_default_credit_specification(**wanted)["InstanceFamilyCreditSpecification"] == wanted
        assert read() == wanted


def test_aws_spot_datafeed_subscription(server, ec2, fresh_bucket):
    with pytest.raises(ec2.exceptions.ClientError, match="InaccessibleStorageLocation"):
        ec2.create_spot_datafeed_subscription(Bucket="nobodys-bucket")
    server.client("s3").create_bucket(Bucket=fresh_bucket)
    made = ec2.create_spot_datafeed_subscription(Bucket=fresh_bucket, Prefix="p")["SpotDatafeedSubscription"]
    assert made == ec2.describe_spot_datafeed_subscription()["SpotDatafeedSubscription"]
    holds(made, {"Bucket": fresh_bucket, "Prefix": "p", "State": "Active"})
    ec2.delete_spot_datafeed_subscription()
    with pytest.raises(ec2.exceptions.ClientError, match="InvalidSpotDatafeed.NotFound"):
        ec2.describe_spot_datafeed_subscription()


def test_aws_ec2_instance_metadata_defaults(ec2):
    """What is not set is sent as «no preference», which is read back as nothing."""
    none = {"HttpEndpoint": "no-preference", "HttpPutResponseHopLimit": -1, "HttpTokens": "no-preference", "InstanceMetadataTags": "no-preference"}
    some = {**none, "HttpTokens": "required", "HttpPutResponseHopLimit": 2}
    for wanted in [some, none]:
        assert ec2.modify_instance_metadata_defaults(**wanted)["Return"] is True
        seen = ec2.get_instance_metadata_defaults()["AccountLevel"]
        holds(seen, {name: None if value in ["no-preference", -1] else value for name, value in wanted.items()})


def test_aws_ec2_instance_state(ec2, tiny_ami):
    """Destroying it does nothing; force is always said."""
    id = ec2.run_instances(ImageId=tiny_ami, InstanceType="t3.micro", MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    cloud.await_state(ec2, id, "running")
    for call, arguments, state in [(ec2.stop_instances, {"Force": False}, "stopped"), (ec2.start_instances, {}, "running"),
                                   (ec2.stop_instances, {"Force": True}, "stopped")]:
        call(InstanceIds=[id], **arguments)
        cloud.await_state(ec2, id, state)
    ec2.terminate_instances(InstanceIds=[id])
    cloud.await_state(ec2, id, "terminated")
    by = filters(instance_id=id, instance_state_name="terminated")
    assert len(ec2.describe_instances(Filters=by)["Reservations"]) == 1, "what the provider takes for gone is still told"


def test_aws_eip_domain_name(ec2):
    id = ec2.allocate_address(Domain="vpc")["AllocationId"]
    read = lambda: ec2.describe_addresses_attribute(AllocationIds=[id], Attribute="domain-name")["Addresses"][0]
    made = ec2.modify_address_attribute(AllocationId=id, DomainName="mail.example.com")["Address"]
    assert made["AllocationId"] == id
    cloud.until("its name is set", lambda: read().get("PtrRecord", "").rstrip(".") == "mail.example.com")
    ec2.reset_address_attribute(AllocationId=id, Attribute="domain-name")
    cloud.until("its name is gone", lambda: not read().get("PtrRecord"))
    ec2.release_address(AllocationId=id)
