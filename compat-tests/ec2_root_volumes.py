"""Images of snapshots and instances on volumes, as Terraform's AWS provider, Packer's amazon-ebs and older clients call for them.

The providers' calls are replayed as their sources have them, and every field that they read without asking is looked at.
"""

import pytest
from botocore.exceptions import ClientError

import cloud
from ec2_images import FIELDS, quick
from terraform import code, tagged, wait

ZONE = f"{cloud.REGION}a"
ROOT = "/dev/xvda"
MAPPING = ["DeleteOnTermination", "SnapshotId", "VolumeSize", "VolumeType", "Encrypted"]


@pytest.fixture(scope="module")
def snapshot(ec2):
    volume = ec2.create_volume(AvailabilityZone=ZONE, Size=2)["VolumeId"]
    wait(ec2, "volume_available", VolumeIds=[volume])
    id = ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    wait(ec2, "snapshot_completed", SnapshotIds=[id])
    ec2.delete_volume(VolumeId=volume)
    yield id
    ec2.delete_snapshot(SnapshotId=id)


@pytest.fixture(scope="module")
def image(ec2, snapshot):
    id = ec2.register_image(
        Name="tf-on-volume", Architecture="x86_64", RootDeviceName=ROOT, VirtualizationType="hvm", EnaSupport=True,
        BlockDeviceMappings=[{"DeviceName": ROOT, "Ebs": {"SnapshotId": snapshot}}])["ImageId"]
    quick(ec2, "image_available").wait(ImageIds=[id])
    yield id
    ec2.deregister_image(ImageId=id)


def described(ec2, id):
    return ec2.describe_instances(InstanceIds=[id])["Reservations"][0]["Instances"][0]


def terminated(ec2, id):
    ec2.terminate_instances(InstanceIds=[id])
    quick(ec2, "instance_terminated").wait(InstanceIds=[id])


def test_aws_ami_with_block_devices(ec2, snapshot):
    made = ec2.register_image(
        Name="tf-ami", Description="tf", Architecture="x86_64", RootDeviceName="/dev/sda1", VirtualizationType="hvm",
        EnaSupport=True, ImdsSupport="v2.0", TagSpecifications=tagged("image", "tf"),
        BlockDeviceMappings=[
            {"DeviceName": "/dev/sda1", "Ebs": {"DeleteOnTermination": True, "SnapshotId": snapshot, "VolumeSize": 8,
                                                "VolumeType": "gp3", "Iops": 4000, "Throughput": 200}},
            {"DeviceName": "/dev/sdf", "Ebs": {"DeleteOnTermination": False, "VolumeSize": 4, "Encrypted": True,
                                               "VolumeType": "standard"}},
            {"DeviceName": "/dev/sdb", "VirtualName": "ephemeral0"},
        ])["ImageId"]
    quick(ec2, "image_available").wait(ImageIds=[made])
    read = lambda: ec2.describe_images(ImageIds=[made], IncludeDeprecated=True)["Images"][0]
    seen = read()
    assert not [field for field in FIELDS if field not in seen], seen
    assert (seen["RootDeviceType"], seen["RootDeviceName"], seen["ImdsSupport"]) == ("ebs", "/dev/sda1", "v2.0")
    root, data, ephemeral = seen["BlockDeviceMappings"]
    assert not [field for field in MAPPING if field not in root["Ebs"]], root
    assert root["Ebs"].items() >= {"VolumeSize": 8, "VolumeType": "gp3", "Iops": 4000, "Throughput": 200}.items()
    assert data["Ebs"] == {"DeleteOnTermination": False, "VolumeSize": 4, "VolumeType": "standard", "Encrypted": True}
    assert (ephemeral["DeviceName"], ephemeral["VirtualName"]) == ("/dev/sdb", "ephemeral0")
    assert read() == seen, "a refresh shows no difference"
    assert code(ec2.delete_snapshot, SnapshotId=snapshot) == "InvalidSnapshot.InUse"
    ec2.deregister_image(ImageId=made)
    assert code(ec2.describe_images, ImageIds=[made]) == "InvalidAMIID.NotFound"


