"""One server with the simulated driver for all tests of the API; its clients' environment is everybody's."""

import os
import shutil
import tempfile
import uuid

import pytest

import cloud

_session = {}


def pytest_sessionstart(session):
    """Before collection, because s3_core.py reads the address from the environment when it is read itself."""
    if not cloud.PROGRAM.exists():
        raise pytest.UsageError(f"{cloud.PROGRAM} is not built; run `cargo build`, or scripts/test for everything")
    folder = tempfile.mkdtemp(prefix="novella-tests.")
    server = cloud.Server(folder, "--driver", "simulated").start()
    os.environ.update(server.environment())
    os.environ.update(ALT_AWS_ACCESS_KEY_ID=cloud.OTHER.key, ALT_AWS_SECRET_ACCESS_KEY=cloud.OTHER.secret)
    _session.update(server=server, folder=folder)


def pytest_collection_modifyitems(items):
    """What takes long and is of one client only is left to scripts/compat, which sets COMPAT."""
    if not os.environ.get("COMPAT"):
        for item in items:
            if item.get_closest_marker("long"):
                item.add_marker(pytest.mark.skip("scripts/compat runs it"))


def pytest_sessionfinish(session):
    if server := _session.get("server"):
        server.stop()
        shutil.rmtree(_session["folder"])


@pytest.fixture(scope="session")
def server():
    return _session["server"]


@pytest.fixture(scope="session")
def ec2(server):
    """boto3, as the account of most tests."""
    return server.client("ec2")


@pytest.fixture(scope="session")
def tiny_image(tmp_path_factory):
    """A megabyte that is a disk image for those who never boot it."""
    file = tmp_path_factory.mktemp("image") / "tiny.img"
    file.write_bytes(os.urandom(1 << 20))
    return file


@pytest.fixture(scope="session")
def tiny_bundle(tiny_image, tmp_path_factory):
    return _session["server"].bundle(tiny_image, "tiny", tmp_path_factory.mktemp("bundle"))


@pytest.fixture(scope="session", autouse=True)
def tiny_ami(tiny_bundle):
    """There from the beginning: ec2_core.py launches it too."""
    server = _session["server"]  # by this name, because test_real_machines.py has a fixture `server` of its own
    image = server.registered(server.upload(tiny_bundle, "shared-images", "tiny/"))
    assert image["State"] == "available", image
    os.environ["EC2_TEST_IMAGE"] = image["ImageId"]
    return image["ImageId"]


@pytest.fixture
def fresh_bucket(server):
    """The name of a bucket that is there for one test; whatever is in it goes with it."""
    name = f"client-{uuid.uuid4().hex[:12]}"
    s3 = server.client("s3")
    s3.create_bucket(Bucket=name)
    yield name
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=name):
        for one in page.get("Versions", []) + page.get("DeleteMarkers", []):
            s3.delete_object(Bucket=name, Key=one["Key"], VersionId=one["VersionId"])
    s3.delete_bucket(Bucket=name)


@pytest.fixture
def keys_of(server):
    """Every object of a bucket: key and content, as boto3 sees it."""
    s3 = server.client("s3")

    def read(bucket, prefix=""):
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        keys = [o["Key"] for page in pages for o in page.get("Contents", [])]
        return {key: s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}

    return read
