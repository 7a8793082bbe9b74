"""Debian 12 with cloud-init, as a guest of an EBS image: what cloud-init asks of the metadata service, it gets, and does.

$NOVELLA_DEBIAN names the image, which `guest/make-debian` builds; without it this is skipped, for such a boot takes minutes where
there is no KVM.
"""

import json
import os
import pathlib
import re
import subprocess

import pytest

from cloud import await_state, until
from test_real_machines import Guest, ec2, host, pytestmark, server  # noqa: F401: fixtures
from test_real_root_volumes import await_volume

IMAGE = pathlib.Path(os.environ.get("NOVELLA_DEBIAN", "-"))
BOOT = 900  # seconds for a boot and cloud-init without KVM, on a busy machine
USER_DATA = """#cloud-config
write_files:
  - {path: /etc/motd, content: "written by cloud-init\\n"}
disk_setup: {/dev/vdb: {table_type: gpt, layout: true}}
fs_setup: [{filesystem: ext4, device: /dev/vdb1, label: data}]
mounts: [[/dev/vdb1, /data]]
runcmd:
  - [sh, -c, "echo $(hostname) > /data/ran"]
"""

pytestmark = [pytestmark, pytest.mark.skipif(not IMAGE.exists(), reason="$NOVELLA_DEBIAN names no image: guest/make-debian builds one")]


class Debian(Guest):
    def ssh(self, command, user="debian"):
        return super().ssh(f"sudo sh -c {json.dumps(command)}", user)

    def await_cloud_init(self):
        """Until cloud-init has done all of this boot."""
        def reached():
            try:
                return self.ssh("cloud-init status --wait > /dev/null; cloud-init status || true")
            except (AssertionError, subprocess.TimeoutExpired):
                return None

        said = until(f"{self.id} has run cloud-init", reached, BOOT, every=2)
        assert said == "status: done", said + self.console()[-3000:]


@pytest.fixture(scope="module")
def image(server, ec2):  # noqa: F811
    s3 = server.client("s3")
    s3.create_bucket(Bucket="debian")
    s3.upload_file(str(IMAGE), "debian", "disk.qcow2")
    task = ec2.import_snapshot(DiskContainer={"Format": "QCOW2", "UserBucket": {"S3Bucket": "debian", "S3Key": "disk.qcow2"}})["ImportTaskId"]

    def imported():
        detail = ec2.describe_import_snapshot_tasks(ImportTaskIds=[task])["ImportSnapshotTasks"][0]["SnapshotTaskDetail"]
        assert detail["Status"] in ("active", "completed"), detail
        return detail["Status"] == "completed" and detail["SnapshotId"]

    snapshot = until("the snapshot is imported", imported, 300)
    disk = [{"DeviceName": "/dev/sda1", "Ebs": {"SnapshotId": snapshot}}]
    return ec2.register_image(Name="debian 12", RootDeviceName="/dev/sda1", Architecture="x86_64", VirtualizationType="hvm",
                              BlockDeviceMappings=disk)["ImageId"]


@pytest.fixture(scope="module")
def debian(server, host, ec2, image, tmp_path_factory):  # noqa: F811
    key = tmp_path_factory.mktemp("key") / "debian.pem"
    key.touch(0o600)
    key.write_text(ec2.create_key_pair(KeyName="debian")["KeyMaterial"])
    disks = [{"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 4}}, {"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 1}}]
    launched = ec2.run_instances(ImageId=image, InstanceType="t3.small", KeyName="debian", MinCount=1, MaxCount=1,
                                 BlockDeviceMappings=disks, UserData=USER_DATA,
                                 MetadataOptions={"HttpTokens": "required", "InstanceMetadataTags": "enabled"},
                                 TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "deb"}]}])
    guest = Debian(server, host, launched["Instances"][0]["InstanceId"], key)
    await_state(ec2, guest.id, "running")
    guest.await_cloud_init()
    return guest


