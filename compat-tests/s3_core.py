"""S3's core with boto3 and plain HTTP; other clients have files of their own, test_client_*.py.

Run it with pytest against a running server: `pytest compat-tests/s3_core.py` with AWS_ENDPOINT_URL,
AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment (`eval "$(novella env)"` sets them). With
ALT_AWS_ACCESS_KEY_ID and ALT_AWS_SECRET_ACCESS_KEY, a key of another account, access across accounts is tried too.
"""

import base64
import hashlib
import http.client
import io
import os
import socket
import urllib.parse
import uuid

import boto3
import botocore.handlers
import pytest
from boto3.s3.transfer import TransferConfig
from botocore.client import Config
from botocore.exceptions import ClientError

ENDPOINT = os.environ["AWS_ENDPOINT_URL"]
HOST, PORT = urllib.parse.urlsplit(ENDPOINT).hostname, urllib.parse.urlsplit(ENDPOINT).port
REGION = os.environ.get("AWS_DEFAULT_REGION", "us-east-1")
MIB = 1024 * 1024


def client(access_key=None, secret_key=None, **config):
    config.setdefault("retries", {"max_attempts": 0})
    config.setdefault("s3", {"addressing_style": "path"})
    return boto3.client(
        "s3",
        endpoint_url=config.pop("endpoint_url", ENDPOINT),
        region_name=REGION,
        aws_access_key_id=access_key or os.environ["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=secret_key or os.environ["AWS_SECRET_ACCESS_KEY"],
        config=Config(**config),
    )


@pytest.fixture(scope="module")
def s3():
    return client()


@pytest.fixture
def bucket(s3):
    name = f"core-{uuid.uuid4().hex[:12]}"
    s3.create_bucket(Bucket=name)
    yield name
    for upload in s3.list_multipart_uploads(Bucket=name).get("Uploads", []):
        s3.abort_multipart_upload(Bucket=name, Key=upload["Key"], UploadId=upload["UploadId"])
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=name):
        keys = [{"Key": o["Key"]} for o in page.get("Contents", [])]
        if keys:
            s3.delete_objects(Bucket=name, Delete={"Objects": keys})
    s3.delete_bucket(Bucket=name)


def refused(call, *args, **kwargs):
    """The code and status of the refusal that the call must meet."""
    with pytest.raises(ClientError) as e:
        call(*args, **kwargs)
    return e.value.response["Error"]["Code"], e.value.response["ResponseMetadata"]["HTTPStatusCode"]


def plain(method, path, body=None, headers=None):
    """One request without any signature."""
    connection = http.client.HTTPConnection(HOST, PORT)
    connection.request(method, path, body=body, headers=headers or {})
    answer = connection.getresponse()
    data = answer.read()
    connection.close()
    return answer, data


# buckets


def test_a_bucket_lives_from_creation_to_deletion(s3):
    name = f"core-{uuid.uuid4().hex[:12]}"
    assert refused(s3.head_bucket, Bucket=name) == ("404", 404)
    s3.create_bucket(Bucket=name)
    s3.create_bucket(Bucket=name)
    assert name in [b["Name"] for b in s3.list_buckets()["Buckets"]]
    assert s3.head_bucket(Bucket=name)["BucketRegion"] == REGION
    assert s3.get_bucket_location(Bucket=name)["LocationConstraint"] is None
    s3.put_object(Bucket=name, Key="k")
    assert refused(s3.delete_bucket, Bucket=name) == ("BucketNotEmpty", 409)
    s3.delete_object(Bucket=name, Key="k")
    s3.delete_bucket(Bucket=name)
    assert refused(s3.list_objects_v2, Bucket=name) == ("NoSuchBucket", 404)
    assert refused(s3.delete_bucket, Bucket=name) == ("NoSuchBucket", 404)


def test_bad_bucket_names_are_refused(s3):
    lax = client()
    lax.meta.events.unregister("before-parameter-build.s3", botocore.handlers.validate_bucket_name)
    for name in ["Upper", "ab", "a..b", "192.168.0.1", "under_score"]:
        assert refused(lax.create_bucket, Bucket=name) == ("InvalidBucketName", 400), name


