"""Real guests under QEMU: what instances see and do, and what survives what. Needs root; a boot takes some seconds of CPU."""

import base64
import contextlib
import json
import os
import pathlib
import re
import subprocess
import time

import pytest
from botocore.exceptions import ClientError

import cloud
import machine
from cloud import await_state, state_of, until

GUEST = pathlib.Path(os.environ.get("NOVELLA_GUEST", cloud.ROOT / ".cache/guest"))
BOOT = 240  # seconds that a boot may take on a busy machine without KVM
WHY_NOT = machine.why_not() or (None if (GUEST / "manifest").exists() else f"no guest image in {GUEST}: run guest/make-image {GUEST}")

pytestmark = pytest.mark.skipif(WHY_NOT is not None, reason=str(WHY_NOT))


@pytest.fixture(scope="module")
def host():
    with machine.Machine() as host, host.network():
        yield host


@pytest.fixture(scope="module")
def server(host, tmp_path_factory):
    """`virt_type = qemu`: the same everywhere, whether there is KVM or not."""
    folder = tmp_path_factory.mktemp("real")
    folder.chmod(0o755)
    started = cloud.Server(folder, "--driver", "libvirt", "--virt-type", "qemu", inside=host.enter)
    yield started.start()
    started.stop()


@pytest.fixture(scope="module")
def ec2(server):
    return server.client("ec2")


@pytest.fixture(scope="module")
def images(server, tmp_path_factory):
    """The guest as a disk that boots by itself, and as kernel and ramdisk."""
    made = {}
    for name, file in [("machine", "disk.raw"), ("kernel", "vmlinuz"), ("ramdisk", "initrd")]:
        files = server.bundle(GUEST / file, name, tmp_path_factory.mktemp(name), "--image-type", name)
        image = server.registered(server.upload(files, "guests", f"{name}/"), Name=name)
        assert image["State"] == "available", image
        made[name] = image["ImageId"]
    return made


