"""Real guests whose root disk is a volume: from a snapshot they boot, into an image they go, and at another instance they are mended."""

import contextlib
import sqlite3
import subprocess

import pytest
from botocore.exceptions import ClientError

from cloud import await_state, until
from test_real_images import available, key, launch  # noqa: F401: fixtures
from test_real_machines import BOOT, GUEST, ec2, host, images, pytestmark, server  # noqa: F401: fixtures


def of(ec2, volume):
    return ec2.describe_volumes(VolumeIds=[volume])["Volumes"][0]


def await_volume(ec2, volume, *states):
    until(f"{volume} is {states}", lambda: [a["State"] for a in of(ec2, volume)["Attachments"]] == list(states), BOOT)


def completed(ec2, snapshot):
    def done():
        return ec2.describe_snapshots(SnapshotIds=[snapshot])["Snapshots"][0]["State"] == "completed"

    until(f"{snapshot} is taken", done, 120)
    return snapshot


@pytest.fixture(scope="module")
def system(launch, ec2, images):  # noqa: F811
    """A snapshot of a volume to which a guest copied its own system."""
    guest = launch(images["machine"])
    volume = ec2.create_volume(AvailabilityZone=guest.described()["Placement"]["AvailabilityZone"], Size=1)["VolumeId"]
    until("the volume is made", lambda: of(ec2, volume)["State"] == "available")
    ec2.attach_volume(VolumeId=volume, InstanceId=guest.id, Device="/dev/sdf")
    await_volume(ec2, volume, "attached")
    until("the guest sees the disk", lambda: "vdb" in guest.ssh("ls /dev"), 60)
    guest.ssh("sync; dd if=/dev/vda of=/dev/vdb bs=1M; sync", user="root")
    ec2.detach_volume(VolumeId=volume)
    await_volume(ec2, volume)
    snapshot = completed(ec2, ec2.create_snapshot(VolumeId=volume)["SnapshotId"])
    ec2.delete_volume(VolumeId=volume)
    return snapshot


@pytest.fixture(scope="module")
def image(ec2, system):  # noqa: F811
    mapping = [{"DeviceName": "/dev/sda1", "Ebs": {"SnapshotId": system}}]
    return ec2.register_image(
        Name="on a volume", RootDeviceName="/dev/sda1", Architecture="x86_64", VirtualizationType="hvm",
        BlockDeviceMappings=mapping)["ImageId"]