def test_configurations_that_were_never_set_say_so(s3, bucket):
    assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)
    assert s3.get_bucket_request_payment(Bucket=bucket)["Payer"] == "BucketOwner"
    assert refused(s3.get_bucket_policy, Bucket=bucket) == ("NoSuchBucketPolicy", 404)
    assert refused(s3.get_bucket_cors, Bucket=bucket) == ("NoSuchCORSConfiguration", 404)
    assert refused(s3.get_bucket_tagging, Bucket=bucket) == ("NoSuchTagSet", 404)
    assert refused(s3.get_bucket_lifecycle_configuration, Bucket=bucket) == ("NoSuchLifecycleConfiguration", 404)


# objects


@pytest.mark.parametrize("size", [0, 1, 1000, 16 * 1024, 16 * 1024 + 1, 100_000, 3 * MIB + 5])
def test_what_was_put_comes_back(s3, bucket, size):
    body = os.urandom(size)
    put = s3.put_object(Bucket=bucket, Key="k", Body=body)
    assert put["ETag"] == f'"{hashlib.md5(body).hexdigest()}"'
    got = s3.get_object(Bucket=bucket, Key="k")
    assert got["Body"].read() == body
    assert got["ContentLength"] == size and got["ETag"] == put["ETag"]
    assert got["LastModified"].microsecond == 0
    head = s3.head_object(Bucket=bucket, Key="k")
    assert head["ContentLength"] == size and head["ContentType"] == "binary/octet-stream"
    if size > 10:
        part = s3.get_object(Bucket=bucket, Key="k", Range=f"bytes=3-{size - 4}")
        assert part["Body"].read() == body[3:-3]
        assert part["ContentRange"] == f"bytes 3-{size - 4}/{size}"
        assert s3.get_object(Bucket=bucket, Key="k", Range="bytes=-5")["Body"].read() == body[-5:]
    assert refused(s3.get_object, Bucket=bucket, Key="k", Range=f"bytes={size}-") == ("InvalidRange", 416)


def test_metadata_comes_back(s3, bucket):
    given = dict(
        ContentType="text/x-test",
        CacheControl="max-age=5",
        ContentDisposition='attachment; filename="a b"',
        ContentEncoding="gzip",
        ContentLanguage="de",
        Metadata={"one": "1", "two": "zwei und mehr"},
    )
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", Expires="2030-01-01T00:00:00Z", **given)
    for got in (s3.head_object(Bucket=bucket, Key="k"), s3.get_object(Bucket=bucket, Key="k")):
        assert {name: got[name] for name in given} == given
        assert got["ExpiresString"]
    over = s3.get_object(Bucket=bucket, Key="k", ResponseContentType="text/plain", ResponseCacheControl="no-store")
    assert over["ContentType"] == "text/plain" and over["CacheControl"] == "no-store"
    assert refused(s3.put_object, Bucket=bucket, Key="k", Metadata={"m": "x" * 3000}) == ("MetadataTooLarge", 400)


def test_keys_are_rows_not_paths(s3, bucket):
    keys = ["a", "a/b", "a/", "//", "/lead", "../up", "..", ".", "a//b", "sp ace+plus%20", "ünï/ç☃\U0001F600", "q?x=1&y#z",
            "k" * 1024, "tab\tnew", "'\"<&>"]
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    for key in keys:
        assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == key.encode(), key
    listed = [o["Key"] for o in s3.list_objects_v2(Bucket=bucket)["Contents"]]
    assert listed == sorted(keys, key=lambda k: k.encode())
    assert refused(s3.put_object, Bucket=bucket, Key="k" * 1025) == ("KeyTooLongError", 400)


