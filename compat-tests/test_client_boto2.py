"""boto 2.49, the library of 2018 and before, which signs with V2 unless told otherwise."""

import io
import os
import sys
import urllib.request

import cloud
import pytest
from clients import MIB, ODD_KEYS

if sys.version_info >= (3, 12):
    pytest.skip("boto 2.49 does not run on Python 3.12 and later", allow_module_level=True)
boto = pytest.importorskip("boto", reason="boto is not installed: pip install boto==2.49.0")
from boto.s3.connection import OrdinaryCallingFormat, S3Connection  # noqa: E402
from boto.s3.cors import CORSConfiguration  # noqa: E402
from boto.s3.lifecycle import Expiration, Lifecycle, Rule  # noqa: E402
from boto.s3.tagging import Tags, TagSet  # noqa: E402


@pytest.fixture(params=["v2", "v4", "nova's path"])
def connection(request, server, monkeypatch):
    if request.param == "v4":
        monkeypatch.setenv("S3_USE_SIGV4", "True")
        made = S3Connection(server.account.key, server.account.secret, host=server.host, port=server.port, is_secure=False,
                            calling_format=OrdinaryCallingFormat())
        made._auth_handler.region_name = "us-east-1"  # It finds no region in a bare address.
        return made
    return server.boto2_s3(path="/" if request.param == "v2" else "/services/objectstorage")


def test_objects(connection, fresh_bucket):
    bucket = connection.get_bucket(fresh_bucket)
    # boto 2 does not keep what a URL would fold: `//` and `..` are left to newer clients.
    keys = [k for k in ODD_KEYS if not (k.startswith(("/", "..")) or "//" in k or "/./" in k)]
    for name in keys:
        bucket.new_key(name).set_contents_from_string(name.encode())
    for name in keys:
        assert bucket.get_key(name).get_contents_as_string() == name.encode()
    assert sorted(k.name for k in bucket.list()) == sorted(keys)
    assert [p.name for p in bucket.list(delimiter="/")][-1] == "ünï/"
    bucket.copy_key("copy", fresh_bucket, keys[1])
    assert bucket.get_key("copy").get_contents_as_string() == keys[1].encode()
    assert len(bucket.delete_keys(["copy", *keys]).deleted) == len(keys) + 1
    assert bucket.get_key("copy") is None


def test_metadata_and_links(connection, fresh_bucket):
    bucket = connection.get_bucket(fresh_bucket)
    key = bucket.new_key("dir/key one+x")
    key.set_metadata("colour", "blue")
    key.set_contents_from_string("hello", headers={"Content-Type": "text/plain"}, policy="aws-exec-read")
    again = bucket.get_key("dir/key one+x")
    assert (again.get_metadata("colour"), again.content_type, again.size) == ("blue", "text/plain", 5)
    assert again.md5 is None and again.etag == '"5d41402abc4b2a76b9719d911017c592"'
    if not hasattr(connection._auth_handler, "region_name"):  # With V4, boto 2 signs the port of such a URL twice.
        assert urllib.request.urlopen(again.generate_url(60)).read() == b"hello"
    bucket.set_acl("public-read", "dir/key one+x")
    assert len(again.get_acl().acl.grants) == 2
    again.set_remote_metadata({"colour": "red"}, [], True)
    assert bucket.get_key("dir/key one+x").get_metadata("colour") == "red"


def test_large_ones(connection, fresh_bucket, tmp_path):
    bucket = connection.get_bucket(fresh_bucket)
    upload = bucket.initiate_multipart_upload("multi")
    for n in (1, 2):
        upload.upload_part_from_file(io.BytesIO(bytes([n]) * 5 * MIB), n)
    assert [p.part_number for p in upload] == [1, 2]
    assert [u.id for u in bucket.get_all_multipart_uploads()] == [upload.id]
    upload.complete_upload()
    whole = bucket.get_key("multi")
    assert whole.size == 10 * MIB
    assert whole.get_contents_as_string(headers={"Range": "bytes=5242879-5242880"}) == b"\1\2"
    whole.get_contents_to_filename(str(tmp_path / "f"))
    assert os.path.getsize(tmp_path / "f") == 10 * MIB
    bucket.initiate_multipart_upload("other").cancel_upload()


def test_configurations(connection, fresh_bucket):
    bucket = connection.get_bucket(fresh_bucket)
    assert bucket.get_location() == ""
    bucket.configure_versioning(True)
    assert bucket.get_versioning_status() == {"Versioning": "Enabled"}
    versions = []
    for text in ("1", "2"):
        key = bucket.new_key("v")
        key.set_contents_from_string(text)
        versions.append(key.version_id)
    assert bucket.get_key("v", version_id=versions[0]).get_contents_as_string() == b"1"
    bucket.delete_key("v")
    assert len(list(bucket.list_versions())) == 3
    rules = Lifecycle()
    rules.append(Rule("old", "logs/", "Enabled", expiration=Expiration(days=30)))
    assert bucket.configure_lifecycle(rules)
    assert bucket.get_lifecycle_config()[0].expiration.days == 30
    cors = CORSConfiguration()
    cors.add_rule("GET", "*")
    assert bucket.set_cors(cors) and bucket.get_cors()[0].allowed_origin == ["*"]
    tags, inner = Tags(), TagSet()
    inner.add_tag("a", "1")
    tags.add_tag_set(inner)
    assert bucket.set_tags(tags) and bucket.get_tags()[0][0].value == "1"
    bucket.set_policy('{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:DeleteBucketPolicy",'
                      f'"Resource":"arn:aws:s3:::{fresh_bucket}","Condition":{{"Bool":{{"aws:SecureTransport":"true"}}}}}}]}}')
    assert b"Deny" in bucket.get_policy()
    bucket.delete_policy()


def test_what_a_user_is_told(connection, server, fresh_bucket, monkeypatch):
    assert connection.lookup("no-such-bucket-here") is None
    with pytest.raises(boto.exception.S3ResponseError) as told:
        connection.get_bucket("no-such-bucket-here", validate=False).get_all_keys()
    assert (told.value.status, told.value.error_code) == (404, "NoSuchBucket")
    connection.get_bucket(fresh_bucket).new_key("k").set_contents_from_string("x")
    with pytest.raises(boto.exception.S3ResponseError) as told:
        connection.delete_bucket(fresh_bucket)
    assert (told.value.status, told.value.error_code) == (409, "BucketNotEmpty")
    monkeypatch.delenv("S3_USE_SIGV4", raising=False)
    with pytest.raises(boto.exception.S3CreateError) as told:
        server.boto2_s3(cloud.OTHER).create_bucket(fresh_bucket)
    assert told.value.error_code == "BucketAlreadyExists"
