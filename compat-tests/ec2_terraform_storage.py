"""Terraform's calls, as in ec2_terraform.py, for volumes, snapshots and images in all the words that their resources have."""

import datetime

import pytest

import cloud
from ec2_terraform import instance, subnet  # noqa: F401: fixtures
from terraform import code, filters, holds, retagged, steady, tagged, token, wait


@pytest.fixture
def volume(ec2):
    """aws_ebs_volume with a size only."""
    id = ec2.create_volume(AvailabilityZone="us-east-1a", Size=1, ClientToken=token(), TagSpecifications=tagged("volume"))["VolumeId"]
    cloud.until("it is available", lambda: volume_of(ec2, id)["State"] == "available")
    yield id
    ec2.delete_volume(VolumeId=id)


def volume_of(ec2, id):
    [one] = ec2.describe_volumes(VolumeIds=[id])["Volumes"]
    return one


@pytest.mark.parametrize("wanted, change", [
    ({"Size": 1, "VolumeType": "gp2"}, {"Size": 2}),
    ({"Size": 8, "VolumeType": "gp3", "Iops": 3100, "Throughput": 130}, {"VolumeType": "gp2"}),
    ({"Size": 8, "VolumeType": "gp2"}, {"VolumeType": "gp3", "Iops": 3500, "Throughput": 150}),
    ({"Size": 4, "VolumeType": "io1", "Iops": 100}, {"Iops": 200}),
    ({"Size": 4, "VolumeType": "io2", "Iops": 100, "MultiAttachEnabled": True}, {"Size": 5, "Iops": 120}),
    ({"Size": 500, "VolumeType": "st1"}, {"VolumeType": "sc1"}),
])
def test_aws_ebs_volume(ec2, wanted, change):
    id = ec2.create_volume(AvailabilityZone="us-east-1a", ClientToken=token(), TagSpecifications=tagged("volume"), **wanted)["VolumeId"]
    cloud.until("it is available", lambda: volume_of(ec2, id)["State"] == "available")
    read = lambda: volume_of(ec2, id)
    absent = {} if wanted["VolumeType"] == "gp3" else {"Throughput": None}
    steady(read, {**wanted, **absent, "AvailabilityZone": "us-east-1a", "Encrypted": False, "KmsKeyId": None, "OutpostArn": None},
           "MultiAttachEnabled SnapshotId Tags CreateTime")
    retagged(ec2, id, read)
    ec2.modify_volume(VolumeId=id, **change)
    modification = lambda: ec2.describe_volumes_modifications(VolumeIds=[id])["VolumesModifications"][0]["ModificationState"]
    cloud.until("it is changed", lambda: modification() in ["optimizing", "completed"])
    seen = steady(read, change)
    assert ("Throughput" in seen) == (seen["VolumeType"] == "gp3")
    ec2.delete_volume(VolumeId=id)
    cloud.until("it is gone", lambda: not [v for v in ec2.describe_volumes(Filters=filters(volume_id=id))["Volumes"] if v["State"] != "deleted"])
    again = {code(call, **arguments) for call, arguments in [
        (ec2.describe_volumes, {"VolumeIds": ["vol-12345678"]}), (ec2.delete_volume, {"VolumeId": "vol-12345678"}),
        (ec2.describe_volumes_modifications, {"VolumeIds": ["vol-12345678"]})]}
    assert again == {"InvalidVolume.NotFound"}


def test_aws_volume_attachment(ec2, tiny_ami, volume):
    """With stop_instance_before_detaching, and of an instance that is still on its way."""
    launched = ec2.run_instances(ImageId=tiny_ami, InstanceType="t3.micro", MinCount=1, MaxCount=1,
                                 Placement={"AvailabilityZone": "us-east-1a"})["Instances"][0]["InstanceId"]
    cloud.await_state(ec2, launched, "running")
    by = filters(attachment__device="/dev/sdh", attachment__instance_id=launched)
    read = lambda: [a for v in ec2.describe_volumes(VolumeIds=[volume], Filters=by)["Volumes"] for a in v["Attachments"]]
    assert read() == []
    ec2.attach_volume(Device="/dev/sdh", InstanceId=launched, VolumeId=volume)
    cloud.until("it is attached", lambda: [a["State"] for a in read()] == ["attached"])
    steady(lambda: read()[0], {"Device": "/dev/sdh", "InstanceId": launched, "VolumeId": volume, "DeleteOnTermination": False}, "AttachTime")
    ec2.stop_instances(InstanceIds=[launched])
    cloud.await_state(ec2, launched, "stopped")
    ec2.detach_volume(Device="/dev/sdh", Force=False, InstanceId=launched, VolumeId=volume)
    cloud.until("it is detached", lambda: read() == [])
    ec2.terminate_instances(InstanceIds=[launched])
    cloud.await_state(ec2, launched, "terminated")