def test_conditions_hold(s3, bucket):
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"1")["ETag"]
    at = s3.head_object(Bucket=bucket, Key="k")["LastModified"]
    assert s3.get_object(Bucket=bucket, Key="k", IfMatch=etag)["Body"].read() == b"1"
    assert refused(s3.get_object, Bucket=bucket, Key="k", IfMatch='"no"') == ("PreconditionFailed", 412)
    assert refused(s3.get_object, Bucket=bucket, Key="k", IfNoneMatch=etag) == ("304", 304)
    assert refused(s3.head_object, Bucket=bucket, Key="k", IfModifiedSince=at) == ("304", 304)
    assert s3.get_object(Bucket=bucket, Key="k", IfUnmodifiedSince=at)["ETag"] == etag
    assert refused(s3.put_object, Bucket=bucket, Key="k", IfNoneMatch="*") == ("PreconditionFailed", 412)
    assert refused(s3.put_object, Bucket=bucket, Key="k", IfMatch='"no"') == ("PreconditionFailed", 412)
    assert refused(s3.put_object, Bucket=bucket, Key="absent", IfMatch=etag) == ("NoSuchKey", 404)
    s3.put_object(Bucket=bucket, Key="k", Body=b"2", IfMatch=etag)
    s3.put_object(Bucket=bucket, Key="new", IfNoneMatch="*")


def test_digests_are_verified(s3, bucket):
    body = b"hello"
    wrong = base64.b64encode(hashlib.md5(b"other").digest()).decode()
    assert refused(s3.put_object, Bucket=bucket, Key="k", Body=body, ContentMD5=wrong) == ("BadDigest", 400)
    assert refused(s3.put_object, Bucket=bucket, Key="k", Body=body, ContentMD5="zzz") == ("InvalidDigest", 400)
    assert refused(s3.put_object, Bucket=bucket, Key="k", Body=body, ChecksumSHA256=base64.b64encode(b"0" * 32).decode()) == (
        "BadDigest",
        400,
    )
    assert refused(s3.head_object, Bucket=bucket, Key="k") == ("404", 404)


@pytest.mark.parametrize("algorithm", ["CRC32", "CRC32C", "SHA1", "SHA256", "SHA512", "CRC64NVME", "XXHASH64", "XXHASH3", "XXHASH128"])
def test_checksums_are_kept(s3, bucket, algorithm):
    try:
        put = s3.put_object(Bucket=bucket, Key="k", Body=b"hello" * 10_000, ChecksumAlgorithm=algorithm)
    except Exception as e:
        if "crt" in str(e).lower():
            pytest.skip(f"this boto3 has no {algorithm} without awscrt")
        raise
    field = f"Checksum{algorithm}"
    head = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert head[field] == put[field] and head["ChecksumType"] == "FULL_OBJECT"
    assert field not in s3.head_object(Bucket=bucket, Key="k")
    listed = s3.list_objects_v2(Bucket=bucket)["Contents"][0]
    assert listed["ChecksumAlgorithm"] == [algorithm]
    s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")["Body"].read()


def test_md5_is_a_checksum_as_others_are(s3, bucket):
    body = b"hello" * 10_000
    digest = base64.b64encode(hashlib.md5(body).digest()).decode()
    assert s3.put_object(Bucket=bucket, Key="k", Body=body, ChecksumMD5=digest)["ChecksumMD5"] == digest
    assert s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")["ChecksumMD5"] == digest
    wrong = base64.b64encode(bytes(16)).decode()
    assert refused(s3.put_object, Bucket=bucket, Key="k", Body=body, ChecksumMD5=wrong) == ("BadDigest", 400)


@pytest.mark.parametrize("algorithm", ["SHA512", "XXHASH64", "XXHASH3", "XXHASH128"])
def test_parts_have_checksums_of_newer_kinds(s3, bucket, algorithm):
    field, upload = f"Checksum{algorithm}", s3.create_multipart_upload(Bucket=bucket, Key="k", ChecksumAlgorithm=algorithm)
    assert (upload["ChecksumAlgorithm"], upload["ChecksumType"]) == (algorithm, "COMPOSITE")
    where = {"Bucket": bucket, "Key": "k", "UploadId": upload["UploadId"]}
    parts = [s3.upload_part(**where, PartNumber=n, Body=b"x" * (5 << 20), ChecksumAlgorithm=algorithm) for n in (1, 2)]
    chosen = [{"PartNumber": n, "ETag": part["ETag"], field: part[field]} for n, part in enumerate(parts, 1)]
    assert s3.complete_multipart_upload(**where, MultipartUpload={"Parts": chosen})[field].endswith("-2")
    assert refused(s3.create_multipart_upload, Bucket=bucket, Key="k", ChecksumAlgorithm=algorithm, ChecksumType="FULL_OBJECT") == (
        "InvalidRequest", 400)  # fmt: skip


