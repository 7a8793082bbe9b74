"""Event notifications: to a real webhook, in order, through kill -9, and what is refused."""

import http.server
import json
import threading
import urllib.request

import pytest
from botocore.exceptions import ClientError

import cloud

QUEUE, TOPIC = "arn:aws:sqs:us-east-1:111122223333:q", "arn:aws:sns:us-east-1:111122223333:t"


class Receiver:
    """Takes POSTs, unless it is told to refuse them all, or those with some bytes in them."""

    def __init__(self):
        self.got, self.refuse, self.refused, self.poison = [], False, 0, None
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                poisoned = outer.poison is not None and outer.poison in body
                if outer.refuse or poisoned:
                    outer.refused += 1
                else:
                    outer.got.append((self.path, json.loads(body)))
                self.send_response(503 if outer.refuse else 500 if poisoned else 200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def records(self, path="/q"):
        return [r for at, body in self.got if at == path for r in body.get("Records", [])]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
def server(tmp_path, receiver):
    server = cloud.Server(tmp_path, "--driver", "simulated")
    hooks = [(QUEUE, "/q"), (TOPIC, "/t"), ("eventbridge", "/bridge")]
    with server.config.open("a") as config:
        for arn, path in hooks:
            config.write(f'[[webhooks]]\narn = "{arn}"\nurl = "{receiver.url}{path}"\n')
        config.write('[testing]\nlifecycle_day = "500ms"\n')
    yield server.start()
    server.stop()


def upload_form(url, fields, file):
    parts = [f'--edge\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields.items()]
    parts.append('--edge\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n')
    body = "".join(parts).encode() + file + b"\r\n--edge--\r\n"
    headers = {"Content-Type": "multipart/form-data; boundary=edge"}
    return urllib.request.urlopen(urllib.request.Request(url, body, headers)).status


def queue(*events, arn=QUEUE, **filters):
    rule = {"Id": "rule", "QueueArn": arn, "Events": list(events)}
    if filters:
        rules = [{"Name": name, "Value": value} for name, value in filters.items()]
        rule["Filter"] = {"Key": {"FilterRules": rules}}
    return rule


def configure(s3, bucket, **configuration):
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=configuration)


def test_events_read_as_aws_writes_them(server, receiver):
    s3 = server.client("s3")
    s3.create_bucket(Bucket="told")
    rule = queue("s3:ObjectCreated:*", "s3:ObjectRemoved:*", "s3:ObjectTagging:*", "s3:ObjectAcl:Put", Prefix="in/", Suffix=".txt")
    topic = {"Id": "t", "TopicArn": TOPIC, "Events": ["s3:ReducedRedundancyLostObject"]}
    configure(s3, "told", QueueConfigurations=[rule], TopicConfigurations=[topic], EventBridgeConfiguration={})
    read = s3.get_bucket_notification_configuration(Bucket="told")
    assert read["QueueConfigurations"] == [rule] and read["TopicConfigurations"] == [topic]
    assert read["EventBridgeConfiguration"] == {}
    tests = cloud.until("test events", lambda: len(receiver.got) == 2 and dict(receiver.got))
    assert {path: body["Event"] for path, body in tests.items()} == {"/q": "s3:TestEvent", "/t": "s3:TestEvent"}
    assert tests["/q"]["Bucket"] == "told"

    key = "in/a b+é.txt"
    put = s3.put_object(Bucket="told", Key=key, Body=b"hello")
    s3.put_object(Bucket="told", Key="in/other.png", Body=b"no")
    s3.put_object(Bucket="told", Key="out.txt", Body=b"no")
    upload = s3.create_multipart_upload(Bucket="told", Key="in/m.txt")["UploadId"]
    part = s3.upload_part(Bucket="told", Key="in/m.txt", UploadId=upload, PartNumber=1, Body=b"part")
    done = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    s3.complete_multipart_upload(Bucket="told", Key="in/m.txt", UploadId=upload, MultipartUpload=done)
    s3.copy_object(Bucket="told", Key="in/c.txt", CopySource="told/in/m.txt")
    s3.put_object_tagging(Bucket="told", Key="in/c.txt", Tagging={"TagSet": [{"Key": "a", "Value": "1"}]})
    s3.delete_object_tagging(Bucket="told", Key="in/c.txt")
    s3.put_object_acl(Bucket="told", Key="in/c.txt", ACL="public-read")
    post = s3.generate_presigned_post("told", "in/p.txt")
    assert upload_form(post["url"], post["fields"], b"form") == 204
    s3.delete_objects(Bucket="told", Delete={"Objects": [{"Key": "in/c.txt"}, {"Key": "in/m.txt"}]})
    s3.put_bucket_versioning(Bucket="told", VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket="told", Key=key, Body=b"again")["VersionId"]
    marker = s3.delete_object(Bucket="told", Key=key)["VersionId"]
    s3.delete_object(Bucket="told", Key=key, VersionId=version)

    records = cloud.until("all events", lambda: len(got := receiver.records()) >= 12 and got)
    assert [(r["eventName"], r["s3"]["object"]["key"]) for r in records] == [
        ("ObjectCreated:Put", "in/a+b%2B%C3%A9.txt"),
        ("ObjectCreated:CompleteMultipartUpload", "in/m.txt"),
        ("ObjectCreated:Copy", "in/c.txt"),
        ("ObjectTagging:Put", "in/c.txt"),
        ("ObjectTagging:Delete", "in/c.txt"),
        ("ObjectAcl:Put", "in/c.txt"),
        ("ObjectCreated:Post", "in/p.txt"),
        ("ObjectRemoved:Delete", "in/c.txt"),
        ("ObjectRemoved:Delete", "in/m.txt"),
        ("ObjectCreated:Put", "in/a+b%2B%C3%A9.txt"),
        ("ObjectRemoved:DeleteMarkerCreated", "in/a+b%2B%C3%A9.txt"),
        ("ObjectRemoved:Delete", "in/a+b%2B%C3%A9.txt"),
    ]
    first = records[0]
    assert first["eventSource"] == "aws:s3" and first["awsRegion"] == "us-east-1" and first["eventVersion"] == "2.1"
    assert first["responseElements"]["x-amz-request-id"] == put["ResponseMetadata"]["RequestId"]
    assert first["requestParameters"]["sourceIPAddress"] == "127.0.0.1"
    assert first["s3"]["bucket"]["arn"] == "arn:aws:s3:::told" and first["s3"]["configurationId"] == "rule"
    object = first["s3"]["object"]
    assert object["size"] == 5 and object["eTag"] == put["ETag"].strip('"') and "versionId" not in object
    assert [r["s3"]["object"].get("versionId") for r in records[-3:]] == [version, marker, version]
    sequence = [r["s3"]["object"]["sequencer"] for r in records]
    assert sequence == sorted(sequence) and len(set(sequence)) == len(sequence)
    bridged = cloud.until("events of the bridge", lambda: [b for p, b in receiver.got if p == "/bridge"])
    assert bridged[0]["detail-type"] == "Object Created" and bridged[0]["detail"]["object"]["key"] == key


def test_rules_of_lifecycle_are_told(server, receiver):
    s3 = server.client("s3")
    s3.create_bucket(Bucket="told")
    configure(s3, "told", QueueConfigurations=[queue("s3:LifecycleExpiration:*")])
    s3.put_object(Bucket="told", Key="old", Body=b"x")
    rule = {"ID": "r", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}
    s3.put_bucket_lifecycle_configuration(Bucket="told", LifecycleConfiguration={"Rules": [rule]})
    records = cloud.until("the event", receiver.records)
    assert (records[0]["eventName"], records[0]["s3"]["object"]["key"]) == ("LifecycleExpiration:Delete", "old")


def test_kill_9_loses_no_event_and_keeps_their_order(server, receiver):
    s3 = server.client("s3")
    s3.create_bucket(Bucket="told")
    receiver.refuse = True
    configure(s3, "told", QueueConfigurations=[queue("s3:ObjectCreated:*", "s3:ObjectRemoved:*")])
    for n in range(30):
        s3.put_object(Bucket="told", Key=f"k{n % 3}", Body=str(n))
        if n % 5 == 4:
            s3.delete_object(Bucket="told", Key=f"k{n % 3}")
    cloud.until("an attempt", lambda: receiver.refused)
    server.kill()
    receiver.refuse = False
    server.start()
    records = cloud.until("all events", lambda: len(got := receiver.records()) >= 36 and got)
    assert len(records) == 36
    sequence = [r["s3"]["object"]["sequencer"] for r in records]
    assert sequence == sorted(sequence)


def test_an_event_that_is_refused_holds_up_no_others(server, receiver):
    s3 = server.client("s3")
    s3.create_bucket(Bucket="told")
    receiver.poison = b"poison"
    configure(s3, "told", QueueConfigurations=[queue("s3:ObjectCreated:*")])
    for key in ["a", "poison", "b", "c"]:
        s3.put_object(Bucket="told", Key=key, Body=b"x")
    records = cloud.until("the others", lambda: len(got := receiver.records()) >= 3 and got)
    assert [r["s3"]["object"]["key"] for r in records] == ["a", "b", "c"] and receiver.refused == 4


@pytest.mark.parametrize("rules", [
    [queue("s3:ObjectCreated:*", arn="arn:aws:sqs:us-east-1:111122223333:unknown")],
    [queue("s3:ObjectCreated:*", arn="nonsense")],
    [queue("s3:ObjectCreated:*"), queue("s3:ObjectCreated:Put")],
    [queue("s3:ObjectCreated:*", Prefix="a"), queue("s3:ObjectCreated:Put", Prefix="a/b")],
    [queue("s3:ObjectCreated:*", Middle="a")],
], ids=["destination", "arn", "events", "prefixes", "filter"])
def test_bad_rules_are_refused(server, rules):
    s3 = server.client("s3")
    s3.create_bucket(Bucket="told")
    with pytest.raises(ClientError) as error:
        configure(s3, "told", QueueConfigurations=rules)
    assert error.value.response["Error"]["Code"] == "InvalidArgument"
    assert "QueueConfigurations" not in s3.get_bucket_notification_configuration(Bucket="told")