def snapshot_of(ec2, id):
    [one] = ec2.describe_snapshots(SnapshotIds=[id])["Snapshots"]
    return one


@pytest.fixture
def snapshot(ec2, volume):
    id = ec2.create_snapshot(VolumeId=volume, Description="tf", TagSpecifications=tagged("snapshot"))["SnapshotId"]
    cloud.until("it is complete", lambda: snapshot_of(ec2, id)["State"] == "completed")
    yield id
    ec2.delete_snapshot(SnapshotId=id)


def test_aws_ebs_snapshot(ec2, volume, snapshot):
    """With aws_snapshot_create_volume_permission, its data source and a volume of it."""
    read = lambda: snapshot_of(ec2, snapshot)
    steady(read, {"Description": "tf", "VolumeId": volume, "VolumeSize": 1, "Encrypted": False, "StorageTier": "standard", "KmsKeyId": None,
                  "DataEncryptionKeyId": None, "OwnerAlias": None, "OutpostArn": None}, "OwnerId Tags StartTime")
    retagged(ec2, snapshot, read)
    shared = lambda: [p.get("UserId") for p in ec2.describe_snapshot_attribute(
        SnapshotId=snapshot, Attribute="createVolumePermission")["CreateVolumePermissions"]]
    for verb, wanted in [("Add", ["210987654321"]), ("Remove", [])]:
        ec2.modify_snapshot_attribute(SnapshotId=snapshot, Attribute="createVolumePermission",
                                      CreateVolumePermission={verb: [{"UserId": "210987654321"}]})
        assert shared() == wanted
    mine = ec2.describe_snapshots(OwnerIds=["self"], Filters=filters(volume_id=volume))["Snapshots"]
    assert [s["SnapshotId"] for s in mine] == [snapshot]
    assert snapshot in [s["SnapshotId"] for s in ec2.describe_snapshots(RestorableByUserIds=["self"])["Snapshots"]]
    again = ec2.create_volume(AvailabilityZone="us-east-1a", SnapshotId=snapshot, VolumeType="gp3")["VolumeId"]
    holds(volume_of(ec2, again), {"Size": 1, "SnapshotId": snapshot, "VolumeType": "gp3"})
    ec2.delete_volume(VolumeId=again)
    for call in [ec2.describe_snapshots, ec2.delete_snapshot, ec2.describe_snapshot_attribute]:
        ids = {"SnapshotIds": ["snap-12345678"]} if call == ec2.describe_snapshots else {"SnapshotId": "snap-12345678"}
        more = {"Attribute": "createVolumePermission"} if call == ec2.describe_snapshot_attribute else {}
        assert code(call, **ids, **more) == "InvalidSnapshot.NotFound"


def test_aws_ebs_snapshot_copy(ec2, snapshot):
    made = ec2.copy_snapshot(SourceRegion="us-east-1", SourceSnapshotId=snapshot, Description="copy", Encrypted=False,
                             TagSpecifications=tagged("snapshot"))
    id = made["SnapshotId"]
    cloud.until("it is complete", lambda: snapshot_of(ec2, id)["State"] == "completed")
    read = lambda: snapshot_of(ec2, id)
    steady(read, {"Description": "copy", "VolumeSize": 1, "StorageTier": "standard"}, "OwnerId Encrypted Tags")
    retagged(ec2, id, read)
    ec2.delete_snapshot(SnapshotId=id)