def test_without_a_checksum_crc64nvme_is_kept(bucket):
    quiet = client(request_checksum_calculation="when_required", response_checksum_validation="when_required")
    assert "ChecksumCRC64NVME" in quiet.put_object(Bucket=bucket, Key="k", Body=b"123456789")
    attributes = quiet.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["Checksum", "ObjectSize", "ETag"])
    assert attributes["Checksum"]["ChecksumCRC64NVME"] == base64.b64encode(bytes.fromhex("ae8b14860a799888")).decode()
    assert attributes["ObjectSize"] == 9


def test_a_deleted_object_is_gone(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x" * 50_000)
    s3.delete_object(Bucket=bucket, Key="k")
    s3.delete_object(Bucket=bucket, Key="k")
    assert refused(s3.get_object, Bucket=bucket, Key="k") == ("NoSuchKey", 404)
    assert refused(s3.head_object, Bucket=bucket, Key="k") == ("404", 404)


def test_many_are_deleted_at_once(s3, bucket):
    for n in range(5):
        s3.put_object(Bucket=bucket, Key=f"k{n}&<>", Body=b"x")
    keys = [{"Key": f"k{n}&<>"} for n in range(7)]
    done = s3.delete_objects(Bucket=bucket, Delete={"Objects": keys})
    assert len(done["Deleted"]) == 7 and "Errors" not in done
    quiet = s3.delete_objects(Bucket=bucket, Delete={"Objects": keys, "Quiet": True})
    assert "Deleted" not in quiet
    assert refused(s3.delete_objects, Bucket=bucket, Delete={"Objects": [{"Key": str(n)} for n in range(1001)]}) == (
        "MalformedXML",
        400,
    )


# listings


def test_listings_page_and_group(s3, bucket):
    keys = [f"{a}/{b}" for a in "abc" for b in range(4)] + ["a", "b0", "z"]
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key)
    ordered = sorted(keys)
    for operation, one in (("list_objects", "Contents"), ("list_objects_v2", "Contents"), ("list_object_versions", "Versions")):
        pages = s3.get_paginator(operation).paginate(Bucket=bucket, PaginationConfig={"PageSize": 2})
        assert [o["Key"] for page in pages for o in page.get(one, [])] == ordered, operation
        pages = list(s3.get_paginator(operation).paginate(Bucket=bucket, Delimiter="/", PaginationConfig={"PageSize": 2}))
        assert [o["Key"] for page in pages for o in page.get(one, [])] == ["a", "b0", "z"], operation
        assert [p["Prefix"] for page in pages for p in page.get("CommonPrefixes", [])] == ["a/", "b/", "c/"], operation
        assert all(len(page.get(one, [])) + len(page.get("CommonPrefixes", [])) <= 2 for page in pages)
    got = s3.list_objects_v2(Bucket=bucket, Prefix="b/", StartAfter="b/1", FetchOwner=True)
    assert [o["Key"] for o in got["Contents"]] == ["b/2", "b/3"] and got["KeyCount"] == 2
    assert got["Contents"][0]["Owner"]["ID"]
    none = s3.list_objects(Bucket=bucket, MaxKeys=0)
    assert not none["IsTruncated"] and "Contents" not in none
    assert refused(s3.list_objects_v2, Bucket=bucket, ContinuationToken="?") == ("InvalidArgument", 400)


# copies


