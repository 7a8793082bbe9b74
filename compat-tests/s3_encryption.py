"""S3's server-side encryption with boto3: the default, SSE-S3, SSE-KMS and SSE-C, in every operation that has to do with it.

Run it as s3_core.py is run.
"""

import base64
import hashlib
import os
import pathlib
import urllib.parse

import pytest
from s3_core import MIB, bucket, plain, refused, s3  # noqa: F401 (fixtures)

KEYS = [bytes([n]) * 32 for n in (1, 2)]


def customer(key, source=False):
    prefix = "CopySourceSSECustomer" if source else "SSECustomer"
    md5 = base64.b64encode(hashlib.md5(key).digest()).decode()
    return {prefix + "Algorithm": "AES256", prefix + "Key": base64.b64encode(key).decode(), prefix + "KeyMD5": md5}


ONE, TWO = map(customer, KEYS)


def body(answer):
    return answer["Body"].read()


def md5(data):
    return f'"{hashlib.md5(data).hexdigest()}"'


def configure(s3, bucket, algorithm=None, key=None, **rule):
    if algorithm:
        rule["ApplyServerSideEncryptionByDefault"] = {"SSEAlgorithm": algorithm} | ({"KMSMasterKeyID": key} if key else {})
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})


def rule(s3, bucket):
    return s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"][0]


def test_everything_is_encrypted_unasked(s3, bucket):
    data = os.urandom(200_000)
    put = s3.put_object(Bucket=bucket, Key="k", Body=data)
    assert put["ServerSideEncryption"] == "AES256" and put["ETag"] == md5(data)
    for answer in (s3.get_object(Bucket=bucket, Key="k"), s3.head_object(Bucket=bucket, Key="k"),
                   s3.copy_object(Bucket=bucket, Key="c", CopySource=f"{bucket}/k")):
        assert answer["ServerSideEncryption"] == "AES256"
    assert body(s3.get_object(Bucket=bucket, Key="c")) == data
    assert rule(s3, bucket) == {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}