def test_aws_ebs_snapshot_import(server, ec2, tiny_image, fresh_bucket):
    """What it says of a client is sent, empty or not."""
    server.client("s3").put_object(Bucket=fresh_bucket, Key="disk.raw", Body=tiny_image.read_bytes())
    now = datetime.datetime.now(datetime.timezone.utc)
    task = ec2.import_snapshot(
        ClientData={"Comment": "", "UploadSize": 0.0, "UploadStart": now, "UploadEnd": now}, ClientToken=token(), Encrypted=False,
        DiskContainer={"Format": "RAW", "Description": "tf", "UserBucket": {"S3Bucket": fresh_bucket, "S3Key": "disk.raw"}}, RoleName="vmimport",
        TagSpecifications=tagged("import-snapshot-task"))["ImportTaskId"]
    detail = lambda: ec2.describe_import_snapshot_tasks(ImportTaskIds=[task])["ImportSnapshotTasks"][0]["SnapshotTaskDetail"]
    cloud.until("it is imported", lambda: detail()["Status"] == "completed")
    id = detail()["SnapshotId"]
    ec2.create_tags(Resources=[id], Tags=tagged("")[0]["Tags"])
    read = lambda: snapshot_of(ec2, id)
    steady(read, {"State": "completed", "Encrypted": False, "StorageTier": "standard"}, "Description OwnerId VolumeSize Tags")
    retagged(ec2, id, read)
    ec2.delete_snapshot(SnapshotId=id)


def image_of(ec2, id):
    [one] = ec2.describe_images(ImageIds=[id])["Images"]
    return one


IMAGE = """Architecture BlockDeviceMappings CreationDate EnaSupport Hypervisor ImageLocation ImageType Name OwnerId PlatformDetails Public
    RootDeviceName State UsageOperation VirtualizationType"""


@pytest.mark.parametrize("kind, boot", [("hvm", {}), ("paravirtual", {}), ("hvm", {"BootMode": "uefi-preferred"})])
def test_aws_ami(ec2, server, tiny_bundle, kind, boot):
    """Of a bundle, with every string that is not set; with its deprecation, launch permissions and data source.

    What is declared of it is to be read back as it was: a difference would have the image made anew.
    """
    location = server.upload(tiny_bundle, "terraform-amis", "tiny/")
    name, soon = f"tf-{token()}", datetime.datetime.now(datetime.timezone.utc).replace(second=0) + datetime.timedelta(days=30)
    id = ec2.register_image(Architecture="x86_64", Description="", EnaSupport=False, ImageLocation=location, Name=name, RootDeviceName="/dev/sda1",
                            SriovNetSupport="simple", VirtualizationType=kind, **boot)["ImageId"]
    ec2.create_tags(Resources=[id], Tags=tagged("")[0]["Tags"])
    cloud.until("it is available", lambda: image_of(ec2, id)["State"] == "available")
    read = lambda: image_of(ec2, id)
    steady(read, {"Architecture": "x86_64", "EnaSupport": False, "ImageLocation": location, "Name": name, "RootDeviceName": "/dev/sda1",
                  "SriovNetSupport": "simple", "VirtualizationType": kind, "BootMode": boot.get("BootMode"), "Public": False, "DeprecationTime": None, "KernelId": None,
                  "RamdiskId": None}, IMAGE)
    assert not read().get("Description")
    retagged(ec2, id, read)
    ec2.modify_image_attribute(ImageId=id, Description={"Value": "changed"})
    ec2.enable_image_deprecation(ImageId=id, DeprecateAt=soon)
    assert steady(read, {"Description": "changed"})["DeprecationTime"].startswith(soon.strftime("%Y-%m-%dT%H:%M"))
    ec2.disable_image_deprecation(ImageId=id)
    steady(read, {"DeprecationTime": None})
    permissions = lambda: ec2.describe_image_attribute(ImageId=id, Attribute="launchPermission")["LaunchPermissions"]
    for permission in [{"UserId": cloud.OTHER.id}, {"Group": "all"}]:
        for verb, wanted in [("Add", [permission]), ("Remove", [])]:
            ec2.modify_image_attribute(ImageId=id, Attribute="launchPermission", LaunchPermission={verb: [permission]})
            assert permissions() == wanted
    found = ec2.describe_images(Owners=["self"], Filters=filters(name=f"{name[:-1]}*", virtualization_type=kind, state="available"), IncludeDeprecated=False)
    assert [i["ImageId"] for i in found["Images"]] == [id]
    ec2.deregister_image(ImageId=id)
    try:
        assert image_of(ec2, id)["State"] == "deregistered"
    except ec2.exceptions.ClientError as refused:
        assert refused.response["Error"]["Code"] == "InvalidAMIID.NotFound"
    assert code(ec2.describe_images, ImageIds=["ami-12345678"]) == code(ec2.deregister_image, ImageId="ami-12345678") == "InvalidAMIID.NotFound"
    assert code(ec2.describe_image_attribute, ImageId=id, Attribute="launchPermission") in ["InvalidAMIID.NotFound", "InvalidAMIID.Unavailable"]