class Guest:
    def __init__(self, server, host, id, key=None):
        self.server, self.host, self.id, self.key = server, host, id, key

    @property
    def folder(self):
        return self.server.data / "instances" / self.id

    def described(self):
        return self.server.client("ec2").describe_instances(InstanceIds=[self.id])["Reservations"][0]["Instances"][0]

    def console(self):
        """What GetConsoleOutput gives."""
        output = self.server.client("ec2").get_console_output(InstanceId=self.id).get("Output", "")
        return output.replace("\r", "")

    def await_boots(self, count):
        until(f"{self.id} has booted {count} times", lambda: self.console().count("@@ ready") >= count, BOOT, every=0.5)
        return self.console()

    def ssh(self, command, user="ec2-user"):
        address = self.described()["PrivateIpAddress"]
        options = "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o ConnectTimeout=30 -o BatchMode=yes"
        done = subprocess.run(["ssh", "-i", self.key, *options.split(), f"{user}@{address}", command],
                              capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def metadata(self, path):
        """What the guest itself is told, by a session token (its wget knows no PUT)."""
        ask = r"PUT /latest/api/token HTTP/1.0\r\nX-aws-ec2-metadata-token-ttl-seconds: 60\r\nContent-Length: 0\r\n\r\n"
        return self.ssh(f"T=$(printf '{ask}' | nc 169.254.169.254 80 | tail -1);"
                        f"wget -qO- --header \"X-aws-ec2-metadata-token: $T\" http://169.254.169.254/latest/{path}")

    def process(self):
        """The one QEMU that carries it."""
        found = self.host.guests(self.id)
        assert len(found) == 1, f"{self.id} has {len(found)} machines"
        return found[0]


@pytest.fixture(scope="module")
def guest(server, host, ec2, images, tmp_path_factory):
    """One guest whose life the tests of this file tell, in their order."""
    key = tmp_path_factory.mktemp("key") / "real.pem"
    key.touch(0o600)
    key.write_text(ec2.create_key_pair(KeyName="real", KeyType="ed25519")["KeyMaterial"])
    launched = ec2.run_instances(
        ImageId=images["machine"], InstanceType="m1.tiny", KeyName="real", MinCount=1, MaxCount=1,
        UserData="#!/bin/sh\necho hello from $(cat /www/instance-id)\n",
    )
    assert launched["Instances"][0]["State"]["Name"] == "pending"
    return Guest(server, host, launched["Instances"][0]["InstanceId"], key)


def test_a_guest_boots_with_its_identity_key_and_user_data(guest, ec2, images):
    await_state(ec2, guest.id, "running")
    console = guest.await_boots(1)
    described = guest.described()
    assert re.search(rf"@@ disk vda kind=root size={1 << 30} .*boot-count=1", console), "the root disk has the type's size"
    assert f"ip={described['PrivateIpAddress']}/20" in console
    facts = dict(re.findall(r"^@@ imds ([\w/-]+)=(.*)$", console, re.M))
    assert facts["instance-id"] == guest.id and facts["ami-id"] == images["machine"]
    assert facts["instance-type"] == "m1.tiny" and facts["local-ipv4"] == described["PrivateIpAddress"]
    assert facts["mac"] == described["NetworkInterfaces"][0]["MacAddress"]
    assert facts["placement/availability-zone"] == described["Placement"]["AvailabilityZone"]
    assert facts["public-key"].startswith("ssh-ed25519 ") and facts["public-key"].endswith(" real")
    assert "@@ imds-token http=200" in console
    assert f"@@ user-data-begin\nhello from {guest.id}\n@@ user-data-end exit=0" in console


def test_the_folder_holds_what_nova_kept_there(guest):
    assert {"disk", "disk.info", "libvirt.xml", "console.log"} <= {f.name for f in guest.folder.iterdir()}
    info = json.loads(subprocess.run(["qemu-img", "info", "-U", "--output=json", guest.folder / "disk"],
                                     check=True, capture_output=True, text=True).stdout)
    assert info["format"] == "qcow2" and info["virtual-size"] == 1 << 30
    assert pathlib.Path(info["full-backing-filename"]).parent == guest.server.data / "instances/_base"
    assert json.loads((guest.folder / "disk.info").read_text()) == {str(guest.folder / "disk"): "qcow2"}
    assert guest.id in (guest.folder / "libvirt.xml").read_text()


def test_the_host_reaches_it_and_the_metadata_service_knows_it(guest, ec2):
    assert guest.ssh("cat /www/instance-id") == guest.id
    document = json.loads(guest.metadata("dynamic/instance-identity/document"))
    assert (document["instanceId"], document["accountId"], document["region"]) == (guest.id, cloud.MAIN.id, cloud.REGION)
    listing = guest.metadata("meta-data/").split("\n")
    assert {"ami-id", "instance-id", "local-ipv4", "public-keys/", "placement/"} <= set(listing)
    status = ec2.describe_instance_status(InstanceIds=[guest.id])["InstanceStatuses"][0]
    assert status["InstanceState"]["Name"] == "running"


def test_its_screen_shows_what_the_firmware_wrote_and_its_kernel_hears_of_an_interrupt(guest, ec2):
    picture = ec2.get_console_screenshot(InstanceId=guest.id, WakeUp=True)["ImageData"]
    jpeg = base64.b64decode(picture)
    assert jpeg.startswith(b"\xff\xd8") and len(jpeg) > 8000, "a screen without letters takes fewer bytes"
    ec2.send_diagnostic_interrupt(InstanceId=guest.id)
    until("the kernel says so", lambda: "NMI received" in guest.console())


def test_it_reaches_s3_through_a_gateway_endpoint(guest, server, ec2):
    cidr = ec2.describe_prefix_lists()["PrefixLists"][0]["Cidrs"][0]
    s3 = server.client("s3", url=f"http://{cidr.removesuffix('/32')}")
    server.client("s3").put_object(Bucket="guests", Key="hello", Body=b"from S3")
    url = s3.generate_presigned_url("get_object", Params={"Bucket": "guests", "Key": "hello"})
    address, path = url.removeprefix("http://").split("/", 1)

    def get(path):
        head = f"'GET /{path} HTTP/1.0' 'Host: {address}' ''"
        return guest.ssh(f"printf '%s\\r\\n' {head} | nc -w 5 {address} 80 || echo nobody there")

    assert get(path) == "nobody there"
    vpc = guest.described()["VpcId"]
    [table] = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"]
    made = ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=f"com.amazonaws.{cloud.REGION}.s3", RouteTableIds=[table["RouteTableId"]])
    endpoint = made["VpcEndpoint"]["VpcEndpointId"]
    until("S3 is there", lambda: get(path).endswith("\nfrom S3"))
    assert "403" in get("guests/hello").split("\n")[0], "S3's own rules hold"
    guest.server.kill()
    guest.server.start()
    until("S3 is there after a crash of the server", lambda: get(path).endswith("\nfrom S3"))
    server.client("ec2").delete_vpc_endpoints(VpcEndpointIds=[endpoint])
    until("S3 is gone", lambda: get(path) == "nobody there")


