"""What users of other S3 servers stumbled over, most often first: each test is one such behaviour, as AWS has it.

The numbers that are not here are tested elsewhere: forms and ACLs (4, 6) in s3_access.py, keys (13) and copied parts (15) in
s3_core.py, ranges and early refusals (18, 24) in s3_bad_input.py, notifications (23) in s3_notifications.py.
"""

import base64
import datetime
import hashlib
import json
import re
import urllib.error
import urllib.parse
import urllib.request

import cloud
import pytest
from botocore.exceptions import ClientError
from clients import MIB
from raw_s3 import TRAILED, Wire


@pytest.fixture
def s3(server):
    return server.client("s3")


@pytest.fixture
def wire(server):
    with Wire(server) as wire:
        yield wire


def refused(call, **arguments):
    with pytest.raises(ClientError) as told:
        call(**arguments)
    answer = told.value.response
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]


def xml(answer, name):
    return [urllib.parse.unquote(v.decode()) for v in re.findall(f"<{name}>([^<]*)</{name}>".encode(), answer.body)]


def in_parts(s3, bucket, key, sizes, **more):
    upload = s3.create_multipart_upload(Bucket=bucket, Key=key, **more)["UploadId"]
    parts = []
    for n, size in sizes.items():
        body = bytes([n]) * size
        kind = {"ChecksumAlgorithm": more["ChecksumAlgorithm"]} if "ChecksumAlgorithm" in more else {}
        part = s3.upload_part(Bucket=bucket, Key=key, UploadId=upload, PartNumber=n, Body=body, **kind)
        parts.append({"PartNumber": n, "ETag": part["ETag"]} | {k: v for k, v in part.items() if k.startswith("Checksum")})
    return upload, parts


def test_01_chunks_leave_no_trace(s3, wire, fresh_bucket):
    body = b"5\r\nhello\r\n0\r\n\r\n"
    for encoding, kept in (("aws-chunked", None), ("gzip,aws-chunked", "gzip"), ("aws-chunked,gzip", "gzip")):
        headers = [("content-encoding", encoding), ("x-amz-decoded-content-length", "5"), ("content-length", str(len(body)))]
        wire.send(wire.head("PUT", f"/{fresh_bucket}/k", headers, payload=TRAILED) + body)
        assert wire.answer().status == 200
        head = s3.head_object(Bucket=fresh_bucket, Key="k", ChecksumMode="ENABLED")
        assert (head.get("ContentEncoding"), head["ContentLength"]) == (kept, 5)
        assert "ChecksumCRC64NVME" in head, "without a trailer AWS's default is kept"


def test_02_every_answer_names_the_checksum(s3, fresh_bucket):
    put = s3.put_object(Bucket=fresh_bucket, Key="k", Body=b"x")
    assert put["ChecksumType"] == "FULL_OBJECT" and put["ServerSideEncryption"] == "AES256"
    upload, parts = in_parts(s3, fresh_bucket, "m", {1: 5 * MIB, 2: 1}, ChecksumAlgorithm="SHA256")
    listed = s3.list_parts(Bucket=fresh_bucket, Key="m", UploadId=upload)
    assert (listed["ChecksumAlgorithm"], listed["ChecksumType"]) == ("SHA256", "COMPOSITE")
    assert all("ChecksumSHA256" in p for p in listed["Parts"])
    uploads = s3.list_multipart_uploads(Bucket=fresh_bucket)["Uploads"][0]
    assert (uploads["ChecksumAlgorithm"], uploads["ChecksumType"]) == ("SHA256", "COMPOSITE")
    done = s3.complete_multipart_upload(Bucket=fresh_bucket, Key="m", UploadId=upload, MultipartUpload={"Parts": parts})
    assert done["ChecksumType"] == "COMPOSITE" and done["ChecksumSHA256"].endswith("-2") and done["ServerSideEncryption"] == "AES256"
    for one in (s3.head_object, s3.get_object):
        got = one(Bucket=fresh_bucket, Key="m", ChecksumMode="ENABLED")
        assert (got["ChecksumType"], got["ChecksumSHA256"]) == ("COMPOSITE", done["ChecksumSHA256"])
    found = {o["Key"]: (o["ChecksumAlgorithm"], o["ChecksumType"]) for o in s3.list_objects_v2(Bucket=fresh_bucket)["Contents"]}
    assert found == {"k": (["CRC32"], "FULL_OBJECT"), "m": (["SHA256"], "COMPOSITE")}