def test_aws_ami_copy_of_a_name_only(ec2, tiny_ami):
    id = ec2.copy_image(ClientToken=token(), Description="", Encrypted=False, Name="tf-copied", SourceImageId=tiny_ami,
                        SourceRegion="us-east-1")["ImageId"]
    cloud.until("it is available", lambda: image_of(ec2, id)["State"] == "available")
    steady(lambda: image_of(ec2, id), {"Name": "tf-copied"}, IMAGE)
    ec2.deregister_image(ImageId=id)


def attached(ec2, volume, instance, device):
    """What aws_volume_attachment looks for."""
    found = ec2.describe_volumes(VolumeIds=[volume], Filters=[
        {"Name": "attachment.device", "Values": [device]}, {"Name": "attachment.instance-id", "Values": [instance]}])["Volumes"]
    return found[0]["Attachments"][0]["State"] if found else None


def test_aws_ebs_volume_and_attachment(ec2, server, instance):
    """aws_ebs_volume, changed in place, and aws_volume_attachment; euca2ools' and boto 2's way to see them."""
    zone = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]["Placement"]["AvailabilityZone"]
    made = ec2.create_volume(AvailabilityZone=zone, Size=10, VolumeType="gp3", Encrypted=False, ClientToken=token(),
                             TagSpecifications=tagged("volume", "tf"))
    id = made["VolumeId"]
    wait(ec2, "volume_available", VolumeIds=[id])
    read = lambda: ec2.describe_volumes(VolumeIds=[id])["Volumes"][0]
    seen = read()
    for field in ["AvailabilityZone", "CreateTime", "Encrypted", "Iops", "MultiAttachEnabled", "Size", "SnapshotId", "State", "Tags",
                  "Throughput", "VolumeId", "VolumeType", "Attachments"]:
        assert field in seen, field
    assert (seen["Iops"], seen["Throughput"], seen["Tags"]) == (3000, 125, [{"Key": "Name", "Value": "tf"}])
    assert read() == seen, "a refresh shows no difference"

    change = ec2.modify_volume(VolumeId=id, Size=20, Iops=4000, Throughput=200)["VolumeModification"]
    assert (change["OriginalSize"], change["TargetSize"], change["ModificationState"]) == (10, 20, "modifying")
    until = lambda: ec2.describe_volumes_modifications(VolumeIds=[id])["VolumesModifications"][0]["ModificationState"]
    assert until() in ["optimizing", "completed"]
    assert (read()["Size"], read()["Iops"], read()["Throughput"]) == (20, 4000, 200)
    assert code(ec2.modify_volume, VolumeId=id, Size=10) == "InvalidParameterValue"

    assert attached(ec2, id, instance, "/dev/sdh") is None
    ec2.attach_volume(VolumeId=id, InstanceId=instance, Device="/dev/sdh")
    assert attached(ec2, id, instance, "/dev/sdh") == "attached" and read()["State"] == "in-use"
    mine = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    assert mine["BlockDeviceMappings"][0]["Ebs"].items() >= {"VolumeId": id, "Status": "attached", "DeleteOnTermination": False}.items()
    assert code(ec2.attach_volume, VolumeId=id, InstanceId=instance, Device="/dev/sdi") == "VolumeInUse"
    assert code(ec2.delete_volume, VolumeId=id) == "VolumeInUse"
    [old] = server.boto2_ec2().get_all_volumes(volume_ids=[id])
    assert (old.size, old.status, old.zone, old.attach_data.instance_id, old.attach_data.device) == (
        20, "in-use", zone, instance, "/dev/sdh")
    shown = server.aws("ec2", "describe-volumes", "--volume-ids", id, "--query", "Volumes[0].Attachments[0].Device", "--output", "text")
    assert shown == "/dev/sdh"
    ec2.detach_volume(VolumeId=id, InstanceId=instance, Device="/dev/sdh", Force=False)
    assert attached(ec2, id, instance, "/dev/sdh") is None
    wait(ec2, "volume_available", VolumeIds=[id])
    assert code(ec2.detach_volume, VolumeId=id) == "IncorrectState"
    ec2.delete_volume(VolumeId=id)
    wait(ec2, "volume_deleted", VolumeIds=[id])