@pytest.mark.parametrize("size", [100, 100_000])
def test_copies_keep_or_replace_metadata(s3, bucket, size):
    body = os.urandom(size)
    s3.put_object(Bucket=bucket, Key="from é", Body=body, Metadata={"a": "1"}, ContentType="text/a")
    source = {"Bucket": bucket, "Key": "from é"}
    copied = s3.copy_object(Bucket=bucket, Key="kept", CopySource=source)["CopyObjectResult"]
    assert copied["ETag"] == f'"{hashlib.md5(body).hexdigest()}"'
    s3.copy_object(Bucket=bucket, Key="new", CopySource=source, MetadataDirective="REPLACE", Metadata={"b": "2"})
    s3.delete_object(Bucket=bucket, Key="from é")
    kept, new = (s3.get_object(Bucket=bucket, Key=key) for key in ("kept", "new"))
    assert kept["Body"].read() == new["Body"].read() == body
    assert (kept["Metadata"], kept["ContentType"]) == ({"a": "1"}, "text/a")
    assert (new["Metadata"], new["ContentType"]) == ({"b": "2"}, "binary/octet-stream")
    again = {"Bucket": bucket, "Key": "kept"}
    assert refused(s3.copy_object, Bucket=bucket, Key="kept", CopySource=again) == ("InvalidRequest", 400)
    assert refused(s3.copy_object, Bucket=bucket, Key="x", CopySource=again, CopySourceIfNoneMatch=copied["ETag"]) == (
        "PreconditionFailed",
        412,
    )
    assert refused(s3.copy_object, Bucket=bucket, Key="x", CopySource=f"{bucket}/absent") == ("NoSuchKey", 404)
    assert s3.copy_object(Bucket=bucket, Key="x", CopySource=again, ChecksumAlgorithm="SHA256")["CopyObjectResult"][
        "ChecksumSHA256"
    ] == base64.b64encode(hashlib.sha256(body).digest()).decode()


# multipart


def test_parts_become_an_object(s3, bucket):
    parts = [os.urandom(5 * MIB), os.urandom(5 * MIB + 1), os.urandom(10)]
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k", Metadata={"a": "1"}, ContentType="text/x")
    assert [u["UploadId"] for u in s3.list_multipart_uploads(Bucket=bucket)["Uploads"]] == [upload["UploadId"]]
    at = dict(Bucket=bucket, Key="k", UploadId=upload["UploadId"])
    done = []
    for n in (3, 1, 2):
        part = s3.upload_part(**at, PartNumber=n, Body=parts[n - 1])
        done.append({"PartNumber": n, "ETag": part["ETag"], "ChecksumCRC32": part["ChecksumCRC32"]})
    listed = s3.list_parts(**at, MaxParts=2)
    assert [p["PartNumber"] for p in listed["Parts"]] == [1, 2] and listed["IsTruncated"]
    assert refused(s3.complete_multipart_upload, **at, MultipartUpload={"Parts": done}) == ("InvalidPartOrder", 400)
    done.sort(key=lambda p: p["PartNumber"])
    whole = b"".join(parts)
    etag = hashlib.md5(b"".join(hashlib.md5(p).digest() for p in parts)).hexdigest() + "-3"
    for _ in range(2):
        got = s3.complete_multipart_upload(**at, MultipartUpload={"Parts": done})
        assert got["ETag"] == f'"{etag}"'
    got = s3.get_object(Bucket=bucket, Key="k")
    assert got["Body"].read() == whole and got["Metadata"] == {"a": "1"} and got["ContentType"] == "text/x"
    edge = 5 * MIB
    assert s3.get_object(Bucket=bucket, Key="k", Range=f"bytes={edge - 5}-{edge + 4}")["Body"].read() == whole[edge - 5 : edge + 5]
    part = s3.get_object(Bucket=bucket, Key="k", PartNumber=3)
    assert part["Body"].read() == parts[2] and part["PartsCount"] == 3
    copied = s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "k"})
    assert copied["CopyObjectResult"]["ETag"] == f'"{hashlib.md5(whole).hexdigest()}"'
    s3.delete_object(Bucket=bucket, Key="k")
    assert s3.get_object(Bucket=bucket, Key="copy")["Body"].read() == whole


def test_parts_can_be_copied(s3, bucket):
    body = os.urandom(6 * MIB)
    s3.put_object(Bucket=bucket, Key="from", Body=body)
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")
    at = dict(Bucket=bucket, Key="k", UploadId=upload["UploadId"])
    source = {"Bucket": bucket, "Key": "from"}
    one = s3.upload_part_copy(**at, PartNumber=1, CopySource=source)["CopyPartResult"]
    two = s3.upload_part_copy(**at, PartNumber=2, CopySource=source, CopySourceRange="bytes=7-100")["CopyPartResult"]
    assert refused(
        s3.upload_part_copy, **at, PartNumber=3, CopySource=source, CopySourceRange=f"bytes=0-{len(body)}"
    ) == ("InvalidRange", 416)
    parts = [{"PartNumber": 1, "ETag": one["ETag"]}, {"PartNumber": 2, "ETag": two["ETag"]}]
    s3.complete_multipart_upload(**at, MultipartUpload={"Parts": parts})
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == body + body[7:101]


