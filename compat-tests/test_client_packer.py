"""Packer's amazon-ebs builder: a source instance with an EBS root, stopped, made an image of, and cleaned up after."""

import json

from clients import needs, run, tool
from cloud import REGION


def ebs_image(ec2):
    """An image whose root is a snapshot of a volume (an empty one: nobody boots it here)."""
    volume = ec2.create_volume(AvailabilityZone=f"{REGION}a", Size=1)["VolumeId"]
    ec2.get_waiter("volume_available").wait(VolumeIds=[volume])
    snapshot = ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    ec2.get_waiter("snapshot_completed").wait(SnapshotIds=[snapshot])
    ec2.delete_volume(VolumeId=volume)
    disks = [{"DeviceName": "/dev/sda1", "Ebs": {"SnapshotId": snapshot}}]
    return ec2.register_image(Name="packer-source", RootDeviceName="/dev/sda1", BlockDeviceMappings=disks)["ImageId"], snapshot


@needs("packer", "apt-get install packer (scripts/compat does)")
def test_amazon_ebs(server, tmp_path):
    ec2 = server.client("ec2")
    source, snapshot = ebs_image(ec2)
    before = len(ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"])
    builder = {
        "type": "amazon-ebs", "region": REGION, "custom_endpoint_ec2": server.url, "skip_region_validation": True,
        "access_key": server.account.key, "secret_key": server.account.secret, "source_ami": source, "instance_type": "t3.micro",
        "ami_name": "packed", "communicator": "none", "tags": {"made-by": "packer"}, "snapshot_tags": {"made-by": "packer"},
        "run_volume_tags": {"of": "the builder"}, "ami_users": ["444455556666"],
        "launch_block_device_mappings": [{"device_name": "/dev/sda1", "volume_size": 2, "delete_on_termination": True}],
    }
    template = tmp_path / "template.json"
    template.write_text(json.dumps({"builders": [builder]}))
    environment = server.environment() | {"CHECKPOINT_DISABLE": "1", "AWS_POLL_DELAY_SECONDS": "1", "AWS_MAX_ATTEMPTS": "60"}
    said = run(tool("packer"), "build", "-color=false", template, env=environment)
    [image] = ec2.describe_images(Owners=["self"], Filters=[{"Name": "name", "Values": ["packed"]}])["Images"]
    assert f"{REGION}: {image['ImageId']}" in said
    assert (image["State"], image["RootDeviceType"]) == ("available", "ebs")
    assert {"Key": "made-by", "Value": "packer"} in image["Tags"]
    [root] = image["BlockDeviceMappings"]
    assert root["Ebs"]["VolumeSize"] == 2
    [made] = ec2.describe_snapshots(SnapshotIds=[root["Ebs"]["SnapshotId"]])["Snapshots"]
    assert {"Key": "made-by", "Value": "packer"} in made["Tags"]
    shared = ec2.describe_image_attribute(ImageId=image["ImageId"], Attribute="launchPermission")["LaunchPermissions"]
    assert shared == [{"UserId": "444455556666"}]
    assert len(ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]) == before + 1
    alive = [{"Name": "instance-state-name", "Values": ["pending", "running", "stopping", "stopped"]}, {"Name": "image-id", "Values": [source]}]
    assert not ec2.describe_instances(Filters=alive)["Reservations"], "its instance is gone"
    assert not [k for k in ec2.describe_key_pairs()["KeyPairs"] if k["KeyName"].startswith("packer_")], "its key is gone"
    for one, disk in [(image["ImageId"], made["SnapshotId"]), (source, snapshot)]:
        ec2.deregister_image(ImageId=one)
        ec2.delete_snapshot(SnapshotId=disk)
