"""What the API says of a launch is so in its guest: cards, processors, metadata, keys; and every way to launch makes machines.

Needs what test_real_machines.py needs."""

import base64
import contextlib
import re
import signal
import socket
import struct
import subprocess

import pytest
from botocore.exceptions import ClientError

import cloud
from cloud import await_state, state_of, until
from test_real_images import available
from test_real_machines import BOOT, Guest, ec2, host, images, pytestmark, server  # noqa: F401: fixtures

TAGS = [{"Key": "Name", "Value": "two cards"}, {"Key": "cost-center", "Value": "ä ö"}]


@pytest.fixture(scope="module")
def key(ec2, tmp_path_factory):
    """A key of the user's own, imported."""
    file = tmp_path_factory.mktemp("key") / "own"
    subprocess.run(["ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-N", "", "-m", "PEM", "-C", "mine@home", "-f", file], check=True)
    ec2.import_key_pair(KeyName="own", PublicKeyMaterial=file.with_suffix(".pub").read_bytes())
    return file


@pytest.fixture(scope="module")
def subnets(ec2):
    """One of the default VPC, and another one in its zone."""
    first = ec2.describe_subnets()["Subnets"][0]
    second = ec2.create_subnet(VpcId=first["VpcId"], CidrBlock="172.31.240.0/24", AvailabilityZone=first["AvailabilityZone"])["Subnet"]
    return first["SubnetId"], second["SubnetId"]


@pytest.fixture(scope="module")
def guest(server, host, ec2, images, key, subnets):
    """A guest with two cards whose life the tests of this file tell, in their order."""
    group = ec2.create_security_group(GroupName="second card", Description="of the second card")["GroupId"]
    launched = ec2.run_instances(
        ImageId=images["machine"], InstanceType="t3.micro", KeyName="own", MinCount=1, MaxCount=1, UserData="#!/bin/sh\necho once\n",
        NetworkInterfaces=[
            {"DeviceIndex": 0, "SubnetId": subnets[0], "DeleteOnTermination": True},
            {"DeviceIndex": 1, "SubnetId": subnets[1], "PrivateIpAddress": "172.31.240.77", "Groups": [group]},
        ],
        MetadataOptions={"HttpTokens": "required", "HttpPutResponseHopLimit": 3, "InstanceMetadataTags": "enabled"},
        CpuOptions={"CoreCount": 1, "ThreadsPerCore": 1},
        TagSpecifications=[{"ResourceType": "instance", "Tags": TAGS}],
    )["Instances"][0]
    return Guest(server, host, launched["InstanceId"], key)


def cards(guest):
    """What the guest has: address by MAC."""
    seen = guest.ssh("for n in /sys/class/net/eth*; do cat $n/address; ip -4 -o addr show ${n##*/}; echo; done")
    return dict(re.findall(r"^([0-9a-f:]{17})\n(?:.* inet ([0-9.]+)/)?", seen, re.M))


def described_cards(guest):
    return {n["MacAddress"]: n["PrivateIpAddress"] for n in guest.described()["NetworkInterfaces"]}


def test_a_launch_with_two_cards_and_an_imported_key(guest, ec2):
    await_state(ec2, guest.id, "running")
    console = guest.await_boots(1)
    assert "@@ imds-token http=200" in console and "once\n@@ user-data-end exit=0" in console
    assert cards(guest) == described_cards(guest) and len(cards(guest)) == 2
    assert guest.metadata("meta-data/public-keys/0/openssh-key").startswith("ssh-rsa ")
    listed = guest.metadata("meta-data/network/interfaces/macs/").split("\n")
    assert sorted(listed) == sorted(f"{mac}/" for mac in described_cards(guest))
    for card in guest.described()["NetworkInterfaces"]:
        at = f"meta-data/network/interfaces/macs/{card['MacAddress']}"
        said = {name: guest.metadata(f"{at}/{name}") for name in
                ("device-number", "interface-id", "local-ipv4s", "subnet-id", "security-groups", "vpc-id")}
        assert said == {
            "device-number": str(card["Attachment"]["DeviceIndex"]), "interface-id": card["NetworkInterfaceId"],
            "local-ipv4s": card["PrivateIpAddress"], "subnet-id": card["SubnetId"], "vpc-id": card["VpcId"],
            "security-groups": card["Groups"][0]["GroupName"],
        }


