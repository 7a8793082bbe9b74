"""Images made of real guests: what the guest wrote is in them. Needs what test_real_machines.py needs."""

import subprocess

import pytest

import cloud
from cloud import await_state, state_of, until
from test_real_machines import BOOT, Guest, ec2, host, images, pytestmark, server  # noqa: F401: fixtures

RUN = {"InstanceType": "m1.tiny", "MinCount": 1, "MaxCount": 1}


@pytest.fixture(scope="module")
def key(ec2, tmp_path_factory):
    file = tmp_path_factory.mktemp("key") / "images.pem"
    file.touch(0o600)
    file.write_text(ec2.create_key_pair(KeyName="images", KeyType="ed25519")["KeyMaterial"])
    return file


@pytest.fixture(scope="module")
def launch(server, host, ec2, key):
    """Launch an image and wait until it is up; all of them end with the tests."""
    launched = []

    def launch(image, **more):
        id = ec2.run_instances(ImageId=image, KeyName="images", **RUN, **more)["Instances"][0]["InstanceId"]
        guest = Guest(server, host, id, key)
        launched.append(guest)
        await_state(ec2, id, "running", 120)
        guest.await_boots(1)
        return guest

    yield launch
    ec2 = server.client("ec2")  # it may have been started anew
    ec2.terminate_instances(InstanceIds=[guest.id for guest in launched])
    for guest in launched:
        await_state(ec2, guest.id, "terminated", 120)


def available(ec2, image):
    def settled():
        described = ec2.describe_images(ImageIds=[image])["Images"][0]
        return described if described["State"] != "pending" else None

    described = until(f"{image} is made", settled, 180)
    assert described["State"] == "available", described
    return described


@pytest.fixture(scope="module")
def guest(launch, images):
    guest = launch(images["machine"])
    guest.ssh("echo kept > /data/mine; sync", user="root")
    return guest


def test_an_image_of_a_running_guest_has_what_it_wrote(guest, launch, ec2, host, server):
    made = ec2.create_image(InstanceId=guest.id, Name="of a running one", Description="with a reboot")["ImageId"]
    seen = set()

    def made_and_up():
        seen.add(state_of(ec2, guest.id))
        return "boot-count=2" in guest.console() and "@@ ready" in guest.console().rsplit("boot-count=2", 1)[1]

    until("the guest is up again", made_and_up, BOOT + 120, every=0.2)
    assert seen == {"running"}, "to clients it runs all the while"
    image = available(ec2, made)
    assert (image["SourceInstanceId"], image["RootDeviceName"]) == (guest.id, guest.described()["RootDeviceName"])
    file = server.data / "images" / made.split("-")[1] / "image"
    info = subprocess.run(["qemu-img", "info", file], check=True, capture_output=True, text=True).stdout
    assert "backing file" not in info and "virtual size: 1 GiB" in info, info
    assert guest.ssh("cat /data/mine") == "kept", "the instance goes on with its own disk"
    again = launch(made)
    assert again.ssh("cat /data/mine") == "kept"
    assert again.described()["ImageId"] == made
    again.ssh("echo other > /data/mine", user="root")
    assert guest.ssh("cat /data/mine") == "kept"


def test_without_a_reboot_the_guest_stands_still_for_a_moment_only(guest, launch, ec2):
    boots, process = guest.console().count("@@ ready"), guest.process()
    guest.ssh("echo still > /data/mine; sync", user="root")
    made = ec2.create_image(InstanceId=guest.id, Name="without a reboot", NoReboot=True)["ImageId"]
    available(ec2, made)
    assert (guest.console().count("@@ ready"), guest.process()) == (boots, process)
    assert guest.ssh("cat /data/mine") == "still"
    assert launch(made).ssh("cat /data/mine") == "still"


def test_an_image_survives_the_death_of_the_server_and_of_its_instance(guest, ec2, server, host):
    """kill -9 while the guest goes off for it: the guest comes up again, the image is made, once."""
    ec2.stop_instances(InstanceIds=[guest.id])
    await_state(ec2, guest.id, "stopped", 150)
    stopped = available(ec2, ec2.create_image(InstanceId=guest.id, Name="of a stopped one")["ImageId"])
    assert host.guests(guest.id) == [] and stopped["State"] == "available"
    ec2.start_instances(InstanceIds=[guest.id])
    boots = guest.console().count("@@ ready")
    guest.await_boots(boots + 1)
    made = ec2.create_image(InstanceId=guest.id, Name="through a crash")["ImageId"]
    server.kill()
    server.start()
    ec2 = server.client("ec2")
    available(ec2, made)
    guest.await_boots(boots + 2)
    assert state_of(ec2, guest.id) == "running"
    guest.process()
    assert not list((server.data / "images").glob(".ami-*")), "no copy of the disk is left"