def test_wrong_completions_are_refused(s3, bucket):
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")
    at = dict(Bucket=bucket, Key="k", UploadId=upload["UploadId"])
    etags = [s3.upload_part(**at, PartNumber=n, Body=b"small")["ETag"] for n in (1, 2)]
    parts = [{"PartNumber": n + 1, "ETag": etag} for n, etag in enumerate(etags)]
    complete = s3.complete_multipart_upload
    assert refused(complete, **at, MultipartUpload={"Parts": parts}) == ("EntityTooSmall", 400)
    assert refused(complete, **at, MultipartUpload={"Parts": [{"PartNumber": 9, "ETag": etags[0]}]}) == ("InvalidPart", 400)
    assert refused(complete, **at, MultipartUpload={"Parts": []}) == ("MalformedXML", 400)
    assert refused(s3.upload_part, **at, PartNumber=10_001, Body=b"x") == ("InvalidArgument", 400)
    s3.abort_multipart_upload(**at)
    assert refused(s3.abort_multipart_upload, **at) == ("NoSuchUpload", 404)
    assert refused(complete, **at, MultipartUpload={"Parts": parts}) == ("NoSuchUpload", 404)
    assert refused(s3.upload_part, **at, PartNumber=1, Body=b"x") == ("NoSuchUpload", 404)


@pytest.mark.parametrize("kind", [None, "FULL_OBJECT", "COMPOSITE"])
def test_multipart_checksums(s3, bucket, kind):
    asked = {"ChecksumType": kind} if kind else {}
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k", ChecksumAlgorithm="CRC32", **asked)
    at = dict(Bucket=bucket, Key="k", UploadId=upload["UploadId"])
    parts = []
    for n, body in enumerate([b"a" * 5 * MIB, b"b"], 1):
        part = s3.upload_part(**at, PartNumber=n, Body=body, ChecksumAlgorithm="CRC32")
        parts.append({"PartNumber": n, "ETag": part["ETag"], "ChecksumCRC32": part["ChecksumCRC32"]})
    done = s3.complete_multipart_upload(**at, MultipartUpload={"Parts": parts}, **asked)
    assert done["ChecksumType"] == (kind or "COMPOSITE")
    assert done["ChecksumCRC32"].endswith("-2") == (kind != "FULL_OBJECT")
    head = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert head["ChecksumCRC32"] == done["ChecksumCRC32"]
    assert s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")["Body"].read()[-2:] == b"ab"


def test_the_transfer_manager_uploads_and_downloads(s3, bucket, tmp_path):
    body = os.urandom(20 * MIB + 3)
    config = TransferConfig(multipart_threshold=5 * MIB, multipart_chunksize=5 * MIB, max_concurrency=4)
    s3.upload_fileobj(io.BytesIO(body), bucket, "big", Config=config)
    assert s3.head_object(Bucket=bucket, Key="big")["ETag"].endswith('-5"')
    s3.download_file(bucket, "big", str(tmp_path / "big"), Config=config)
    assert (tmp_path / "big").read_bytes() == body
    s3.copy({"Bucket": bucket, "Key": "big"}, bucket, "copy", Config=config)
    assert s3.get_object(Bucket=bucket, Key="copy")["Body"].read() == body


# who may


def test_presigned_urls_work_without_a_key(s3, bucket):
    for version in ("s3v4", "s3"):
        signer = client(signature_version=version)
        put = signer.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "a b+c"}, ExpiresIn=60)
        path = put[len(ENDPOINT.rstrip("/")) :]
        assert plain("PUT", path, body=b"by url")[0].status == 200, version
        get = signer.generate_presigned_url(
            "get_object", Params={"Bucket": bucket, "Key": "a b+c", "ResponseContentType": "text/x"}, ExpiresIn=60
        )
        answer, data = plain("GET", get[len(ENDPOINT.rstrip("/")) :])
        assert (answer.status, data, answer.getheader("Content-Type")) == (200, b"by url", "text/x"), version
        assert plain("GET", get[len(ENDPOINT.rstrip("/")) :].replace("Signature=", "Signature=0"))[0].status == 403