def has_its_types_size(guest, ec2):
    of_type = ec2.describe_instance_types(InstanceTypes=[guest.described()["InstanceType"]])["InstanceTypes"][0]
    total = int(guest.ssh("awk '/MemTotal/ { print $2 }' /proc/meminfo")) // 1024
    size = of_type["MemoryInfo"]["SizeInMiB"]
    assert size * 0.85 < total <= size, (size, total)
    options = guest.described()["CpuOptions"]
    processors = guest.ssh("grep -c ^processor /proc/cpuinfo; cat /sys/devices/system/cpu/cpu*/topology/physical_package_id").split()
    assert processors == [str(options["CoreCount"] * options["ThreadsPerCore"]), *"0" * int(processors[0])], "on one socket"
    return of_type["VCpuInfo"]["DefaultVCpus"]


def test_memory_is_its_types_and_processors_are_as_asked(guest, ec2):
    assert has_its_types_size(guest, ec2) == 2, "as many as others of the type have"
    assert guest.ssh("nproc; sed -n 's/^cpu cores.*: //p' /proc/cpuinfo").split() == ["1", "1"]


def test_a_card_comes_to_a_running_guest_and_goes(guest, ec2, subnets):
    made = ec2.create_network_interface(SubnetId=subnets[0], Description="hot")["NetworkInterface"]
    mac, eni = made["MacAddress"], made["NetworkInterfaceId"]
    # The type has room for two: one has to go first.
    with pytest.raises(ClientError, match="AttachmentLimitExceeded"):
        ec2.attach_network_interface(NetworkInterfaceId=eni, InstanceId=guest.id, DeviceIndex=2)
    first, second = guest.described()["NetworkInterfaces"]
    with pytest.raises(ClientError, match="OperationNotPermitted"):
        ec2.detach_network_interface(AttachmentId=first["Attachment"]["AttachmentId"])
    ec2.detach_network_interface(AttachmentId=second["Attachment"]["AttachmentId"])
    until("the guest has seen it go", lambda: "@@ hotplug remove eth1" in guest.console())
    assert list(cards(guest)) == [first["MacAddress"]]
    ec2.attach_network_interface(NetworkInterfaceId=eni, InstanceId=guest.id, DeviceIndex=1)
    until("the guest has the card and its address", lambda: cards(guest).get(mac) == made["PrivateIpAddress"], every=0.5)
    assert cards(guest) == described_cards(guest)
    assert f"{mac}/" in guest.metadata("meta-data/network/interfaces/macs/")
    # Taken and given again, without a moment between.
    for _ in range(2):
        attachment = guest.described()["NetworkInterfaces"][1]["Attachment"]["AttachmentId"]
        ec2.detach_network_interface(AttachmentId=attachment)
        ec2.attach_network_interface(NetworkInterfaceId=eni, InstanceId=guest.id, DeviceIndex=1)
    until("the card is back", lambda: mac in cards(guest))
    guest.ssh("ip link set eth1 up; udhcpc -i eth1 -n -q -S -t 5 -T 2 -s /run/udhcpc.sh", user="root")
    guest.server.kill()
    guest.server.start()
    until("the server knows it still", lambda: cards(guest) == described_cards(guest), every=0.5)


def replies(host, guest, ask):
    """The times to live of the metadata service's packets with something in them, while the guest does `ask`."""
    mac = bytes.fromhex(guest.described()["NetworkInterfaces"][0]["MacAddress"].replace(":", ""))
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)) as raw:
        raw.settimeout(1)
        ask()
        seen = set()
        with contextlib.suppress(TimeoutError):
            while True:
                frame = raw.recv(65535)
                ip = frame[14:]
                head, tcp = (ip[0] & 15) * 4, ip[(ip[0] & 15) * 4:]
                length = struct.unpack("!H", ip[2:4])[0] - head - (tcp[12] >> 4) * 4 if ip[9] == 6 else 0
                if frame[:6] == mac and ip[12:16] == socket.inet_aton("169.254.169.254") and length > 0:
                    seen.add(ip[8])
        return seen