def test_cloud_init_knows_where_it_is(debian):
    described = debian.described()
    v1 = json.loads(debian.ssh("cloud-init query v1"))
    assert (v1["cloud_id"], v1["platform"], v1["instance_id"]) == ("aws", "ec2", debian.id)
    assert (v1["region"], v1["availability_zone"]) == ("us-east-1", described["Placement"]["AvailabilityZone"])
    told = json.loads(debian.ssh("cloud-init query ds.meta_data"))
    assert told["tags"]["instance"] == {"Name": "deb"}
    assert told["ami-id"] == described["ImageId"]
    assert told["local-hostname"] == described["PrivateDnsName"]
    assert f"{described['PrivateIpAddress']}/" in debian.ssh("ip -4 -br address")


def test_it_did_what_the_user_data_says(debian):
    assert debian.ssh("cat /etc/motd") == "written by cloud-init"
    assert debian.ssh("cat /data/ran") == debian.described()["PrivateDnsName"].split(".")[0]
    assert "LABEL=\\\"data\\\"" in json.dumps(debian.ssh("blkid /dev/vdb1"))


def test_its_root_has_grown_with_the_disk(debian):
    assert int(debian.ssh("df -B1 --output=size / | tail -1")) > 3.5 * (1 << 30)


def test_it_stops_by_the_power_button_and_starts_as_the_same_instance(debian, ec2):  # noqa: F811
    keys = debian.ssh("cat /etc/ssh/ssh_host_*_key.pub")
    ec2.stop_instances(InstanceIds=[debian.id])
    await_state(ec2, debian.id, "stopped")
    assert re.search(r"reboot: Power down", debian.console()), "systemd powered it down"
    ec2.start_instances(InstanceIds=[debian.id])
    await_state(ec2, debian.id, "running")
    debian.await_cloud_init()
    assert debian.ssh("cat /etc/ssh/ssh_host_*_key.pub") == keys
    assert debian.ssh("cat /data/ran"), "the second disk is mounted again"


def test_a_volume_that_is_attached_is_a_disk_at_once(debian, ec2):  # noqa: F811
    zone = debian.described()["Placement"]["AvailabilityZone"]
    volume = ec2.create_volume(AvailabilityZone=zone, Size=1)["VolumeId"]
    ec2.get_waiter("volume_available").wait(VolumeIds=[volume])
    ec2.attach_volume(VolumeId=volume, InstanceId=debian.id, Device="/dev/sdg")
    await_volume(ec2, volume, "attached")
    link = f"/dev/disk/by-id/virtio-{volume.replace('-', '')}"
    until("udev knows it", lambda: debian.ssh(f"ls {link} 2>/dev/null || true") == link, 60)
    ec2.detach_volume(VolumeId=volume)
    await_volume(ec2, volume)


def test_an_image_of_it_is_another_machine(debian, server, host, ec2):  # noqa: F811
    made = ec2.create_image(InstanceId=debian.id, Name="copy")["ImageId"]
    ec2.get_waiter("image_available").wait(ImageIds=[made], WaiterConfig={"Delay": 2, "MaxAttempts": 200})
    launched = ec2.run_instances(ImageId=made, InstanceType="t3.small", KeyName="debian", MinCount=1, MaxCount=1)
    copy = Debian(server, host, launched["Instances"][0]["InstanceId"], debian.key)
    await_state(ec2, copy.id, "running")
    copy.await_cloud_init()
    assert copy.ssh("cat /var/lib/cloud/data/instance-id") == copy.id
    assert copy.ssh("cat /etc/motd") == "written by cloud-init", "its disk is the other's"
    assert copy.ssh("cat /etc/ssh/ssh_host_ed25519_key.pub") != debian.ssh("cat /etc/ssh/ssh_host_ed25519_key.pub")
    ec2.terminate_instances(InstanceIds=[copy.id, debian.id])