def test_what_lies_on_the_disk_is_not_what_was_sent(s3, bucket, server):
    phrase = b"nobody shall read this from a disk that was sold"
    for n, size in enumerate((60, 70_000, 3 * MIB)):
        data = (phrase * (size // len(phrase) + 1))[:size]
        for name, how in (("s3", {}), ("kms", {"ServerSideEncryption": "aws:kms"}), ("c", ONE)):
            s3.put_object(Bucket=bucket, Key=f"{name}/{n}", Body=data, **how)
    seen = 0
    for _ in range(2):  # a body may move while it is looked for, but only once
        for file in pathlib.Path(server.data).rglob("*"):
            try:
                content = file.read_bytes()
            except OSError:  # moved, a folder or a socket
                continue
            seen += 1
            assert phrase not in content, file
    assert seen > 10


def test_ranges_of_a_sealed_object(s3, bucket):
    data = os.urandom(200_000)
    s3.put_object(Bucket=bucket, Key="k", Body=data)
    frame = 64 * 1024
    edges = [0, 1, frame - 1, frame, frame + 1, 2 * frame, 3 * frame - 1, 3 * frame, len(data) - 1]
    for first in edges:
        for last in (e for e in edges if e >= first):
            got = body(s3.get_object(Bucket=bucket, Key="k", Range=f"bytes={first}-{last}"))
            assert got == data[first:last + 1], (first, last)


def test_a_kms_key_is_the_accounts_own_unless_named(s3, bucket):
    data = b"some bytes"
    context = base64.b64encode(b'{"a": "b"}').decode()
    put = s3.put_object(Bucket=bucket, Key="k", Body=data, ServerSideEncryption="aws:kms",
                        SSEKMSEncryptionContext=context, BucketKeyEnabled=True)
    assert put["ServerSideEncryption"] == "aws:kms" and put["BucketKeyEnabled"] is True
    assert put["SSEKMSEncryptionContext"] == context and put["ETag"] != md5(data)
    key = put["SSEKMSKeyId"]
    assert key.startswith("arn:aws:kms:us-east-1:")
    got = s3.get_object(Bucket=bucket, Key="k")
    assert body(got) == data and got["SSEKMSKeyId"] == key and "SSEKMSEncryptionContext" not in got
    for name in (key, "alias/aws/s3", key.split("/")[1]):
        assert s3.put_object(Bucket=bucket, Key="n", Body=data, ServerSideEncryption="aws:kms", SSEKMSKeyId=name)["SSEKMSKeyId"] == key
    missing = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "fake-key-id"}
    for call, more in ((s3.put_object, {"Body": data}), (s3.create_multipart_upload, {}),
                       (s3.copy_object, {"CopySource": f"{bucket}/k"})):
        assert refused(call, Bucket=bucket, Key="x", **more, **missing) == ("KMS.NotFoundException", 400)
    s3.put_object(Bucket=bucket, Key="k", Body=data, ACL="public-read", ServerSideEncryption="aws:kms")
    assert plain("GET", f"/{bucket}/k")[0].status == 400, "what a KMS key seals is for those who sign"


def test_a_bucket_has_its_own_default(s3, bucket):
    configure(s3, bucket, "aws:kms", BucketKeyEnabled=True)
    put = s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert put["ServerSideEncryption"] == "aws:kms" and put["BucketKeyEnabled"] is True
    assert s3.put_object(Bucket=bucket, Key="k", Body=b"x", ServerSideEncryption="AES256")["ServerSideEncryption"] == "AES256"
    configure(s3, bucket, "aws:kms", "no-such-key")
    assert rule(s3, bucket)["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "no-such-key"}
    assert refused(s3.put_object, Bucket=bucket, Key="k", Body=b"x") == ("KMS.NotFoundException", 400)
    s3.delete_bucket_encryption(Bucket=bucket)
    s3.delete_bucket_encryption(Bucket=bucket)
    assert s3.put_object(Bucket=bucket, Key="k", Body=b"x")["ServerSideEncryption"] == "AES256"
    assert refused(configure, s3, bucket, "AES256", "k") == ("InvalidArgument", 400)
    assert refused(configure, s3, bucket, "AES512") == ("MalformedXML", 400)
    assert refused(s3.put_bucket_encryption, Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": []}) == ("MalformedXML", 400)


def test_a_bucket_may_block_customers_keys(s3, bucket):
    s3.put_object(Bucket=bucket, Key="before", Body=b"x", **ONE)
    configure(s3, bucket, BlockedEncryptionTypes={"EncryptionType": ["SSE-C"]})
    assert refused(s3.put_object, Bucket=bucket, Key="k", Body=b"x", **ONE) == ("AccessDenied", 403)
    assert refused(s3.create_multipart_upload, Bucket=bucket, Key="k", **ONE) == ("AccessDenied", 403)
    assert body(s3.get_object(Bucket=bucket, Key="before", **ONE)) == b"x"
    configure(s3, bucket, "AES256")
    assert rule(s3, bucket)["BlockedEncryptionTypes"] == {"EncryptionType": ["SSE-C"]}, "silence unblocks nothing"
    configure(s3, bucket, BlockedEncryptionTypes={"EncryptionType": ["NONE"]})
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", **ONE)


def test_a_customers_object_opens_with_its_key_only(s3, bucket):
    data = os.urandom(100_000)
    put = s3.put_object(Bucket=bucket, Key="k", Body=data, **ONE)
    assert put["SSECustomerAlgorithm"] == "AES256" and put["SSECustomerKeyMD5"] == ONE["SSECustomerKeyMD5"]
    assert "ServerSideEncryption" not in put and put["ETag"] != md5(data)
    got = s3.get_object(Bucket=bucket, Key="k", Range="bytes=65530-65550", **ONE)
    assert body(got) == data[65530:65551] and got["SSECustomerKeyMD5"] == ONE["SSECustomerKeyMD5"]
    assert s3.head_object(Bucket=bucket, Key="k", **ONE)["ContentLength"] == len(data)
    assert refused(s3.get_object, Bucket=bucket, Key="k") == ("InvalidRequest", 400)
    assert refused(s3.get_object, Bucket=bucket, Key="k", **TWO) == ("AccessDenied", 403)
    assert refused(s3.head_object, Bucket=bucket, Key="k")[1] == 400
    assert refused(s3.head_object, Bucket=bucket, Key="k", **TWO)[1] == 403
    asked = {"ObjectAttributes": ["ObjectSize"]}
    assert refused(s3.get_object_attributes, Bucket=bucket, Key="k", **asked) == ("InvalidRequest", 400)
    assert s3.get_object_attributes(Bucket=bucket, Key="k", **asked, **ONE)["ObjectSize"] == len(data)
    s3.put_object(Bucket=bucket, Key="other", Body=b"x")
    assert refused(s3.get_object, Bucket=bucket, Key="other", **ONE) == ("InvalidRequest", 400)
    assert refused(s3.get_object, Bucket=bucket, Key="k", **ONE | {"SSECustomerAlgorithm": "AES192"}) == (
        "InvalidEncryptionAlgorithmError", 400)
    assert refused(s3.put_object, Bucket=bucket, Key="k", **ONE | {"SSECustomerKeyMD5": "A" * 22 + "=="}) == ("InvalidArgument", 400)
    assert refused(s3.put_object, Bucket=bucket, Key="k", ServerSideEncryption="AES256", **ONE) == ("InvalidArgument", 400)


KINDS = {"s3": ({}, {}), "kms": ({"ServerSideEncryption": "aws:kms"}, {}), "one": (ONE, ONE), "two": (TWO, TWO)}


@pytest.mark.parametrize("size", [10, 300_000])
def test_copies_go_from_every_kind_to_every_kind(s3, bucket, size):
    data = os.urandom(size)
    for source, (write, _) in KINDS.items():
        s3.put_object(Bucket=bucket, Key=source, Body=data, **write)
        opens = {"one": customer(KEYS[0], True), "two": customer(KEYS[1], True)}.get(source, {})
        for to, (how, read) in KINDS.items():
            copied = s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/{source}", **how, **opens)
            assert body(s3.get_object(Bucket=bucket, Key="copy", **read)) == data, (source, to)
            assert (copied["CopyObjectResult"]["ETag"] == md5(data)) == (to == "s3"), (source, to)
        if opens:
            assert refused(s3.copy_object, Bucket=bucket, Key="x", CopySource=f"{bucket}/{source}") == ("InvalidRequest", 400)


@pytest.mark.parametrize("kind", KINDS)
def test_parts_of_every_kind(s3, bucket, kind):
    write, read = KINDS[kind]
    data = os.urandom(6 * MIB + 77)
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k", **write)["UploadId"]
    name = {"Bucket": bucket, "Key": "k", "UploadId": upload}
    s3.put_object(Bucket=bucket, Key="source", Body=data[:5 * MIB])
    first = s3.upload_part_copy(**name, PartNumber=1, CopySource=f"{bucket}/source", **read)["CopyPartResult"]["ETag"]
    second = s3.upload_part(**name, PartNumber=2, Body=data[5 * MIB:], **read)
    assert ("ServerSideEncryption" in second) == (not read)
    if read:
        assert refused(s3.upload_part, **name, PartNumber=3, Body=b"x") == ("InvalidRequest", 400)
        other = TWO if kind == "one" else ONE
        assert refused(s3.upload_part, **name, PartNumber=3, Body=b"x", **other) == ("InvalidRequest", 400)
    else:
        assert refused(s3.upload_part, **name, PartNumber=3, Body=b"x", **ONE) == ("InvalidRequest", 400)
    parts = {"Parts": [{"PartNumber": 1, "ETag": first}, {"PartNumber": 2, "ETag": second["ETag"]}]}
    s3.complete_multipart_upload(**name, MultipartUpload=parts, **read)
    got = s3.get_object(Bucket=bucket, Key="k", **read)
    assert body(got) == data and got["ETag"].endswith('-2"')
    seam = body(s3.get_object(Bucket=bucket, Key="k", Range=f"bytes={5 * MIB - 3}-{5 * MIB + 3}", **read))
    assert seam == data[5 * MIB - 3:5 * MIB + 4]
    assert body(s3.get_object(Bucket=bucket, Key="k", PartNumber=2, **read)) == data[5 * MIB:]


def test_an_object_gets_another_key_and_stays_what_it_is(s3, bucket):
    if not hasattr(s3, "update_object_encryption"):
        pytest.skip("this boto3 is too old")
    data = os.urandom(100_000)
    key = s3.put_object(Bucket=bucket, Key="other", Body=b"x", ServerSideEncryption="aws:kms")["SSEKMSKeyId"]
    s3.put_object(Bucket=bucket, Key="k", Body=data)
    before = s3.head_object(Bucket=bucket, Key="k")
    s3.update_object_encryption(Bucket=bucket, Key="k", ObjectEncryption={"SSEKMS": {"KMSKeyArn": key}})
    after = s3.get_object(Bucket=bucket, Key="k")
    assert after["SSEKMSKeyId"] == key and body(after) == data
    assert (after["ETag"], after["LastModified"]) == (before["ETag"], before["LastModified"])
    s3.put_object(Bucket=bucket, Key="c", Body=data, **ONE)
    update = {"ObjectEncryption": {"SSEKMS": {"KMSKeyArn": key}}}
    assert refused(s3.update_object_encryption, Bucket=bucket, Key="c", **update) == ("InvalidRequest", 400)
    assert refused(s3.update_object_encryption, Bucket=bucket, Key="none", **update) == ("NoSuchKey", 404)


def test_presigned_requests_carry_the_headers_that_they_signed(s3, bucket):
    import http.client

    url = s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "k", "ServerSideEncryption": "aws:kms"})
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc)
    connection.request("PUT", f"{parts.path}?{parts.query}", body=b"x", headers={"x-amz-server-side-encryption": "aws:kms"})
    answer = connection.getresponse()
    answer.read()
    assert answer.status == 200 and answer.getheader("x-amz-server-side-encryption") == "aws:kms"
    connection.close()