def test_aws_ebs_snapshot_and_copy(ec2, server, subnet):
    """aws_ebs_snapshot, aws_ebs_snapshot_copy from another region, and a volume of the copy."""
    zone = subnet["AvailabilityZone"]
    volume = ec2.create_volume(AvailabilityZone=zone, Size=3)["VolumeId"]
    wait(ec2, "volume_available", VolumeIds=[volume])
    made = ec2.create_snapshot(VolumeId=volume, Description="tf", TagSpecifications=tagged("snapshot", "tf"))
    id = made["SnapshotId"]
    assert (made["State"], made["VolumeId"], made["VolumeSize"]) == ("pending", volume, 3)
    wait(ec2, "snapshot_completed", SnapshotIds=[id])
    read = lambda: ec2.describe_snapshots(SnapshotIds=[id])["Snapshots"][0]
    seen = read()
    for field in ["Description", "Encrypted", "OwnerId", "Progress", "StartTime", "State", "StorageTier", "VolumeId", "VolumeSize", "Tags"]:
        assert field in seen, field
    assert read() == seen, "a refresh shows no difference"
    ec2.modify_snapshot_attribute(SnapshotId=id, Attribute="createVolumePermission",
                                  CreateVolumePermission={"Add": [{"UserId": "210987654321"}]})
    shared = ec2.describe_snapshot_attribute(SnapshotId=id, Attribute="createVolumePermission")["CreateVolumePermissions"]
    assert shared == [{"UserId": "210987654321"}]
    copy = ec2.copy_snapshot(SourceRegion=ec2.meta.region_name, SourceSnapshotId=id, Description="copy")["SnapshotId"]
    wait(ec2, "snapshot_completed", SnapshotIds=[copy])
    [old] = server.boto2_ec2().get_all_snapshots(snapshot_ids=[copy])
    assert (old.status, old.progress, old.volume_size, old.description) == ("completed", "100%", 3, "copy")
    ec2.delete_volume(VolumeId=volume)
    ec2.delete_snapshot(SnapshotId=id)
    assert code(ec2.describe_snapshots, SnapshotIds=[id]) == "InvalidSnapshot.NotFound"
    again = ec2.create_volume(AvailabilityZone=zone, SnapshotId=copy)
    assert (again["Size"], again["SnapshotId"]) == (3, copy)
    ec2.delete_snapshot(SnapshotId=copy)
    ec2.delete_volume(VolumeId=again["VolumeId"])


def test_aws_ebs_encryption_by_default_and_key(ec2):
    """aws_ebs_encryption_by_default and aws_ebs_default_kms_key."""
    ec2.enable_ebs_encryption_by_default()
    assert ec2.get_ebs_encryption_by_default()["EbsEncryptionByDefault"]
    key = f"arn:aws:kms:{ec2.meta.region_name}:123456789012:key/{token()}"
    ec2.modify_ebs_default_kms_key_id(KmsKeyId=key)
    assert ec2.get_ebs_default_kms_key_id()["KmsKeyId"] == key
    ec2.reset_ebs_default_kms_key_id()
    assert ec2.get_ebs_default_kms_key_id()["KmsKeyId"] == "alias/aws/ebs"
    assert not ec2.disable_ebs_encryption_by_default()["EbsEncryptionByDefault"]
