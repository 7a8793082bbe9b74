"""boto3's own machinery on S3: transfers, every waiter, every paginator, the resource interface. s3_core.py has the operations."""

import io
import os
import threading

import boto3
import botocore.session
import pytest
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError, WaiterError
from clients import MIB, ODD_KEYS

SMALL = TransferConfig(multipart_threshold=5 * MIB, multipart_chunksize=5 * MIB, max_concurrency=4)


@pytest.fixture
def s3(server):
    return server.client("s3")


def test_every_paginator(s3, fresh_bucket):
    for key in ODD_KEYS:
        s3.put_object(Bucket=fresh_bucket, Key=key)
    uploads = sorted(s3.create_multipart_upload(Bucket=fresh_bucket, Key=key)["UploadId"] for key in ODD_KEYS)
    one = s3.create_multipart_upload(Bucket=fresh_bucket, Key="parts")["UploadId"]
    for n in range(1, 6):
        s3.upload_part(Bucket=fresh_bucket, Key="parts", UploadId=one, PartNumber=n, Body=b"x")
    in_order = sorted(ODD_KEYS, key=str.encode)

    def paged(operation, what, field, size="PageSize", **arguments):
        pages = list(s3.get_paginator(operation).paginate(PaginationConfig={size: 2}, **arguments))
        found = [item[field] for page in pages for item in page.get(what, [])]
        assert all(len(page.get(what, [])) <= 2 for page in pages) and len(pages) > 1
        return found

    assert paged("list_objects", "Contents", "Key", Bucket=fresh_bucket) == in_order
    assert paged("list_objects_v2", "Contents", "Key", Bucket=fresh_bucket) == in_order
    assert paged("list_object_versions", "Versions", "Key", Bucket=fresh_bucket) == in_order
    assert paged("list_multipart_uploads", "Uploads", "Key", Bucket=fresh_bucket) == sorted([*ODD_KEYS, "parts"], key=str.encode)
    assert paged("list_parts", "Parts", "PartNumber", Bucket=fresh_bucket, Key="parts", UploadId=one) == [1, 2, 3, 4, 5]
    more = [f"{fresh_bucket}-{n}" for n in range(3)]
    for name in more:
        s3.create_bucket(Bucket=name)
    assert paged("list_buckets", "Buckets", "Name", Prefix=f"{fresh_bucket}-") == more
    for name in more:
        s3.delete_bucket(Bucket=name)
    for key, upload in [(u["Key"], u["UploadId"]) for u in s3.list_multipart_uploads(Bucket=fresh_bucket)["Uploads"]]:
        s3.abort_multipart_upload(Bucket=fresh_bucket, Key=key, UploadId=upload)
    assert len(uploads) == len(ODD_KEYS)
    known = set(botocore.session.get_session().get_paginator_model("s3")._paginator_config)
    tried = {"ListObjects", "ListObjectsV2", "ListObjectVersions", "ListMultipartUploads", "ListParts", "ListBuckets"}
    assert known == tried | {"ListDirectoryBuckets"}, "directory buckets are another kind of bucket"


def test_every_waiter(s3, fresh_bucket):
    soon = {"Delay": 1, "MaxAttempts": 5}
    never = {"Delay": 1, "MaxAttempts": 1}
    s3.put_object(Bucket=fresh_bucket, Key="k")
    assert s3.waiter_names == ["bucket_exists", "bucket_not_exists", "object_exists", "object_not_exists"]
    s3.get_waiter("bucket_exists").wait(Bucket=fresh_bucket, WaiterConfig=soon)
    s3.get_waiter("bucket_not_exists").wait(Bucket=f"{fresh_bucket}-absent", WaiterConfig=soon)
    s3.get_waiter("object_exists").wait(Bucket=fresh_bucket, Key="k", WaiterConfig=soon)
    s3.get_waiter("object_not_exists").wait(Bucket=fresh_bucket, Key="absent", WaiterConfig=soon)
    for name, arguments in (("bucket_exists", {"Bucket": f"{fresh_bucket}-absent"}), ("bucket_not_exists", {"Bucket": fresh_bucket}),
                            ("object_exists", {"Bucket": fresh_bucket, "Key": "absent"}),
                            ("object_not_exists", {"Bucket": fresh_bucket, "Key": "k"})):
        with pytest.raises(WaiterError, match="Max attempts"):
            s3.get_waiter(name).wait(**arguments, WaiterConfig=never)
    later = threading.Timer(0.5, lambda: s3.put_object(Bucket=fresh_bucket, Key="late"))
    later.start()
    s3.get_waiter("object_exists").wait(Bucket=fresh_bucket, Key="late", WaiterConfig=soon)