def test_it_survives_the_death_of_the_server(guest, host, ec2):
    before, up = guest.process(), float(guest.ssh("cut -d' ' -f1 /proc/uptime"))
    guest.server.kill()
    guest.server.start()
    assert state_of(guest.server.client("ec2"), guest.id) == "running"
    assert guest.process() == before and float(guest.ssh("cut -d' ' -f1 /proc/uptime")) > up
    # What the server does for a guest goes on: metadata, DHCP.
    def served():
        with contextlib.suppress(AssertionError):
            return guest.metadata("meta-data/instance-id") == guest.id

    until("metadata is served again", served)
    guest.ssh("udhcpc -i eth0 -n -q -S -t 5 -T 2 -s /run/udhcpc.sh", user="root")
    assert guest.console().count("@@ ready") == 1


def test_it_reboots_in_place(guest, ec2):
    ec2 = guest.server.client("ec2")
    ec2.reboot_instances(InstanceIds=[guest.id])
    console = guest.await_boots(2)
    assert "boot-count=2" in console and "already-ran" in console
    assert state_of(ec2, guest.id) == "running"
    guest.process()


def made(ec2, guest, **asked):
    """An available volume in the guest's zone."""
    zone = guest.described()["Placement"]["AvailabilityZone"]
    id = ec2.create_volume(AvailabilityZone=zone, **asked)["VolumeId"]
    until(f"{id} is available", lambda: ec2.describe_volumes(VolumeIds=[id])["Volumes"][0]["State"] == "available")
    return id


def attached(ec2, volume):
    """The state of its attachment, if it has one."""
    return next((a["State"] for a in ec2.describe_volumes(VolumeIds=[volume])["Volumes"][0]["Attachments"]), None)


def snapshot(ec2, volume):
    id = ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    until(f"{id} is complete", lambda: ec2.describe_snapshots(SnapshotIds=[id])["Snapshots"][0]["State"] == "completed")
    return id


GIB = 1 << 30