def test_presigned_queries_carry_headers(s3, bucket):
    """Some SDKs put headers into the query that they sign."""
    import http.client

    from botocore.auth import S3SigV4QueryAuth
    from botocore.awsrequest import AWSRequest
    from s3_core import ENDPOINT, REGION

    asked = {"x-amz-meta-colour": "dark blue", "x-amz-server-side-encryption": "aws:kms", "x-amz-acl": "public-read"}
    request = AWSRequest("PUT", f"{ENDPOINT}/{bucket}/k?{urllib.parse.urlencode(asked)}")
    S3SigV4QueryAuth(s3._request_signer._credentials, "s3", REGION).add_auth(request)
    parts = urllib.parse.urlsplit(request.url)
    connection = http.client.HTTPConnection(parts.netloc)
    connection.request("PUT", f"{parts.path}?{parts.query}", body=b"x")
    answer = connection.getresponse()
    assert answer.status == 200, answer.read()
    connection.close()
    head = s3.head_object(Bucket=bucket, Key="k")
    assert head["Metadata"] == {"colour": "dark blue"} and head["ServerSideEncryption"] == "aws:kms"
    assert len(s3.get_object_acl(Bucket=bucket, Key="k")["Grants"]) == 2
    assert plain("GET", f"/{bucket}/k?{parts.query}")[0].status == 403, "and the signature covers them"