@pytest.mark.parametrize("size", [0, 1, 5 * MIB, 17 * MIB + 3])
def test_transfers(s3, fresh_bucket, tmp_path, size):
    body, seen = os.urandom(size), []
    (tmp_path / "from").write_bytes(body)
    extra = {"Metadata": {"a": "1"}, "ContentType": "text/x", "StorageClass": "STANDARD_IA", "Tagging": "t=1"}
    s3.upload_file(str(tmp_path / "from"), fresh_bucket, "file", ExtraArgs=extra, Config=SMALL, Callback=seen.append)
    assert sum(seen) == size
    s3.upload_fileobj(io.BytesIO(body), fresh_bucket, "object", Config=SMALL)
    s3.download_file(fresh_bucket, "file", str(tmp_path / "back"), Config=SMALL)
    assert (tmp_path / "back").read_bytes() == body
    into = io.BytesIO()
    s3.download_fileobj(fresh_bucket, "object", into, Config=SMALL)
    assert into.getvalue() == body
    s3.copy({"Bucket": fresh_bucket, "Key": "file"}, fresh_bucket, "copy", Config=SMALL)
    head = s3.head_object(Bucket=fresh_bucket, Key="file")
    assert (head["Metadata"], head["ContentType"], head["StorageClass"]) == ({"a": "1"}, "text/x", "STANDARD_IA")
    assert s3.head_object(Bucket=fresh_bucket, Key="copy")["ContentLength"] == size
    assert s3.get_object_tagging(Bucket=fresh_bucket, Key="file")["TagSet"] == [{"Key": "t", "Value": "1"}]


def test_resources(server, fresh_bucket):
    resource = boto3.resource("s3", endpoint_url=server.url, aws_access_key_id=server.account.key,
                              aws_secret_access_key=server.account.secret, region_name="us-east-1")
    bucket = resource.Bucket(fresh_bucket)
    assert bucket in list(resource.buckets.all()) and bucket.creation_date
    for key in ODD_KEYS:
        bucket.put_object(Key=key, Body=key.encode())
    assert [o.key for o in bucket.objects.filter(Prefix="a")] == ["a b+c%20d", "a//b"]
    one = resource.Object(fresh_bucket, "plain")
    assert one.get()["Body"].read() == b"plain" and one.content_length == 5
    bucket.Versioning().enable()
    one.put(Body=b"again")
    assert len(list(bucket.object_versions.filter(Prefix="plain"))) == 2
    assert one.Acl().grants[0]["Permission"] == "FULL_CONTROL"
    bucket.object_versions.delete()
    assert list(bucket.object_versions.all()) == []


def test_what_a_user_is_told(s3, server, fresh_bucket):
    with pytest.raises(s3.exceptions.NoSuchBucket, match="The specified bucket does not exist"):
        s3.list_objects_v2(Bucket="no-such-bucket-here")
    with pytest.raises(s3.exceptions.NoSuchKey, match="The specified key does not exist."):
        s3.get_object(Bucket=fresh_bucket, Key="absent")
    with pytest.raises(s3.exceptions.NoSuchUpload):
        s3.abort_multipart_upload(Bucket=fresh_bucket, Key="k", UploadId="absent")
    with pytest.raises(ClientError) as told:
        s3.head_object(Bucket=fresh_bucket, Key="absent")
    assert told.value.response["Error"] == {"Code": "404", "Message": "Not Found"}
    with pytest.raises(ClientError) as told:
        boto3.client("s3", endpoint_url=server.url, region_name="us-east-1", aws_access_key_id=server.account.key,
                     aws_secret_access_key="wrong").list_buckets()
    assert told.value.response["Error"]["Code"] == "SignatureDoesNotMatch"
    assert told.value.response["ResponseMetadata"]["RequestId"] and told.value.response["ResponseMetadata"]["HostId"]


def test_uploads_after_an_empty_one_or_a_refused_one(server, fresh_bucket):
    """botocore waits for "100 Continue"; on a connection where another answer came instead it reads the next one wrong."""
    s3 = server.client("s3", max_pool_connections=1, read_timeout=5)
    for n in range(3):
        s3.put_object(Bucket=fresh_bucket, Key="empty", Body=b"")
        s3.put_object(Bucket=fresh_bucket, Key=f"full-{n}", Body=b"x" * 1000)
        with pytest.raises(s3.exceptions.NoSuchBucket):
            s3.put_object(Bucket="no-such-bucket-here", Key="k", Body=b"x" * MIB)
        assert s3.put_object(Bucket=fresh_bucket, Key=f"after-{n}", Body=b"x" * MIB)["ETag"]
