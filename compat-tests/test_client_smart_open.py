"""smart_open: objects as Python's files."""

import gzip
import os

import pytest
from clients import MIB

smart_open = pytest.importorskip("smart_open", reason="smart_open is not installed: pip install 'smart_open[s3]'")
from smart_open import s3 as smart_s3  # noqa: E402

KEYS = ["plain", "a b+c%20d", "ünï/ç☃", "a//b", "trail.", "q=x&y"]


@pytest.fixture
def opened(server, fresh_bucket):
    def call(key, mode="r", **more):
        parameters = {"client": server.client("s3"), **more}
        return smart_open.open(f"s3://{fresh_bucket}/{key}", mode, transport_params=parameters)

    return call


def test_text_and_lines(opened):
    for key in KEYS:
        with opened(key, "w") as file:
            file.write(f"{key}\nsecond\n")
        with opened(key) as file:
            assert list(file) == [f"{key}\n", "second\n"], key


def test_parts_seeks_and_compression(opened, keys_of, fresh_bucket):
    body = os.urandom(11 * MIB)
    with opened("big", "wb", min_part_size=5 * MIB) as file:
        file.write(body)
    with opened("big", "rb", defer_seek=True) as file:
        file.seek(-7, os.SEEK_END)
        assert file.read() == body[-7:]
        file.seek(5 * MIB - 2)
        assert file.read(4) == body[5 * MIB - 2 : 5 * MIB + 2]
    with opened("small", "wb", multipart_upload=False) as file:
        file.write(b"one put")
    with opened("zipped.gz", "wb") as file:
        file.write(b"squeeze" * 100)
    with opened("zipped.gz", "rb") as file:
        assert file.read() == b"squeeze" * 100
    found = keys_of(fresh_bucket)
    assert gzip.decompress(found["zipped.gz"]) == b"squeeze" * 100 and found["small"] == b"one put"


def test_a_write_that_is_broken_off_leaves_nothing(opened, keys_of, fresh_bucket, server):
    with pytest.raises(ZeroDivisionError):
        with opened("half", "wb", min_part_size=5 * MIB) as file:
            file.write(bytes(6 * MIB))
            raise ZeroDivisionError
    assert keys_of(fresh_bucket) == {}
    assert "Uploads" not in server.client("s3").list_multipart_uploads(Bucket=fresh_bucket)


def test_versions_and_whole_buckets(opened, server, fresh_bucket):
    s3 = server.client("s3")
    s3.put_bucket_versioning(Bucket=fresh_bucket, VersioningConfiguration={"Status": "Enabled"})
    for text in ("one", "two"):
        with opened("v", "w") as file:
            file.write(text)
    old = [v["VersionId"] for v in s3.list_object_versions(Bucket=fresh_bucket)["Versions"] if not v["IsLatest"]]
    with opened("v", version_id=old[0]) as file:
        assert file.read() == "one"
    # The server is in the environment, as a user would have it.
    assert list(smart_s3.iter_bucket(fresh_bucket, workers=1)) == [("v", b"two")]


def test_what_a_user_is_told(opened):
    with pytest.raises(OSError, match="NoSuchKey|absent"):
        opened("absent").read()