TOKEN = (r"printf 'PUT /latest/api/token HTTP/1.0\r\nX-aws-ec2-metadata-token-ttl-seconds: 60\r\nContent-Length: 0\r\n\r\n'"
         " | nc 169.254.169.254 80")
STATUS = "wget -S -qO- http://169.254.169.254/latest/{} 2>&1 | sed -n 's,^ *HTTP/1.1 ,,p'"


def test_metadata_follows_its_options(guest, host):
    ec2 = guest.server.client("ec2")
    assert guest.ssh(STATUS.format("meta-data/instance-id")) == "401 Unauthorized", "tokens are required"
    assert replies(host, guest, lambda: guest.ssh(TOKEN)) == {3}, "an answer to PUT gets no further than the hop limit"
    assert replies(host, guest, lambda: guest.ssh(STATUS.format("meta-data/"))) == {64}
    assert sorted(guest.metadata("meta-data/tags/instance").split("\n")) == sorted(t["Key"] for t in TAGS)
    for tag in TAGS:
        assert guest.metadata(f"meta-data/tags/instance/{tag['Key']}") == tag["Value"]
    ec2.create_tags(Resources=[guest.id], Tags=[{"Key": "late", "Value": "riser"}])
    assert guest.metadata("meta-data/tags/instance/late") == "riser"
    ec2.modify_instance_metadata_options(InstanceId=guest.id, HttpTokens="optional", InstanceMetadataTags="disabled", HttpPutResponseHopLimit=1)
    assert guest.ssh(STATUS.format("meta-data/instance-id")) == "200 OK"
    assert guest.ssh(STATUS.format("meta-data/tags/instance")) == "404 Not Found"
    assert replies(host, guest, lambda: guest.ssh(TOKEN)) == {1}
    ec2.modify_instance_metadata_options(InstanceId=guest.id, HttpEndpoint="disabled")
    assert guest.ssh(STATUS.format("meta-data/instance-id")) == "403 Forbidden", "as AWS answers a guest whose service is off"
    ec2.modify_instance_metadata_options(InstanceId=guest.id, HttpEndpoint="enabled")
    assert guest.ssh(STATUS.format("meta-data/instance-id")) == "200 OK"


def test_what_is_modified_while_stopped_is_so_after_the_start(guest, host, subnets):
    ec2 = guest.server.client("ec2")
    guest.ssh("echo kept > /data/mine; sync", user="root")
    ec2.stop_instances(InstanceIds=[guest.id])
    await_state(ec2, guest.id, "stopped", 150)
    second = guest.described()["NetworkInterfaces"][1]
    ec2.detach_network_interface(AttachmentId=second["Attachment"]["AttachmentId"])
    cold = ec2.create_network_interface(SubnetId=subnets[1], PrivateIpAddress="172.31.240.99")["NetworkInterface"]
    ec2.attach_network_interface(NetworkInterfaceId=cold["NetworkInterfaceId"], InstanceId=guest.id, DeviceIndex=1)
    with pytest.raises(ClientError, match="InvalidParameterValue"):
        ec2.modify_instance_cpu_options(InstanceId=guest.id, CoreCount=2, ThreadsPerCore=2)
    ec2.modify_instance_attribute(InstanceId=guest.id, InstanceType={"Value": "t3.small"})
    ec2.modify_instance_cpu_options(InstanceId=guest.id, CoreCount=1, ThreadsPerCore=2)
    ec2.modify_instance_attribute(InstanceId=guest.id, UserData={"Value": b"#!/bin/sh\necho twice\n"})
    ec2.start_instances(InstanceIds=[guest.id])
    await_state(ec2, guest.id, "running", 120)
    console = guest.await_boots(2)
    assert guest.ssh("cat /data/mine") == "kept"
    assert cards(guest) == described_cards(guest) and cards(guest)[cold["MacAddress"]] == "172.31.240.99"
    # Without KVM, QEMU's threads are cores to the guest.
    assert has_its_types_size(guest, ec2) == int(guest.ssh("nproc")) == 2
    assert guest.metadata("user-data").endswith("echo twice") and guest.metadata("meta-data/instance-type") == "t3.small"
    assert "already-ran" in console, "a script runs once for each instance"