def test_aws_instance_with_root_block_device(ec2, image):
    """Create with a root and a data volume, read both, change the root in place, destroy."""
    [source] = ec2.describe_images(ImageIds=[image])["Images"]
    root = source["RootDeviceName"]
    assert source["RootDeviceType"] == "ebs" and root in [m["DeviceName"] for m in source["BlockDeviceMappings"]]
    launched = ec2.run_instances(
        ImageId=image, InstanceType="t3.micro", MinCount=1, MaxCount=1,
        TagSpecifications=tagged("instance", "tf") + tagged("volume", "tf"),
        BlockDeviceMappings=[
            {"DeviceName": "/dev/sdg", "Ebs": {"DeleteOnTermination": True, "VolumeSize": 3, "VolumeType": "gp2"}},
            {"DeviceName": root, "Ebs": {"DeleteOnTermination": True, "VolumeSize": 10, "VolumeType": "gp3", "Encrypted": True}},
        ])["Instances"][0]
    id = launched["InstanceId"]
    assert (launched["BlockDeviceMappings"], launched["RootDeviceType"], launched["RootDeviceName"]) == ([], "ebs", root)
    quick(ec2, "instance_running").wait(InstanceIds=[id])

    def read():
        mapping = {m["Ebs"]["VolumeId"]: m for m in described(ec2, id)["BlockDeviceMappings"]}
        volumes = ec2.describe_volumes(VolumeIds=list(mapping))["Volumes"]
        for volume in volumes:
            for field in ["VolumeId", "Size", "VolumeType", "Iops", "Encrypted", "SnapshotId", "Tags"]:
                assert field in volume, field
        return {mapping[v["VolumeId"]]["DeviceName"]: (mapping[v["VolumeId"]]["Ebs"], v) for v in volumes}

    seen = read()
    assert set(seen) == {root, "/dev/sdg"}
    ebs, volume = seen[root]
    assert (volume["Size"], volume["VolumeType"], volume["Throughput"], volume["Encrypted"]) == (10, "gp3", 125, True)
    assert ebs["DeleteOnTermination"] and "KmsKeyId" in volume and volume["Tags"] == [{"Key": "Name", "Value": "tf"}]
    assert read() == seen, "a refresh shows no difference"

    ec2.modify_volume(VolumeId=volume["VolumeId"], Size=20, Iops=3500)
    states = lambda: ec2.describe_volumes_modifications(VolumeIds=[volume["VolumeId"]])["VolumesModifications"][0]
    cloud.until("the volume is modified", lambda: states()["ModificationState"] in ["optimizing", "completed"])
    ec2.modify_instance_attribute(InstanceId=id, BlockDeviceMappings=[{"DeviceName": root, "Ebs": {"DeleteOnTermination": False}}])
    ebs, volume = read()[root]
    assert (volume["Size"], volume["Iops"], ebs["DeleteOnTermination"]) == (20, 3500, False)
    attribute = ec2.describe_instance_attribute(InstanceId=id, Attribute="blockDeviceMapping")["BlockDeviceMappings"]
    assert [m["DeviceName"] for m in attribute] == [root, "/dev/sdg"]
    terminated(ec2, id)
    [left] = ec2.describe_volumes(Filters=[{"Name": "tag:Name", "Values": ["tf"]}])["Volumes"]
    assert (left["VolumeId"], left["State"]) == (volume["VolumeId"], "available"), "the data volume went with it"
    ec2.delete_volume(VolumeId=left["VolumeId"])


