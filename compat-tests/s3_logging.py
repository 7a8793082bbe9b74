"""Server access logs: what is logged, how a record reads, and that it is delivered."""

import json
import re
import urllib.request

import boto3
import pytest
from botocore.exceptions import ClientError

import cloud

FIELDS = (
    "owner bucket time remote requester request_id operation key uri status error sent size total turn_around referer "
    "agent version host_id signature cipher auth host tls access_point acl_required"
).split()


def records(text):
    lines = []
    for line in text.splitlines():
        values = [quoted or timed or bare for quoted, timed, bare in re.findall(r'"([^"]*)"|\[([^]]*)\]|(\S+)', line)]
        assert len(values) == 26, line
        lines.append(dict(zip(FIELDS, values)))
    return lines


def start(folder, delivery):
    server = cloud.Server(folder, "--driver", "simulated")
    knobs = '[testing]\nlifecycle_day = "500ms"\n'
    server.config.write_text(f'access_log_delivery = "{delivery}"\n' + server.config.read_text() + knobs)
    return server.start()


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    server = start(tmp_path_factory.mktemp("logging"), "300ms")
    yield server
    server.stop()


def allow(s3, target, source, **more):
    statement = {
        "Effect": "Allow", "Principal": {"Service": "logging.s3.amazonaws.com"}, "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{target}/*",
        "Condition": {"ArnLike": {"aws:SourceArn": f"arn:aws:s3:::{source}"},
                      "StringEquals": {"aws:SourceAccount": cloud.MAIN.id}},
    }
    s3.put_bucket_policy(Bucket=target, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement | more]}))


def log(s3, source, target, **more):
    enabled = {"TargetBucket": target, "TargetPrefix": "log/"} | more
    s3.put_bucket_logging(Bucket=source, BucketLoggingStatus={"LoggingEnabled": enabled})


def refused(call, **arguments):
    with pytest.raises(ClientError) as error:
        call(**arguments)
    return error.value.response["Error"]["Code"]


def delivered(s3, target):
    text = ""
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=target):
        for one in page.get("Contents", []):
            text += s3.get_object(Bucket=target, Key=one["Key"])["Body"].read().decode()
    return records(text)


def test_requests_are_logged_field_by_field(quick):
    s3 = quick.client("s3")
    for bucket in ["src", "logs"]:
        s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket="src", Key="before", Body=b"not logged")
    allow(s3, "logs", "src")
    log(s3, "src", "logs")
    put = s3.put_object(Bucket="src", Key="a b/é", Body=b"hello")
    s3.get_object(Bucket="src", Key="a b/é", Range="bytes=0-1")["Body"].read()
    s3.head_object(Bucket="src", Key="a b/é")
    assert refused(s3.get_object, Bucket="src", Key="missing") == "NoSuchKey"
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(urllib.request.Request(f"{quick.url}/src/x", headers={"Referer": 'a"b'}))
    url = s3.generate_presigned_url("get_object", Params={"Bucket": "src", "Key": "a b/é"})
    urllib.request.urlopen(url).read()
    s3.list_objects_v2(Bucket="src")
    s3.delete_objects(Bucket="src", Delete={"Objects": [{"Key": "a b/é"}, {"Key": "other"}]})

    lines = cloud.until("the records", lambda: (got := delivered(s3, "logs")) and len(got) >= 10 and got)
    of = {}
    for line in lines:
        of.setdefault(line["operation"], []).append(line)
    assert {name: len(all) for name, all in of.items()} == {
        "REST.PUT.OBJECT": 1, "REST.GET.OBJECT": 4, "REST.HEAD.OBJECT": 1, "REST.GET.BUCKET": 1,
        "REST.POST.MULTI_OBJECT_DELETE": 1, "BATCH.DELETE.OBJECT": 2,
    }
    first = of["REST.PUT.OBJECT"][0]
    assert first["key"] == "a%20b/%C3%A9" and first["uri"] == "PUT /src/a%20b/%C3%A9 HTTP/1.1"
    assert first["request_id"] == put["ResponseMetadata"]["RequestId"] and first["host_id"] == put["ResponseMetadata"]["HostId"]
    assert (first["bucket"], first["status"], first["error"], first["size"], first["sent"]) == ("src", "200", "-", "5", "-")
    assert (first["signature"], first["auth"], first["cipher"], first["tls"]) == ("SigV4", "AuthHeader", "-", "-")
    assert first["owner"] == first["requester"] == s3.list_buckets()["Owner"]["ID"]
    assert first["remote"] == "127.0.0.1" and "Boto3" in first["agent"] and first["host"] == f"127.0.0.1:{quick.port}"
    part, missing, anonymous, presigned = of["REST.GET.OBJECT"]
    assert (part["status"], part["sent"], part["size"]) == ("206", "2", "5")
    assert (missing["status"], missing["error"]) == ("404", "NoSuchKey") and int(missing["sent"]) > 100
    assert (anonymous["status"], anonymous["requester"], anonymous["auth"]) == ("403", "-", "-")
    assert anonymous["referer"] == "a%22b"
    assert (presigned["auth"], presigned["sent"]) == ("QueryString", "5")
    assert of["REST.HEAD.OBJECT"][0]["sent"] == "-"