@pytest.fixture(scope="module")
def guest(launch, image):
    bigger = [{"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 2}}]
    guest = launch(image, BlockDeviceMappings=bigger)
    guest.ssh("echo kept > /data/mine; sync", user="root")
    return guest


def root_of(guest):
    mapping = guest.described()["BlockDeviceMappings"]
    return next(m["Ebs"]["VolumeId"] for m in mapping if m["DeviceName"] == "/dev/sda1")


def test_a_guest_boots_from_a_volume_that_is_made_of_the_snapshot(guest, ec2, system):
    volume = of(ec2, root_of(guest))
    assert (volume["SnapshotId"], volume["Size"], volume["State"]) == (system, 2, "in-use")
    assert guest.ssh("cat /sys/block/vda/size") == str(2 << 21), "the guest sees the size that was asked for"
    assert guest.ssh("cat /sys/block/vda/serial") == volume["VolumeId"].replace("-", "")
    assert guest.described()["RootDeviceType"] == "ebs"
    assert not (guest.folder / "disk").exists()
    with pytest.raises(ClientError, match="Unable to detach root volume"):
        ec2.detach_volume(VolumeId=volume["VolumeId"])


def test_its_disk_grows_and_is_snapshotted_while_it_runs(guest, ec2):
    boots, root = guest.console().count("@@ ready"), root_of(guest)
    completed(ec2, ec2.create_snapshot(VolumeId=root)["SnapshotId"])
    ec2.modify_volume(VolumeId=root, Size=3)
    until("the guest's disk has grown", lambda: guest.ssh("cat /sys/block/vda/size") == str(3 << 21), 60)
    assert guest.console().count("@@ ready") == boots


@pytest.mark.parametrize("reboot", [True, False])
def test_what_it_wrote_is_in_an_image_of_it(guest, launch, ec2, reboot):
    boots = guest.console().count("@@ ready")
    guest.ssh(f"echo {reboot} > /data/mine; sync", user="root")
    made = ec2.create_image(InstanceId=guest.id, Name=f"reboot {reboot}", NoReboot=not reboot)["ImageId"]
    described = available(ec2, made)
    guest.await_boots(boots + reboot)
    snapshot = ec2.describe_snapshots(SnapshotIds=[described["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]])["Snapshots"][0]
    assert snapshot["Description"] == f"Created by CreateImage({guest.id}) for {made}"
    assert (described["RootDeviceType"], snapshot["VolumeId"]) == ("ebs", root_of(guest))
    again = launch(made)
    assert again.ssh("cat /data/mine") == str(reboot)
    again.ssh("echo other > /data/mine; sync", user="root")
    assert guest.ssh("cat /data/mine") == str(reboot), "each has a volume of its own"


def test_a_root_disk_is_mended_at_another_instance(guest, launch, image, ec2):
    """The rescue way: the root of a stopped guest is mounted at another one, and goes back."""
    root, helper = root_of(guest), launch(image)
    guest.ssh("echo broken > /data/mine; sync", user="root")
    ec2.stop_instances(InstanceIds=[guest.id])
    await_state(ec2, guest.id, "stopped", 180)
    ec2.detach_volume(VolumeId=root)
    await_volume(ec2, root)
    with pytest.raises(ClientError, match="does not have a volume attached at root"):
        ec2.start_instances(InstanceIds=[guest.id])
    ec2.attach_volume(VolumeId=root, InstanceId=helper.id, Device="/dev/sdf")
    await_volume(ec2, root, "attached")
    until("the helper sees the disk", lambda: "vdb" in helper.ssh("ls /dev"), 60)
    part = helper.ssh("awk '$2 == \"/data\" {print $1}' /proc/mounts").replace("vda", "vdb")
    helper.ssh(f"mkdir -p /mended && mount {part} /mended && sed -i s/broken/mended/ /mended/mine && umount /mended", user="root")
    ec2.detach_volume(VolumeId=root, InstanceId=helper.id)
    await_volume(ec2, root)
    ec2.attach_volume(VolumeId=root, InstanceId=guest.id, Device="/dev/sda1")
    boots = guest.console().count("@@ ready")
    ec2.start_instances(InstanceIds=[guest.id])
    await_state(ec2, guest.id, "running", 120)
    guest.await_boots(boots + 1)
    assert guest.ssh("cat /data/mine") == "mended"


def layer_of(server, snapshot):
    """The file that holds a snapshot's bytes."""
    with contextlib.closing(sqlite3.connect(f"file:{server.data}/novella.db?mode=ro", uri=True)) as rows:
        [[layer]] = rows.execute("SELECT layer FROM snapshots WHERE id = ?", [snapshot])
    return server.data / "volumes" / layer


def alike(one, other):
    done = subprocess.run(["qemu-img", "compare", one, other], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_exported_and_stored_its_root_disk_is_the_same_and_alone(server, ec2, system, tmp_path):  # noqa: F811
    """An image of two volumes, as a file in a bucket: byte by byte its root disk, and nothing of the other one."""
    s3 = server.client("s3")
    s3.create_bucket(Bucket="out")
    mapping = [{"DeviceName": "/dev/sda1", "Ebs": {"SnapshotId": system}}, {"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 2}}]
    two = ec2.register_image(Name="of two volumes", RootDeviceName="/dev/sda1", BlockDeviceMappings=mapping)["ImageId"]
    task = ec2.export_image(ImageId=two, DiskImageFormat="VMDK", S3ExportLocation={"S3Bucket": "out", "S3Prefix": "e/"})["ExportImageTaskId"]
    exported = lambda: ec2.describe_export_image_tasks(ExportImageTaskIds=[task])["ExportImageTasks"][0]
    until("it is exported", lambda: exported()["Status"] != "active", 120)
    assert exported()["Status"] == "completed", exported()
    assert [o["Key"] for o in s3.list_objects_v2(Bucket="out")["Contents"]] == [f"e/{task}.vmdk"]
    s3.download_file("out", f"e/{task}.vmdk", str(tmp_path / "root.vmdk"))
    alike(tmp_path / "root.vmdk", layer_of(server, system))
    (tmp_path / "root.vmdk").unlink()

    key = ec2.create_store_image_task(ImageId=two, Bucket="out")["ObjectKey"]
    stored = lambda: ec2.describe_store_image_tasks(ImageIds=[two])["StoreImageTaskResults"][0]
    until("it is stored", lambda: stored()["StoreTaskState"] != "InProgress", 120)
    assert stored()["StoreTaskState"] == "Completed", stored()
    back = ec2.create_restore_image_task(Bucket="out", ObjectKey=key, Name="restored")["ImageId"]
    restored = available(ec2, back)
    assert (restored["RootDeviceType"], restored["BlockDeviceMappings"]) == ("instance-store", []), "the other volume is not in it"
    alike(server.data / "images" / back.split("-")[1] / "image", layer_of(server, system))


def test_a_disk_file_of_a_bucket_boots_as_a_snapshot(server, launch, ec2, tmp_path):  # noqa: F811
    """By aws-cli, as people do it."""
    file, s3 = tmp_path / "disk.vmdk", server.client("s3")
    subprocess.run(["qemu-img", "convert", "-O", "vmdk", "-o", "subformat=streamOptimized", GUEST / "disk.raw", file], check=True)
    s3.create_bucket(Bucket="disks")
    s3.upload_file(str(file), "disks", "disk.vmdk")
    container = "Description=by hand,Format=VMDK,UserBucket={S3Bucket=disks,S3Key=disk.vmdk}"
    task = server.aws("ec2", "import-snapshot", "--disk-container", container, "--query", "ImportTaskId", "--output", "text")
    read = lambda: ec2.describe_import_snapshot_tasks(ImportTaskIds=[task])["ImportSnapshotTasks"][0]["SnapshotTaskDetail"]
    until("the snapshot is imported", lambda: read()["Status"] != "active", 120)
    assert read()["Status"] == "completed", read()
    mapping = [{"DeviceName": "/dev/sda1", "Ebs": {"SnapshotId": read()["SnapshotId"]}}]
    made = ec2.register_image(Name="imported", RootDeviceName="/dev/sda1", BlockDeviceMappings=mapping)["ImageId"]
    imported = launch(made)
    assert imported.ssh("cat /sys/block/vda/size") == str(1 << 21), "a snapshot's volume is of whole GiB"


def test_the_root_goes_with_its_instance_unless_it_is_to_stay(launch, image, ec2):
    left, gone = launch(image), launch(image)
    kept, lost = root_of(left), root_of(gone)
    ec2.modify_instance_attribute(
        InstanceId=left.id, BlockDeviceMappings=[{"DeviceName": "/dev/sda1", "Ebs": {"DeleteOnTermination": False}}])
    ec2.terminate_instances(InstanceIds=[left.id, gone.id])
    for ended in (left, gone):
        await_state(ec2, ended.id, "terminated", 120)
    assert of(ec2, kept)["State"] == "available"
    with pytest.raises(ClientError, match="InvalidVolume.NotFound"):
        of(ec2, lost)