def test_aws_ami_from_instance_and_copy(ec2, image):
    """aws_ami_from_instance and aws_ami_copy, which delete their snapshots with themselves."""
    id = ec2.run_instances(ImageId=image, InstanceType="t3.micro", MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    quick(ec2, "instance_running").wait(InstanceIds=[id])
    made = ec2.create_image(InstanceId=id, Name="tf-from-volumes", NoReboot=False, TagSpecifications=tagged("image", "tf"))["ImageId"]
    quick(ec2, "image_available").wait(ImageIds=[made])
    copy = ec2.copy_image(Name="tf-copy", SourceImageId=made, SourceRegion=cloud.REGION, Encrypted=True,
                          TagSpecifications=tagged("image", "tf") + tagged("snapshot", "tf"))["ImageId"]
    quick(ec2, "image_available").wait(ImageIds=[copy])
    for ami, encrypted in [(made, False), (copy, True)]:
        seen = ec2.describe_images(ImageIds=[ami])["Images"][0]
        [mapping] = seen["BlockDeviceMappings"]
        assert (seen["RootDeviceType"], mapping["DeviceName"], mapping["Ebs"]["Encrypted"]) == ("ebs", ROOT, encrypted)
        [snapshot] = ec2.describe_snapshots(SnapshotIds=[mapping["Ebs"]["SnapshotId"]])["Snapshots"]
        assert snapshot["Encrypted"] == encrypted and ami in snapshot["Description"]
        ec2.deregister_image(ImageId=ami)
        ec2.delete_snapshot(SnapshotId=snapshot["SnapshotId"])
    terminated(ec2, id)
    assert ec2.describe_volumes(Filters=[{"Name": "attachment.instance-id", "Values": [id]}])["Volumes"] == []


def test_packer_amazon_ebs(ec2, image, server):
    """amazon-ebs with launch_block_device_mappings, ami_block_device_mappings, snapshot_tags, snapshot_users and a copy."""
    [source] = ec2.describe_images(ImageIds=[image])["Images"]
    assert source["RootDeviceType"] == "ebs"
    run = ec2.run_instances(
        ImageId=image, InstanceType="t3.micro", MinCount=1, MaxCount=1, EbsOptimized=False, UserData="",
        BlockDeviceMappings=[{"DeviceName": ROOT, "Ebs": {"VolumeSize": 5, "VolumeType": "gp3", "DeleteOnTermination": True}}],
        TagSpecifications=tagged("instance", "Packer Builder") + tagged("volume", "Packer Builder"))
    id = run["Instances"][0]["InstanceId"]
    quick(ec2, "instance_running").wait(InstanceIds=[id])
    [mapped] = described(ec2, id)["BlockDeviceMappings"]
    ec2.create_tags(Resources=[mapped["Ebs"]["VolumeId"]], Tags=[{"Key": "run", "Value": "tags"}])
    ec2.stop_instances(InstanceIds=[id])
    quick(ec2, "instance_stopped").wait(InstanceIds=[id])
    ec2.modify_instance_attribute(InstanceId=id, EnaSupport={"Value": True})
    assert ec2.describe_images(Filters=[{"Name": "name", "Values": ["packer-ebs"]}], Owners=["self"])["Images"] == []
    made = ec2.create_image(
        InstanceId=id, Name="packer-ebs", Description="by packer",
        BlockDeviceMappings=[{"DeviceName": "/dev/sdb", "VirtualName": "ephemeral0"},
                             {"DeviceName": "/dev/sdh", "Ebs": {"VolumeSize": 6, "VolumeType": "gp2", "DeleteOnTermination": True}}],
        TagSpecifications=tagged("image", "packer") + tagged("snapshot", "packer"))["ImageId"]
    quick(ec2, "image_available").wait(ImageIds=[made])
    [seen] = ec2.describe_images(ImageIds=[made])["Images"]
    assert [m["DeviceName"] for m in seen["BlockDeviceMappings"]] == [ROOT, "/dev/sdh", "/dev/sdb"]
    snapshots = [m["Ebs"]["SnapshotId"] for m in seen["BlockDeviceMappings"] if "SnapshotId" in m.get("Ebs", {})]
    [snapshot] = ec2.describe_snapshots(SnapshotIds=snapshots)["Snapshots"]
    assert (snapshot["VolumeSize"], snapshot["Tags"]) == (5, [{"Key": "Name", "Value": "packer"}])
    ec2.create_tags(Resources=[made, *snapshots], Tags=[{"Key": "built-by", "Value": "packer"}])
    ec2.modify_image_attribute(ImageId=made, LaunchPermission={"Add": [{"UserId": cloud.OTHER.id}]})
    ec2.modify_snapshot_attribute(SnapshotId=snapshots[0], CreateVolumePermission={"Add": [{"UserId": cloud.OTHER.id}]})
    terminated(ec2, id)
    assert ec2.describe_volumes(Filters=[{"Name": "volume-id", "Values": [mapped["Ebs"]["VolumeId"]]}])["Volumes"] == []

    theirs = server.client("ec2", cloud.OTHER)
    copy = theirs.copy_image(Name="theirs", SourceImageId=made, SourceRegion=cloud.REGION)["ImageId"]
    mine = theirs.describe_images(ImageIds=[copy])["Images"][0]["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
    assert mine not in snapshots
    run = theirs.run_instances(ImageId=made, InstanceType="t3.micro", MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    quick(theirs, "instance_running").wait(InstanceIds=[run])
    assert [m["DeviceName"] for m in described(theirs, run)["BlockDeviceMappings"]] == [ROOT, "/dev/sdh"]
    terminated(theirs, run)
    answer = theirs.deregister_image(ImageId=copy, DeleteAssociatedSnapshots=True)
    assert answer["DeleteSnapshotResults"] == [{"SnapshotId": mine, "ReturnCode": "success"}]
    answer = ec2.deregister_image(ImageId=made)
    assert answer["Return"] and not answer.get("DeleteSnapshotResults")
    ec2.delete_snapshot(SnapshotId=snapshots[0])


def test_aws_ebs_snapshot_import(ec2, server, fresh_bucket):
    """aws_ebs_snapshot_import: a disk file of a bucket, and an image of what came of it."""
    server.client("s3").put_object(Bucket=fresh_bucket, Key="disk.raw", Body=bytes(3 << 20))
    place = {"S3Bucket": fresh_bucket, "S3Key": "disk.raw"}
    begun = ec2.import_snapshot(
        Description="tf", RoleName="vmimport", TagSpecifications=tagged("import-snapshot-task", "tf"), ClientToken="one",
        DiskContainer={"Description": "disk", "Format": "RAW", "UserBucket": place})
    task, read = begun["ImportTaskId"], None
    assert task.startswith("import-snap-") and begun["SnapshotTaskDetail"]["Status"] == "active", begun
    read = lambda: ec2.describe_import_snapshot_tasks(ImportTaskIds=[task])["ImportSnapshotTasks"][0]
    cloud.until("the snapshot is imported", lambda: read()["SnapshotTaskDetail"]["Status"] != "active")
    seen = read()
    detail = seen["SnapshotTaskDetail"]
    assert (detail["Status"], detail["DiskImageSize"], detail["Format"], detail["UserBucket"]) == ("completed", 3 << 20, "RAW", place)
    assert seen["Tags"] == [{"Key": "Name", "Value": "tf"}] and read() == seen
    [snapshot] = ec2.describe_snapshots(SnapshotIds=[detail["SnapshotId"]])["Snapshots"]
    assert (snapshot["State"], snapshot["VolumeSize"], snapshot["VolumeId"], snapshot["Description"]) == (
        "completed", 1, "vol-ffffffff", "tf")
    assert code(ec2.cancel_import_task, ImportTaskId=task) == "IncorrectState"
    made = ec2.register_image(Name="imported", RootDeviceName=ROOT, BlockDeviceMappings=[
        {"DeviceName": ROOT, "Ebs": {"SnapshotId": detail["SnapshotId"]}}])["ImageId"]
    assert ec2.describe_images(ImageIds=[made])["Images"][0]["State"] == "available"
    ec2.deregister_image(ImageId=made, DeleteAssociatedSnapshots=True)

    wrong = ec2.import_snapshot(DiskContainer={"Format": "VMDK", "UserBucket": place})["ImportTaskId"]
    look = lambda: ec2.describe_import_snapshot_tasks(ImportTaskIds=[wrong])["ImportSnapshotTasks"][0]["SnapshotTaskDetail"]
    cloud.until("the import is over", lambda: look()["Status"] != "active")
    assert look()["Status"] == "deleted" and "not of the format VMDK" in look()["StatusMessage"], look()
    assert "SnapshotId" not in look()
    assert code(ec2.import_snapshot, DiskContainer={"UserBucket": {"S3Bucket": fresh_bucket, "S3Key": "no"}}) == "InvalidParameter"
    with pytest.raises(ClientError, match="import-snap-12345678' does not exist"):
        ec2.cancel_import_task(ImportTaskId="import-snap-12345678")


def test_boto_2_registers_a_snapshot(ec2, snapshot, server):
    """register_image with snapshot_id, and with a block device map of its own."""
    old = server.boto2_ec2()
    from boto.ec2.blockdevicemapping import BlockDeviceMapping, BlockDeviceType

    made = old.register_image(name="boto2", architecture="x86_64", root_device_name="/dev/sda1", snapshot_id=snapshot,
                              delete_root_volume_on_termination=True)
    devices = BlockDeviceMapping()
    devices["/dev/sda1"] = BlockDeviceType(snapshot_id=snapshot, size=4, delete_on_termination=False)
    devices["/dev/sdb"] = BlockDeviceType(ephemeral_name="ephemeral0")
    mapped = old.register_image(name="boto2-mapped", root_device_name="/dev/sda1", block_device_map=devices, virtualization_type="hvm")
    for id, size, goes in [(made, 2, True), (mapped, 4, False)]:
        [seen] = old.get_all_images(image_ids=[id])
        root = seen.block_device_mapping["/dev/sda1"]
        assert (seen.root_device_type, root.snapshot_id, root.size, root.delete_on_termination) == ("ebs", snapshot, size, goes)
    devices = BlockDeviceMapping()
    devices["/dev/sda1"] = BlockDeviceType(size=6, delete_on_termination=True)
    [instance] = old.run_instances(mapped, instance_type="t3.micro", block_device_map=devices).instances
    quick(ec2, "instance_running").wait(InstanceIds=[instance.id])
    instance.update()
    root = instance.block_device_mapping["/dev/sda1"]
    assert (instance.root_device_type, root.delete_on_termination, root.status) == ("ebs", True, "attached")
    assert old.get_all_volumes([root.volume_id])[0].size == 6
    imaged = old.create_image(instance.id, "boto2-image", no_reboot=True)
    quick(ec2, "image_available").wait(ImageIds=[imaged])
    old.terminate_instances([instance.id])
    quick(ec2, "instance_terminated").wait(InstanceIds=[instance.id])
    for id in [made, mapped]:
        assert old.deregister_image(id)
    taken = old.get_image(imaged).block_device_mapping["/dev/sda1"].snapshot_id
    assert old.deregister_image(imaged, delete_snapshot=True)
    assert code(ec2.describe_snapshots, SnapshotIds=[taken]) == "InvalidSnapshot.NotFound"