def test_03_conditional_writes(s3, fresh_bucket):
    at = {"Bucket": fresh_bucket, "Key": "k"}
    assert refused(s3.put_object, **at, IfMatch='"0"') == (404, "NoSuchKey")
    etag = s3.put_object(**at, IfNoneMatch="*")["ETag"]
    assert refused(s3.put_object, **at, IfNoneMatch="*") == (412, "PreconditionFailed")
    # AWS takes no ETag here.
    assert refused(s3.put_object, **at, IfNoneMatch=etag) == (412, "PreconditionFailed")
    s3.put_object(**at, IfNoneMatch='"0"')
    s3.put_object(**at, IfMatch=etag.strip('"'))
    upload, parts = in_parts(s3, fresh_bucket, "k", {1: 1})
    whole = {"UploadId": upload, "MultipartUpload": {"Parts": parts}}
    assert refused(s3.complete_multipart_upload, **at, **whole, IfNoneMatch="*") == (412, "PreconditionFailed")
    assert refused(s3.delete_object, **at, IfMatch='"0"') == (412, "PreconditionFailed")
    s3.complete_multipart_upload(**at, **whole, IfMatch=etag)


def test_05_policies(s3, server, fresh_bucket):
    other = server.client("s3", cloud.OTHER)
    s3.put_object(Bucket=fresh_bucket, Key="k", Body=b"x")
    everyone = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{fresh_bucket}/*"}
    deny = {"Effect": "Deny", "Principal": {"AWS": f"arn:aws:iam::{cloud.OTHER.id}:root"}, "Action": "s3:*", "Resource": f"arn:aws:s3:::{fresh_bucket}/*"}
    s3.put_bucket_policy(Bucket=fresh_bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [everyone, deny]}))
    assert urllib.request.urlopen(f"{server.url}/{fresh_bucket}/k").read() == b"x"
    assert refused(other.get_object, Bucket=fresh_bucket, Key="k") == (403, "AccessDenied")
    nobody = cloud.Account("1", "nobody", "AKIANOBODY0000000000", "x")
    assert refused(server.client("s3", nobody).get_object, Bucket=fresh_bucket, Key="k") == (403, "InvalidAccessKeyId")


def test_07_versions_page_by_page(s3, fresh_bucket):
    s3.put_bucket_versioning(Bucket=fresh_bucket, VersioningConfiguration={"Status": "Enabled"})
    for key in ("a/1", "a/2", "b", "b", "c"):
        s3.put_object(Bucket=fresh_bucket, Key=key)
    one = s3.list_object_versions(Bucket=fresh_bucket, MaxKeys=3)
    assert one["IsTruncated"] and one["NextKeyMarker"] == "b" and one["NextVersionIdMarker"] == one["Versions"][-1]["VersionId"]
    two = s3.list_object_versions(Bucket=fresh_bucket, KeyMarker="b", VersionIdMarker=one["NextVersionIdMarker"])
    assert [v["Key"] for v in two["Versions"]] == ["b", "c"] and (two["KeyMarker"], two["VersionIdMarker"]) == ("b", one["NextVersionIdMarker"])
    assert refused(s3.list_object_versions, Bucket=fresh_bucket, VersionIdMarker="x") == (400, "InvalidArgument")
    by = s3.list_object_versions(Bucket=fresh_bucket, Delimiter="/", MaxKeys=1)
    assert by["CommonPrefixes"] == [{"Prefix": "a/"}] and by["NextKeyMarker"] == "a/"


def test_08_null_versions_and_markers(s3, fresh_bucket):
    at = {"Bucket": fresh_bucket, "Key": "k"}
    s3.put_object(**at, Body=b"before")
    s3.put_bucket_versioning(Bucket=fresh_bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(**at, Body=b"enabled")
    assert s3.get_object(**at, VersionId="null")["Body"].read() == b"before"
    s3.put_bucket_versioning(Bucket=fresh_bucket, VersioningConfiguration={"Status": "Suspended"})
    s3.put_object(**at, Body=b"suspended")
    assert s3.get_object(**at, VersionId="null")["Body"].read() == b"suspended"
    marker = s3.delete_object(**at)
    assert (marker["DeleteMarker"], marker["VersionId"]) == (True, "null")
    with pytest.raises(ClientError) as told:
        s3.get_object(**at)
    assert told.value.response["ResponseMetadata"]["HTTPHeaders"]["x-amz-delete-marker"] == "true"
    assert refused(s3.get_object, **at, VersionId="null") == (405, "MethodNotAllowed")
    assert refused(s3.head_object, **at, VersionId="null") == (405, "405")


def test_09_encoding_covers_every_name(wire, s3, fresh_bucket):
    for key in ("a+b c/1", "a+b c/2", "é&=/x", "z"):
        s3.put_object(Bucket=fresh_bucket, Key=key)
    said = wire.ask("GET", f"/{fresh_bucket}?delimiter=%2F&encoding-type=url&marker=a&max-keys=1&prefix=a%2B")
    for piece in (b"<Delimiter>/</Delimiter>", b"<Marker>a</Marker>"):
        assert piece in said.body, (piece, said.body)
    more = wire.ask("GET", f"/{fresh_bucket}?delimiter=%2F&encoding-type=url&max-keys=1")
    assert re.search(rb"<NextMarker>a%2Bb(\+|%20)c/</NextMarker>", more.body), more.body
    v2 = wire.ask("GET", f"/{fresh_bucket}?list-type=2&encoding-type=url&start-after=a%2B")
    assert b"<EncodingType>url</EncodingType>" in v2.body and b"<StartAfter>a%2B</StartAfter>" in v2.body
    assert b"%C3%A9%26%3D" in v2.body
    assert wire.ask("GET", f"/{fresh_bucket}?encoding-type=base64").code == "InvalidArgument"
    versions = wire.ask("GET", f"/{fresh_bucket}?versions&encoding-type=url&key-marker=a%2B")
    assert b"<KeyMarker>a%2B</KeyMarker>" in versions.body


def test_10_tokens_and_echoes(s3, fresh_bucket):
    for n in range(5):
        s3.put_object(Bucket=fresh_bucket, Key=f"d/{n}")
    one = s3.list_objects_v2(Bucket=fresh_bucket, MaxKeys=2, StartAfter="d/0")
    assert (one["KeyCount"], one["StartAfter"], one["MaxKeys"], one["IsTruncated"]) == (2, "d/0", 2, True)
    two = s3.list_objects_v2(Bucket=fresh_bucket, MaxKeys=2, ContinuationToken=one["NextContinuationToken"])
    assert two["ContinuationToken"] == one["NextContinuationToken"] and [o["Key"] for o in two["Contents"]] == ["d/3", "d/4"]
    assert "NextContinuationToken" not in two and "d/" not in one["NextContinuationToken"]
    by = s3.list_objects(Bucket=fresh_bucket, Delimiter="/", MaxKeys=1)
    assert not by["IsTruncated"] and by["CommonPrefixes"] == [{"Prefix": "d/"}]


def test_11_times_are_whole_seconds(s3, wire, fresh_bucket):
    s3.put_object(Bucket=fresh_bucket, Key="k")
    head = s3.head_object(Bucket=fresh_bucket, Key="k")["LastModified"]
    raw = wire.ask("GET", f"/{fresh_bucket}")
    assert re.search(rb"<LastModified>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z</LastModified>", raw.body)
    assert s3.list_objects_v2(Bucket=fresh_bucket)["Contents"][0]["LastModified"] == head
    assert s3.get_object(Bucket=fresh_bucket, Key="k", IfUnmodifiedSince=head)["ContentLength"] == 0
    assert refused(s3.get_object, Bucket=fresh_bucket, Key="k", IfModifiedSince=head) == (304, "304")


def test_12_presigned_urls_end(s3, server, wire, fresh_bucket):
    s3.put_object(Bucket=fresh_bucket, Key="k +é", Body=b"x")
    v4 = server.client("s3", signature_version="s3v4")
    url = v4.generate_presigned_url("get_object", Params={"Bucket": fresh_bucket, "Key": "k +é"}, ExpiresIn=60)
    assert urllib.request.urlopen(url).read() == b"x"

    def get(url):
        with pytest.raises(urllib.error.HTTPError) as told:
            urllib.request.urlopen(url)
        return told.value.code, re.search(rb"<Code>(\w+)", told.value.read())[1].decode()

    assert get(re.sub("Expires=60", "Expires=604801", url)) == (400, "AuthorizationQueryParametersError")
    assert get(re.sub(r"Date=\d{8}", "Date=20200101", url))[0] in (400, 403)
    assert get(url.split("&X-Amz-Signature")[0]) == (400, "AuthorizationQueryParametersError")
    assert get(url + "0") == (403, "SignatureDoesNotMatch")
    assert get(url + "&more=1") == (403, "SignatureDoesNotMatch")
    both = wire.ask("GET", url[len(server.url):])
    assert (both.status, both.code) == (400, "InvalidArgument"), both


def test_14_copies(s3, fresh_bucket):
    upload, parts = in_parts(s3, fresh_bucket, "m +é", {1: 5 * MIB, 2: 1})
    s3.complete_multipart_upload(Bucket=fresh_bucket, Key="m +é", UploadId=upload, MultipartUpload={"Parts": parts})
    copied = s3.copy_object(Bucket=fresh_bucket, Key="c", CopySource={"Bucket": fresh_bucket, "Key": "m +é"})["CopyObjectResult"]
    assert copied["ETag"] == f'"{hashlib.md5(bytes([1]) * 5 * MIB + bytes([2])).hexdigest()}"'
    assert "PartsCount" not in s3.head_object(Bucket=fresh_bucket, Key="c", PartNumber=1)
    assert refused(s3.copy_object, Bucket=fresh_bucket, Key="c", CopySource=f"{fresh_bucket}/c") == (400, "InvalidRequest")
    s3.copy_object(Bucket=fresh_bucket, Key="c", CopySource=f"/{fresh_bucket}/c", MetadataDirective="REPLACE", Metadata={"n": "1"})
    assert refused(s3.copy_object, Bucket=fresh_bucket, Key="d", CopySource=f"{fresh_bucket}/c", MetadataDirective="BOTH") == (400, "InvalidArgument")
    assert refused(s3.copy_object, Bucket=fresh_bucket, Key="d", CopySource=f"{fresh_bucket}/c?versionId=x") == (400, "InvalidArgument")


def test_16_completing_again(s3, fresh_bucket):
    upload, parts = in_parts(s3, fresh_bucket, "m", {1: 1})
    whole = {"Bucket": fresh_bucket, "Key": "m", "UploadId": upload, "MultipartUpload": {"Parts": parts}}
    assert s3.complete_multipart_upload(**whole)["ETag"] == s3.complete_multipart_upload(**whole)["ETag"]
    done = s3.complete_multipart_upload(**whole)
    assert done["Location"].endswith(f"/{fresh_bucket}/m") and (done["Bucket"], done["Key"]) == (fresh_bucket, "m")
    upload, parts = in_parts(s3, fresh_bucket, "n", {1: 1}, ChecksumAlgorithm="SHA1")
    bare = [{k: v for k, v in p.items() if not k.startswith("Checksum")} for p in parts]
    assert refused(s3.complete_multipart_upload, Bucket=fresh_bucket, Key="n", UploadId=upload, MultipartUpload={"Parts": bare}) == (400, "InvalidRequest")
    s3.abort_multipart_upload(Bucket=fresh_bucket, Key="n", UploadId=upload)


def test_17_parts_of_objects(s3, fresh_bucket):
    upload, parts = in_parts(s3, fresh_bucket, "m", {3: 5 * MIB, 7: 9})
    s3.complete_multipart_upload(Bucket=fresh_bucket, Key="m", UploadId=upload, MultipartUpload={"Parts": parts})
    for number, size in ((3, 5 * MIB), (7, 9)):
        one = s3.get_object(Bucket=fresh_bucket, Key="m", PartNumber=number)
        assert (one["ResponseMetadata"]["HTTPStatusCode"], one["ContentLength"], one["PartsCount"]) == (206, size, 2)
    for number in (1, 9):
        assert refused(s3.get_object, Bucket=fresh_bucket, Key="m", PartNumber=number) == (416, "InvalidPartNumber")
    s3.put_object(Bucket=fresh_bucket, Key="p", Body=b"whole")
    assert s3.get_object(Bucket=fresh_bucket, Key="p", PartNumber=1)["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert refused(s3.get_object, Bucket=fresh_bucket, Key="m", PartNumber=3, Range="bytes=0-1") == (400, "InvalidRequest")


def test_19_attributes(s3, wire, fresh_bucket):
    upload, parts = in_parts(s3, fresh_bucket, "m", {1: 5 * MIB, 2: 5 * MIB, 3: 1}, ChecksumAlgorithm="CRC32C")
    s3.complete_multipart_upload(Bucket=fresh_bucket, Key="m", UploadId=upload, MultipartUpload={"Parts": parts})
    told = s3.get_object_attributes(Bucket=fresh_bucket, Key="m", ObjectAttributes=["ObjectParts"], MaxParts=2)
    assert "ETag" not in told and told["ObjectParts"]["TotalPartsCount"] == 3 and told["ObjectParts"]["IsTruncated"]
    assert [p["PartNumber"] for p in told["ObjectParts"]["Parts"]] == [1, 2] and told["ObjectParts"]["NextPartNumberMarker"] == 2
    rest = s3.get_object_attributes(Bucket=fresh_bucket, Key="m", ObjectAttributes=["ObjectParts"], PartNumberMarker=2)
    assert [p["PartNumber"] for p in rest["ObjectParts"]["Parts"]] == [3]
    all_of_it = s3.get_object_attributes(Bucket=fresh_bucket, Key="m", ObjectAttributes=["ETag", "Checksum", "StorageClass", "ObjectSize"])
    assert '"' not in all_of_it["ETag"] and all_of_it["StorageClass"] == "STANDARD" and all_of_it["ObjectSize"] == 10 * MIB + 1
    assert all_of_it["Checksum"]["ChecksumType"] == "COMPOSITE" and "ObjectParts" not in all_of_it
    assert wire.ask("GET", f"/{fresh_bucket}/m?attributes").status == 400
    assert wire.ask("GET", f"/{fresh_bucket}/m?attributes", [("x-amz-object-attributes", "Colour")]).code == "InvalidArgument"


def test_20_locks_need_a_bucket_for_them(s3, fresh_bucket):
    s3.put_object(Bucket=fresh_bucket, Key="k")
    until = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=1)
    retention = {"Mode": "GOVERNANCE", "RetainUntilDate": until}
    assert refused(s3.put_object_retention, Bucket=fresh_bucket, Key="k", Retention=retention) == (400, "InvalidRequest")
    assert refused(s3.put_object_legal_hold, Bucket=fresh_bucket, Key="k", LegalHold={"Status": "ON"}) == (400, "InvalidRequest")
    assert refused(s3.get_object_lock_configuration, Bucket=fresh_bucket) == (404, "ObjectLockConfigurationNotFoundError")
    assert refused(s3.get_object_retention, Bucket=fresh_bucket, Key="k") == (400, "InvalidRequest")


def test_21_browsers(s3, server, wire, fresh_bucket):
    rules = [{"AllowedMethods": ["GET", "PUT"], "AllowedOrigins": ["https://*.example.com"], "AllowedHeaders": ["X-Amz-*", "content-type"],
              "ExposeHeaders": ["ETag"], "MaxAgeSeconds": 30}]
    s3.put_bucket_cors(Bucket=fresh_bucket, CORSConfiguration={"CORSRules": rules})

    def preflight(origin, method, headers=None):
        lines = [("origin", origin), ("access-control-request-method", method)]
        lines += [("access-control-request-headers", headers)] if headers else []
        wire.send(f"OPTIONS /{fresh_bucket}/k HTTP/1.1\r\nhost: x\r\n".encode() + b"".join(f"{k}: {v}\r\n".encode() for k, v in lines) + b"\r\n")
        return wire.answer()

    good = preflight("https://a.example.com", "PUT", "x-amz-date, Content-Type")
    assert good.status == 200 and good.headers["access-control-allow-origin"] == "https://a.example.com"
    assert good.headers["access-control-max-age"] == "30" and "origin" in good.headers["vary"].lower()
    assert preflight("https://evil.com", "PUT").code == "AccessForbidden"
    assert preflight("https://a.example.com", "DELETE").status == 403
    assert preflight("https://a.example.com", "PUT", "authorization").status == 403
    s3.put_object(Bucket=fresh_bucket, Key="k")
    real = wire.ask("GET", f"/{fresh_bucket}/k", [("origin", "https://b.example.com")])
    assert real.headers["access-control-expose-headers"] == "ETag" and real.headers["access-control-allow-credentials"] == "true"


ABSENT = {
    "get_bucket_website": "NoSuchWebsiteConfiguration",
    "get_bucket_replication": "ReplicationConfigurationNotFoundError",
    "get_bucket_lifecycle_configuration": "NoSuchLifecycleConfiguration",
    "get_bucket_cors": "NoSuchCORSConfiguration",
    "get_bucket_policy": "NoSuchBucketPolicy",
    "get_bucket_tagging": "NoSuchTagSet",
    "get_object_lock_configuration": "ObjectLockConfigurationNotFoundError",
    "get_bucket_ownership_controls": "OwnershipControlsNotFoundError",
    "get_public_access_block": "NoSuchPublicAccessBlockConfiguration",
}
PRESENT = ["get_bucket_acl", "get_bucket_accelerate_configuration", "get_bucket_encryption", "get_bucket_location", "get_bucket_logging",
           "get_bucket_notification_configuration", "get_bucket_request_payment", "get_bucket_versioning",
           "list_bucket_analytics_configurations", "list_bucket_inventory_configurations", "list_bucket_metrics_configurations",
           "list_bucket_intelligent_tiering_configurations"]


@pytest.mark.parametrize("operation", [*ABSENT, *PRESENT])
def test_22_everything_of_a_bucket_can_be_read(s3, fresh_bucket, operation):
    call = getattr(s3, operation)
    try:
        call(Bucket=fresh_bucket)
    except ClientError as e:
        assert e.response["Error"]["Code"] == ABSENT.get(operation), e
    else:
        assert operation in PRESENT or operation in ("get_bucket_ownership_controls", "get_public_access_block")


def test_25_errors_tell_all(s3, wire, fresh_bucket):
    s3.create_bucket(Bucket=fresh_bucket)
    absent = wire.ask("GET", f"/{fresh_bucket}/absent")
    for name in ("Code", "Message", "Key", "RequestId", "HostId"):
        assert xml(absent, name), absent
    assert absent.headers["x-amz-request-id"] == xml(absent, "RequestId")[0] and absent.headers["content-type"] == "application/xml"
    assert xml(wire.ask("GET", "/no-such-bucket-here"), "BucketName") == ["no-such-bucket-here"]
    bad = wire.ask("GET", f"/{fresh_bucket}?max-keys=x")
    assert (xml(bad, "ArgumentName"), xml(bad, "ArgumentValue")) == (["max-keys"], ["x"])
    assert wire.ask("HEAD", f"/{fresh_bucket}/absent").status == 404
    assert wire.ask("HEAD", f"/{fresh_bucket}").headers["x-amz-bucket-region"] == "us-east-1"
    assert wire.ask("GET", f"/{fresh_bucket}/absent", [("x-amz-expected-bucket-owner", "000000000000")]).code == "AccessDenied"
    other = base64.b64encode(hashlib.md5(b"<x/>").digest()).decode()
    assert wire.ask("PUT", f"/{fresh_bucket}?versioning", [("content-md5", other)], b"<x/>").code == "MalformedXML"