def test_volumes_come_grow_and_go_while_it_runs(guest):
    ec2 = guest.server.client("ec2")
    volume = made(ec2, guest, Size=2)
    file = guest.server.data / "volumes" / f"{volume}.0"
    assert file.stat().st_blocks * 512 < 1 << 20, "it is sparse"
    ec2.attach_volume(VolumeId=volume, InstanceId=guest.id, Device="/dev/sdf")
    until("it is attached", lambda: attached(ec2, volume) == "attached")
    serial = volume.replace("-", "")
    until("the guest sees it", lambda: f"@@ disk vdb kind=blank size={2 * GIB} serial={serial}" in guest.console())

    write = "echo {} | dd of=/dev/vdb bs=512 seek=8 conv=fsync,notrunc 2>/dev/null"
    read = "dd if=/dev/{} bs=512 skip=8 count=1 2>/dev/null | head -1"
    guest.ssh(write.format("before"), user="root")
    taken = snapshot(ec2, volume)
    guest.ssh(write.format("after"), user="root")
    ec2.modify_volume(VolumeId=volume, Size=3)
    until("it has grown", lambda: guest.ssh("cat /sys/block/vdb/size", user="root") == str(3 * GIB // 512))
    until("the modification is complete", lambda: ec2.describe_volumes_modifications(
        VolumeIds=[volume])["VolumesModifications"][0]["ModificationState"] == "completed")

    # The server dies between a snapshot and what it takes; the guest writes on.
    again = ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    guest.server.kill()
    guest.server.start()
    ec2 = guest.server.client("ec2")
    until("the second snapshot is complete", lambda: ec2.describe_snapshots(SnapshotIds=[again])["Snapshots"][0]["State"] == "completed")
    guest.ssh(write.format("later"), user="root")

    for source, size, words in [(taken, 2, "before"), (again, 3, "after")]:
        copy = made(ec2, guest, SnapshotId=source)
        ec2.attach_volume(VolumeId=copy, InstanceId=guest.id, Device="/dev/sdg")
        until("the copy is attached", lambda: attached(ec2, copy) == "attached")
        seen = f"{copy.replace('-', '')}{size * GIB // 512}"
        look = "cat /sys/block/vdc/serial /sys/block/vdc/size 2>/dev/null | tr -d '\\n'"
        until("the guest sees the copy", lambda: guest.ssh(look, user="root") == seen)
        assert guest.ssh(read.format("vdc"), user="root") == words
        ec2.detach_volume(VolumeId=copy)
        until("the copy is detached", lambda: attached(ec2, copy) is None)
        until("the guest has no copy", lambda: guest.ssh("ls /sys/block | grep -c vd", user="root") == "2")
        ec2.delete_volume(VolumeId=copy)
        ec2.delete_snapshot(SnapshotId=source)
        until("its file is gone", lambda: not list((guest.server.data / "volumes").glob(f"{copy}*")))
    assert guest.ssh(read.format("vdb"), user="root") == "later"


def test_it_stops_and_starts_on_the_same_disk_and_address(guest, host):
    ec2 = guest.server.client("ec2")
    address = guest.described()["PrivateIpAddress"]
    card = ec2.create_network_interface(SubnetId=guest.described()["SubnetId"])["NetworkInterface"]
    attach = {"NetworkInterfaceId": card["NetworkInterfaceId"], "InstanceId": guest.id, "DeviceIndex": 1}
    ec2.stop_instances(InstanceIds=[guest.id])
    await_state(ec2, guest.id, "stopped", 150)
    assert host.guests(guest.id) == []
    ec2.attach_network_interface(**attach)
    [old] = ec2.describe_volumes(Filters=[{"Name": "attachment.instance-id", "Values": [guest.id]}])["Volumes"]
    volume = made(ec2, guest, Size=1)
    ec2.attach_volume(VolumeId=volume, InstanceId=guest.id, Device="/dev/sdb")
    assert attached(ec2, volume) == "attached"
    still = snapshot(ec2, old["VolumeId"])
    ec2.start_instances(InstanceIds=[guest.id])
    await_state(ec2, guest.id, "running")
    until("the third boot", lambda: "boot-count=3" in guest.console(), BOOT, every=0.5)
    assert guest.described()["PrivateIpAddress"] == address
    until("it is ready again", lambda: "@@ ready" in guest.console().rsplit("boot-count=3", 1)[1], BOOT, every=0.5)
    cards = guest.ssh("cat /sys/class/net/eth*/address").split()
    sizes = guest.ssh("cat /sys/block/vdb/size /sys/block/vdc/size", user="root").split()
    assert sizes == [str(3 * GIB // 512), str(GIB // 512)], "the disks are there from the start"
    assert guest.ssh("dd if=/dev/vdb bs=512 skip=8 count=1 2>/dev/null | head -1", user="root") == "later"
    ec2.delete_snapshot(SnapshotId=still)
    keep = [{"DeviceName": "/dev/sdb", "Ebs": {"DeleteOnTermination": True}}]
    ec2.modify_instance_attribute(InstanceId=guest.id, BlockDeviceMappings=keep)
    assert cards == [n["MacAddress"] for n in guest.described()["NetworkInterfaces"]] and cards[1] == card["MacAddress"]


def test_a_guest_that_powers_itself_off_is_stopped(guest, host):
    guest.ssh("(sleep 1; poweroff -f) >/dev/null 2>&1 &", user="root")
    await_state(guest.server.client("ec2"), guest.id, "stopped")


def test_the_server_dies_during_launches_and_each_comes_up_once(server, host, images, guest):
    """kill -9 at three moments of a launch; kernel and ramdisk boot directly here."""
    launched = []
    for delay in (0.0, 0.15, 0.6):
        answer = server.client("ec2").run_instances(
            ImageId=images["machine"], KernelId=images["kernel"], RamdiskId=images["ramdisk"], InstanceType="m1.tiny",
            MinCount=1, MaxCount=1)
        launched.append(Guest(server, host, answer["Instances"][0]["InstanceId"]))
        time.sleep(delay)  # not a wait: the moment of the power cut
        server.kill()
        server.start()
    ec2 = server.client("ec2")
    for new in launched:
        await_state(ec2, new.id, "running", 120)
        new.process()
    domains = [p for p in host.processes().values() if "guest=i-" in p and p.startswith("/usr/bin/qemu")]
    assert len(domains) == len(launched)
    console = launched[-1].await_boots(1)
    assert f"@@ imds instance-id={launched[-1].id}" in console and "<kernel>" in (launched[-1].folder / "libvirt.xml").read_text()
    assert len({new.described()["PrivateIpAddress"] for new in launched}) == len(launched)
    ec2.terminate_instances(InstanceIds=[new.id for new in launched])
    for new in launched:
        await_state(ec2, new.id, "terminated", 120)


def test_nothing_is_left_of_what_ended(server, host, guest):
    ec2 = server.client("ec2")
    ec2.terminate_instances(InstanceIds=[guest.id])
    await_state(ec2, guest.id, "terminated")
    assert host.guests() == []
    for folder in (server.data / "instances").glob("i-*"):
        assert {f.name for f in folder.iterdir()} <= {"console.log"}
    assert not re.search(r"\bnt[0-9a-f]", host.run("ip", "-o", "link"))
    until("the rules are gone", lambda: "nt" not in re.findall(r'"(nt)[0-9a-f]+"', host.run("nft", "list", "ruleset")))
    [left] = ec2.describe_volumes()["Volumes"]
    assert (left["Size"], left["State"]) == (3, "available"), "what was to go with the instance went"
    ec2.delete_volume(VolumeId=left["VolumeId"])
    until("no volume's file is left", lambda: not list((server.data / "volumes").iterdir()))
    assert "@@ ready" in guest.console(), "the console of a terminated instance can still be read"