def test_a_reboot_and_the_latest_of_the_console(guest, host):
    ec2, process = guest.server.client("ec2"), guest.process()
    ec2.reboot_instances(InstanceIds=[guest.id])
    guest.await_boots(3)
    assert guest.process() == process
    guest.ssh("echo a line of now > /dev/console", user="root")
    latest = lambda: ec2.get_console_output(InstanceId=guest.id, Latest=True)["Output"]
    until("the line is in the latest output", lambda: "a line of now" in latest())


def bucket_for_tasks(server):
    """A bucket that the exports may write to."""
    with contextlib.suppress(ClientError):
        server.client("s3").create_bucket(Bucket="tasks")
    return "tasks"


def ended(read, state="State"):
    """Wait for a task; its last description."""
    task = until("the task ends", lambda: (t := read())[state] in ("completed", "complete", "failed", "cancelled") and t or (
        t.get("Status") in ("completed", "deleted") and t), 240, every=0.3)
    assert "fail" not in str(task), task
    return task


def test_a_bundle_and_an_export_of_its_disk_boot_elsewhere(guest, host, key, images):
    """Its disk as a bundle and as a file in a bucket: what is made of them boots, as two guests beside each other."""
    server, ec2 = guest.server, guest.server.client("ec2")
    bucket = bucket_for_tasks(server)
    storage = {"S3": {"Bucket": bucket, "Prefix": "whole", "AWSAccessKeyId": cloud.MAIN.key}}
    bundle = ec2.bundle_instance(InstanceId=guest.id, Storage=storage)["BundleTask"]["BundleId"]
    ended(lambda: ec2.describe_bundle_tasks(BundleIds=[bundle])["BundleTasks"][0])
    registered = server.registered(f"{bucket}/whole.manifest.xml", Name="bundled")
    assert registered["State"] == "available", registered
    ec2.stop_instances(InstanceIds=[guest.id], Force=True)
    await_state(ec2, guest.id, "stopped", 150)
    task = ec2.create_instance_export_task(InstanceId=guest.id, TargetEnvironment="vmware", ExportToS3Task={
        "DiskImageFormat": "VMDK", "S3Bucket": bucket, "S3Prefix": "out/"})["ExportTask"]["ExportTaskId"]
    exported = ended(lambda: ec2.describe_export_tasks(ExportTaskIds=[task])["ExportTasks"][0])
    disk = {"Format": "vmdk", "UserBucket": {"S3Bucket": bucket, "S3Key": exported["ExportToS3Task"]["S3Key"]}}
    task = ec2.import_image(DiskContainers=[disk], Architecture="x86_64")["ImportTaskId"]
    imported = ended(lambda: ec2.describe_import_image_tasks(ImportTaskIds=[task])["ImportImageTasks"][0], "Status")["ImageId"]
    made = [ec2.run_instances(ImageId=image, InstanceType="m1.tiny", KeyName="own", MinCount=1, MaxCount=1)["Instances"][0]
            for image in (registered["ImageId"], imported)]
    guests = [Guest(server, host, one["InstanceId"], key) for one in made]
    for one in guests:
        one.await_boots(1)
        assert one.ssh("cat /data/mine") == "kept"
    ec2.terminate_instances(InstanceIds=[guest.id, *(one.id for one in guests)])