def test_a_target_that_cannot_take_logs_is_refused(quick):
    s3, other = quick.client("s3"), quick.client("s3", cloud.OTHER)
    for client, bucket in [(s3, "one"), (s3, "two"), (other, "theirs")]:
        client.create_bucket(Bucket=bucket)
    for target in ["nowhere", "theirs", "two"]:
        enabled = {"LoggingEnabled": {"TargetBucket": target, "TargetPrefix": ""}}
        code = refused(s3.put_bucket_logging, Bucket="one", BucketLoggingStatus=enabled)
        assert code == "InvalidTargetBucketForLogging", target
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket="one")
    s3.put_bucket_acl(Bucket="two", ACL="log-delivery-write")
    wanted = {
        "TargetBucket": "two", "TargetPrefix": "p-",
        "TargetGrants": [{"Grantee": {"Type": "Group", "URI": "http://acs.amazonaws.com/groups/global/AllUsers"}, "Permission": "READ"}],
        "TargetObjectKeyFormat": {"PartitionedPrefix": {"PartitionDateSource": "EventTime"}},
    }
    s3.put_bucket_logging(Bucket="one", BucketLoggingStatus={"LoggingEnabled": wanted})
    assert s3.get_bucket_logging(Bucket="one")["LoggingEnabled"] == wanted
    bad = wanted | {"TargetObjectKeyFormat": {"PartitionedPrefix": {"PartitionDateSource": "soon"}}}
    assert refused(s3.put_bucket_logging, Bucket="one", BucketLoggingStatus={"LoggingEnabled": bad}) == "MalformedXML"

    def keys():
        return [one["Key"] for one in s3.list_objects_v2(Bucket="two").get("Contents", [])]

    key = cloud.until("a log", keys)[0]
    day = r"(\d{4})/(\d\d)/(\d\d)/\1-\2-\3-00-00-00-[0-9A-F]{16}"
    assert re.fullmatch(f"p-{cloud.MAIN.id}/{cloud.REGION}/one/{day}", key)
    assert urllib.request.urlopen(f"{quick.url}/two/{key}").status == 200, "everybody may read it"
    s3.put_bucket_logging(Bucket="one", BucketLoggingStatus={})
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket="one")


def test_a_server_that_stops_delivers_first(tmp_path):
    server = start(tmp_path, "10m")
    s3 = server.client("s3")
    for bucket in ["src", "logs"]:
        s3.create_bucket(Bucket=bucket)
    allow(s3, "logs", "src")
    log(s3, "src", "logs")
    for n in range(5):
        s3.put_object(Bucket="src", Key=f"k{n}", Body=b"")
    assert server.stop() == 0
    server.start()
    keys = [line["key"] for line in delivered(server.client("s3"), "logs")]
    assert keys == [f"k{n}" for n in range(5)]
    server.stop()


def test_copies_lifecycle_and_acls_are_told(quick):
    s3, other = quick.client("s3"), quick.client("s3", cloud.OTHER)
    for bucket in ["from", "to-here", "their-logs"]:
        s3.create_bucket(Bucket=bucket)
    allow(s3, "their-logs", "from")
    log(s3, "from", "their-logs")
    s3.put_object(Bucket="from", Key="k 1", Body=b"x", ACL="public-read")
    s3.copy_object(Bucket="to-here", Key="copy", CopySource="from/k 1")
    upload = s3.create_multipart_upload(Bucket="to-here", Key="m")["UploadId"]
    s3.upload_part_copy(Bucket="to-here", Key="m", UploadId=upload, PartNumber=1, CopySource="from/k 1")
    other.get_object(Bucket="from", Key="k 1")
    s3.get_object(Bucket="from", Key="k 1")
    s3.create_multipart_upload(Bucket="from", Key="unfinished")
    rule = {"ID": "r", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}}  # fmt: skip
    s3.put_bucket_lifecycle_configuration(Bucket="from", LifecycleConfiguration={"Rules": [rule]})
    wanted = {"S3.EXPIRE.OBJECT", "S3.DELETE.UPLOAD"}
    lines = cloud.until("the records", lambda: (got := delivered(s3, "their-logs")) and wanted <= {r["operation"] for r in got} and got)
    of = {operation: [r for r in lines if r["operation"] == operation] for operation in {r["operation"] for r in lines}}
    (copied,), (part,) = of["REST.COPY.OBJECT_GET"], of["REST.COPY.PART_GET"]
    assert (copied["key"], copied["bucket"], copied["status"]) == ("k%201", "from", "200") and part["key"] == "k%201"
    assert copied["uri"] == "PUT /to-here/copy HTTP/1.1"
    assert [r["acl_required"] for r in of["REST.GET.OBJECT"]] == ["Yes", "-"]
    expired = of["S3.EXPIRE.OBJECT"][0]
    assert (expired["key"], expired["requester"], expired["uri"], expired["status"]) == ("k%201", "AmazonS3", "-", "-")
    assert of["S3.DELETE.UPLOAD"][0]["key"] == "unfinished"
