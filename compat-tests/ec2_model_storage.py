"""Volumes and snapshots, for ec2_model.py: each action once or more."""

from ec2_model_given import REGION, tags


def volumes(ec2, instance):
    zone = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]["Placement"]["AvailabilityZone"]
    for call in [ec2.get_ebs_default_kms_key_id, ec2.enable_ebs_encryption_by_default, ec2.reset_ebs_default_kms_key_id]:
        call()
    ec2.modify_ebs_default_kms_key_id(KmsKeyId="alias/mine")
    made = ec2.create_volume(AvailabilityZone=zone, Size=8, VolumeType="gp3", TagSpecifications=[tags("volume")])
    ec2.disable_ebs_encryption_by_default()
    one = {"VolumeId": made["VolumeId"]}
    assert made["Encrypted"] and made["State"] == "creating", made
    ec2.get_waiter("volume_available").wait(VolumeIds=[made["VolumeId"]])
    plain = ec2.create_volume(AvailabilityZone=zone, Size=100)["VolumeId"]
    ec2.attach_volume(**one, InstanceId=instance, Device="/dev/sdf")
    ec2.get_waiter("volume_in_use").wait(VolumeIds=[made["VolumeId"]])
    for page in ec2.get_paginator("describe_volumes").paginate(PaginationConfig={"PageSize": 5}):
        assert page["Volumes"]
    ec2.describe_volume_status()
    ec2.describe_instances()
    ec2.describe_instance_attribute(InstanceId=instance, Attribute="blockDeviceMapping")
    keep = [{"DeviceName": "/dev/sdf", "Ebs": {"DeleteOnTermination": True}}]
    ec2.modify_instance_attribute(InstanceId=instance, BlockDeviceMappings=keep)
    ec2.modify_volume(**one, Size=16)
    ec2.describe_volumes_modifications()
    ec2.modify_volume_attribute(**one, AutoEnableIO={"Value": True})
    for name in ["autoEnableIO", "productCodes"]:
        ec2.describe_volume_attribute(**one, Attribute=name)
    ec2.enable_volume_io(**one)
    snapshots(ec2, made["VolumeId"], plain, instance, zone)
    ec2.detach_volume(**one)
    ec2.get_waiter("volume_available").wait(VolumeIds=[made["VolumeId"]])
    for volume in [made["VolumeId"], plain]:
        ec2.delete_volume(VolumeId=volume)
    ec2.get_waiter("volume_deleted").wait(VolumeIds=[made["VolumeId"]])


def snapshots(ec2, volume, plain, instance, zone):
    made = ec2.create_snapshot(VolumeId=volume, Description="model test", TagSpecifications=[tags("snapshot")])
    one = {"SnapshotId": made["SnapshotId"]}
    ec2.create_snapshots(InstanceSpecification={"InstanceId": instance}, CopyTagsFromSource="volume")
    ec2.get_waiter("snapshot_completed").wait(OwnerIds=["self"])
    ec2.modify_snapshot_attribute(**one, Attribute="createVolumePermission", OperationType="add", UserIds=["210987654321"])
    public = {"SnapshotId": ec2.create_snapshot(VolumeId=plain)["SnapshotId"], "Attribute": "createVolumePermission"}
    ec2.modify_snapshot_attribute(**public, OperationType="add", GroupNames=["all"], UserIds=["210987654321"])
    ec2.describe_snapshot_attribute(**public)
    for name in ["createVolumePermission", "productCodes"]:
        ec2.describe_snapshot_attribute(**one, Attribute=name)
    ec2.reset_snapshot_attribute(**one, Attribute="createVolumePermission")
    ec2.copy_snapshot(SourceRegion=REGION, SourceSnapshotId=made["SnapshotId"], TagSpecifications=[tags("snapshot")])
    again = ec2.create_volume(AvailabilityZone=zone, **one)["VolumeId"]
    ec2.describe_volumes(VolumeIds=[again])
    ec2.describe_tags(Filters=[{"Name": "resource-type", "Values": ["volume", "snapshot"]}])
    ec2.delete_volume(VolumeId=again)
    for page in ec2.get_paginator("describe_snapshots").paginate(OwnerIds=["self"], PaginationConfig={"PageSize": 5}):
        for snapshot in page["Snapshots"]:
            ec2.delete_snapshot(SnapshotId=snapshot["SnapshotId"])