def test_nobody_reads_what_is_private(s3, bucket):
    s3.put_object(Bucket=bucket, Key="secret", Body=b"x")
    s3.put_object(Bucket=bucket, Key="open", Body=b"y", ACL="public-read")
    for method, path in (("GET", f"/{bucket}"), ("GET", f"/{bucket}/secret"), ("HEAD", f"/{bucket}/secret"),
                         ("GET", f"/{bucket}/absent"), ("DELETE", f"/{bucket}/open"), ("GET", "/")):
        answer, data = plain(method, path)
        assert answer.status == 403, (method, path)
    assert plain("PUT", f"/{bucket}/new", body=b"x")[0].status == 403
    answer, data = plain("GET", f"/{bucket}/open")
    assert (answer.status, data) == (200, b"y")
    s3.put_bucket_acl(Bucket=bucket, ACL="public-read")
    assert b"<Key>secret</Key>" in plain("GET", f"/{bucket}")[1]
    grants = s3.get_bucket_acl(Bucket=bucket)["Grants"]
    assert {g["Permission"] for g in grants} == {"FULL_CONTROL", "READ"}


@pytest.mark.skipif("ALT_AWS_ACCESS_KEY_ID" not in os.environ, reason="no second account in ALT_AWS_ACCESS_KEY_ID")
def test_another_account_may_what_the_acl_says(s3, bucket):
    other = client(os.environ["ALT_AWS_ACCESS_KEY_ID"], os.environ["ALT_AWS_SECRET_ACCESS_KEY"])
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", ACL="authenticated-read")
    s3.put_object(Bucket=bucket, Key="mine", Body=b"x")
    assert other.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"
    for call, args in ((other.get_object, {"Key": "mine"}), (other.list_objects_v2, {}), (other.put_object, {"Key": "n"}),
                       (other.delete_object, {"Key": "k"}), (other.get_bucket_acl, {}), (other.delete_bucket, {})):
        assert refused(call, Bucket=bucket, **args) == ("AccessDenied", 403)
    assert refused(other.create_bucket, Bucket=bucket) == ("BucketAlreadyExists", 409)
    assert bucket not in [b["Name"] for b in other.list_buckets()["Buckets"]]


def test_virtual_hosts_name_the_bucket(bucket, monkeypatch):
    resolve = socket.getaddrinfo
    local = lambda host, *rest, **more: resolve(HOST if str(host).endswith(".localhost") else host, *rest, **more)  # noqa: E731
    monkeypatch.setattr(socket, "getaddrinfo", local)
    virtual = client(s3={"addressing_style": "virtual"}, endpoint_url=f"http://localhost:{PORT}")
    virtual.put_object(Bucket=bucket, Key="a/b c", Body=b"x" * 20_000)
    assert virtual.get_object(Bucket=bucket, Key="a/b c")["Body"].read() == b"x" * 20_000
    assert virtual.list_objects_v2(Bucket=bucket)["KeyCount"] == 1
    presigned = virtual.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "a/b c"})
    assert urllib.parse.urlsplit(presigned).hostname == f"{bucket}.localhost"


def test_errors_say_where_and_which(s3, bucket):
    answer, data = plain("GET", f"/{bucket}-absent/k")
    assert answer.status == 404
    for piece in (b"<Code>NoSuchBucket</Code>", f"<BucketName>{bucket}-absent</BucketName>".encode(), b"<RequestId>", b"<HostId>"):
        assert piece in data
    assert answer.getheader("x-amz-request-id").encode() in data and answer.getheader("x-amz-id-2").encode() in data
    assert refused(s3.put_bucket_policy, Bucket=bucket, Policy="{}") == ("MalformedPolicy", 400)
    assert refused(s3.put_object, Bucket=bucket, Key="k", ServerSideEncryption="aws:kms:dsse")[1] == 501