def test_every_way_to_launch_makes_machines(server, host, images, key):
    """A template, a fleet, a spot request: each guest runs its user data, and ends as it is told to."""
    ec2 = server.client("ec2")
    said = lambda words: base64.b64encode(f"#!/bin/sh\necho it is {words}\n".encode()).decode()
    common = {"ImageId": images["machine"], "KernelId": images["kernel"], "RamDiskId": images["ramdisk"], "InstanceType": "m1.tiny", "KeyName": "own"}
    template = ec2.create_launch_template(LaunchTemplateName="real", LaunchTemplateData={
        **common, "UserData": said("the first version"), "InstanceInitiatedShutdownBehavior": "terminate"})["LaunchTemplate"]
    ec2.create_launch_template_version(LaunchTemplateId=template["LaunchTemplateId"], SourceVersion="1", LaunchTemplateData={
        "UserData": said("the second version"), "InstanceInitiatedShutdownBehavior": "stop"})
    launched = {"first version": ec2.run_instances(
        LaunchTemplate={"LaunchTemplateName": "real"}, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]}
    fleet = ec2.create_fleet(Type="instant", TargetCapacitySpecification={"TotalTargetCapacity": 1, "DefaultTargetCapacityType": "on-demand"},
                             LaunchTemplateConfigs=[{"LaunchTemplateSpecification": {"LaunchTemplateName": "real", "Version": "$Latest"}}])
    launched["second version"] = fleet["Instances"][0]["InstanceIds"][0]
    del common["RamDiskId"]
    spot = ec2.request_spot_instances(InstanceCount=1, LaunchSpecification={
        **common, "RamdiskId": images["ramdisk"], "UserData": said("a spot instance")})["SpotInstanceRequests"][0]["SpotInstanceRequestId"]
    request = lambda: ec2.describe_spot_instance_requests(SpotInstanceRequestIds=[spot])["SpotInstanceRequests"][0]
    until("the request is fulfilled", lambda: request()["State"] == "active")
    launched["spot instance"] = request()["InstanceId"]
    guests = {words: Guest(server, host, id, key) for words, id in launched.items()}
    for words, guest in guests.items():
        assert f"it is the {words}".replace("the spot", "a spot") in guest.await_boots(1)
    first, second, bought = guests.values()
    assert bought.metadata("meta-data/instance-life-cycle") == "spot"

    # The guest's own will, by the shutdown behaviour of each; and the machine's end from outside.
    first.ssh("(sleep 1; poweroff -f) >/dev/null 2>&1 &", user="root")
    host.run("kill", "-TERM", second.process())
    await_state(ec2, first.id, "terminated")
    await_state(ec2, second.id, "stopped")
    assert second.described()["StateReason"]["Code"] == "Client.InstanceInitiatedShutdown"
    ec2.cancel_spot_instance_requests(SpotInstanceRequestIds=[spot])
    assert (request()["State"], state_of(ec2, bought.id)) == ("cancelled", "running"), "who cancels keeps what runs"
    before = bought.process()
    host.run("kill", "-KILL", before)
    until("a machine that crashed is up again", lambda: host.guests(bought.id) not in ([], [before]))
    bought.await_boots(2)
    a_card_is_waited_for_until_its_guest_lets_go(ec2, bought, second)
    ec2.terminate_instances(InstanceIds=[second.id])
    for one in (second, bought):
        await_state(ec2, one.id, "terminated", 120)
    assert host.guests() == []


def a_card_is_waited_for_until_its_guest_lets_go(ec2, holder, stopped):
    """A guest that is stuck gives no card back: the instance that is to have it starts as soon as the guest is gone."""
    subnet = holder.described()["SubnetId"]
    made = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]
    mac, eni = made["MacAddress"], made["NetworkInterfaceId"]
    attachment = ec2.attach_network_interface(NetworkInterfaceId=eni, InstanceId=holder.id, DeviceIndex=1)["AttachmentId"]
    until("the guest has the card", lambda: mac in cards(holder), every=0.5)
    holder.ssh("(sleep 1; echo 0 > /proc/sys/kernel/panic; echo c > /proc/sysrq-trigger) >/dev/null 2>&1 &", user="root")
    until("its kernel is stuck", lambda: "sysrq triggered crash" in holder.console().lower(), 60)
    ec2.detach_network_interface(AttachmentId=attachment)
    ec2.attach_network_interface(NetworkInterfaceId=eni, InstanceId=stopped.id, DeviceIndex=1)
    boots = stopped.console().count("@@ ready")
    ec2.start_instances(InstanceIds=[stopped.id])
    held = lambda: stopped.server.log.read_text().count(f"the guest still holds {eni}")
    until("it is waited for, more often than a start is tried", lambda: held() > 3, 120)
    assert state_of(ec2, stopped.id) == "pending" and holder.host.guests(stopped.id) == []
    ec2.terminate_instances(InstanceIds=[holder.id])
    await_state(ec2, stopped.id, "running", 120)
    stopped.await_boots(boots + 1)
    assert cards(stopped) == described_cards(stopped) and mac in cards(stopped)
