"""minio's Python client."""

import datetime
import io
import os
import urllib.request

import pytest
from clients import MIB, ODD_KEYS

minio = pytest.importorskip("minio", reason="minio's Python client is not installed: pip install minio")
from minio.commonconfig import ENABLED, ComposeSource, CopySource, Filter, Tags  # noqa: E402
from minio.deleteobjects import DeleteObject  # noqa: E402
from minio.lifecycleconfig import Expiration, LifecycleConfig, Rule  # noqa: E402
from minio.versioningconfig import VersioningConfig  # noqa: E402


@pytest.fixture
def client(server):
    return minio.Minio(f"{server.host}:{server.port}", server.account.key, server.account.secret, secure=False)


def read(client, *arguments, **more):
    answer = client.get_object(*arguments, **more)
    try:
        return answer.read()
    finally:
        answer.close()
        answer.release_conn()


def test_objects_with_odd_keys(client, fresh_bucket):
    # The library itself refuses keys with `.` and `..` between slashes.
    keys = [k for k in ODD_KEYS if "./" not in k]
    for key in keys:
        client.put_object(fresh_bucket, key, io.BytesIO(key.encode()), len(key.encode()), metadata={"kind": "odd"})
    for key in keys:
        assert read(client, fresh_bucket, key) == key.encode(), key
        assert client.stat_object(fresh_bucket, key).metadata["x-amz-meta-kind"] == "odd"
    assert sorted(o.object_name for o in client.list_objects(fresh_bucket, recursive=True)) == sorted(keys)
    top = {o.object_name for o in client.list_objects(fresh_bucket)}
    assert {"ünï/", "a/", "/", "plain"} <= top
    assert list(client.remove_objects(fresh_bucket, [DeleteObject(k) for k in keys])) == []
    assert list(client.list_objects(fresh_bucket, recursive=True)) == []


def test_large_ones_and_files(client, fresh_bucket, tmp_path):
    body = os.urandom(11 * MIB)
    (tmp_path / "big").write_bytes(body)
    client.fput_object(fresh_bucket, "big", tmp_path / "big", part_size=5 * MIB)
    client.put_object(fresh_bucket, "stream", io.BytesIO(body), -1, part_size=5 * MIB)
    client.fget_object(fresh_bucket, "big", str(tmp_path / "back"))
    assert (tmp_path / "back").read_bytes() == body == read(client, fresh_bucket, "stream")
    assert read(client, fresh_bucket, "big", offset=5 * MIB - 1, length=3) == body[5 * MIB - 1 : 5 * MIB + 2]
    client.copy_object(fresh_bucket, "copy", CopySource(fresh_bucket, "big"))
    client.compose_object(fresh_bucket, "both", [ComposeSource(fresh_bucket, "big"), ComposeSource(fresh_bucket, "copy")])
    assert read(client, fresh_bucket, "both") == body * 2


def test_versions_tags_and_rules(client, fresh_bucket):
    client.set_bucket_versioning(fresh_bucket, VersioningConfig(ENABLED))
    assert client.get_bucket_versioning(fresh_bucket).status == ENABLED
    ids = [client.put_object(fresh_bucket, "v", io.BytesIO(c), 1).version_id for c in (b"1", b"2")]
    assert read(client, fresh_bucket, "v", version_id=ids[0]) == b"1"
    client.remove_object(fresh_bucket, "v")
    listed = [(o.version_id in ids, o.is_delete_marker) for o in client.list_objects(fresh_bucket, include_version=True)]
    assert sorted(listed) == [(False, True), (True, False), (True, False)]
    tags = Tags.new_bucket_tags()
    tags["project"] = "Novella + more"
    client.set_bucket_tags(fresh_bucket, tags)
    assert client.get_bucket_tags(fresh_bucket) == tags
    rule = Rule(ENABLED, rule_id="old", rule_filter=Filter(prefix="logs/"), expiration=Expiration(days=30))
    client.set_bucket_lifecycle(fresh_bucket, LifecycleConfig([rule]))
    assert client.get_bucket_lifecycle(fresh_bucket).rules[0].expiration.days == 30


def test_presigned_urls(client, fresh_bucket):
    soon = datetime.timedelta(seconds=60)
    put = urllib.request.Request(client.presigned_put_object(fresh_bucket, "a é", soon), b"by url", method="PUT")
    assert urllib.request.urlopen(put).status == 200
    assert urllib.request.urlopen(client.presigned_get_object(fresh_bucket, "a é", soon)).read() == b"by url"


def test_what_a_user_is_told(client, server, fresh_bucket):
    def code(call, *arguments):
        with pytest.raises(minio.error.S3Error) as told:
            call(*arguments)
        return told.value.code

    assert not client.bucket_exists("no-such-bucket-here")
    assert code(client.get_object, "no-such-bucket-here", "k") == "NoSuchBucket"
    assert code(client.get_object, fresh_bucket, "absent") == "NoSuchKey"
    assert code(client.stat_object, fresh_bucket, "absent") == "NoSuchKey"
    client.put_object(fresh_bucket, "k", io.BytesIO(b"x"), 1)
    assert code(client.remove_bucket, fresh_bucket) == "BucketNotEmpty"
    wrong = minio.Minio(f"{server.host}:{server.port}", server.account.key, "wrong", secure=False)
    assert code(wrong.list_buckets) == "SignatureDoesNotMatch"
    unknown = minio.Minio(f"{server.host}:{server.port}", "AKIANOBODY0000000000", "wrong", secure=False)
    assert code(unknown.list_buckets) == "InvalidAccessKeyId"
