"""What must not be: each row of the tables is a request that S3 refuses, and the code that AWS gives it.

The server is this file's own. It must serve on after every row, and when all are through, `novella fsck` must find no blob
without a row and no row without a blob.
"""

import base64
import datetime
import email.utils
import hashlib
import hmac
import subprocess
import time
import zlib

import cloud
import pytest
from clients import MIB
from raw_s3 import EMPTY, STREAMED, TRAILED, Wire

GIB = 1024 * MIB
UNSIGNED = "UNSIGNED-PAYLOAD"


@pytest.fixture(scope="module")
def victim(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bad")
    server = cloud.Server(folder, "--driver", "simulated").start()
    s3 = server.client("s3")
    s3.create_bucket(Bucket="bad")
    s3.put_object(Bucket="bad", Key="there", Body=b"still here")
    s3.put_object(Bucket="bad", Key="large", Body=b"l" * 100_000)
    yield server
    assert s3.get_object(Bucket="bad", Key="large")["Body"].read() == b"l" * 100_000
    assert server.stop() == 0
    found = subprocess.run([cloud.PROGRAM, "fsck", "--data-dir", server.data], capture_output=True, text=True)
    assert found.returncode == 0, found.stdout + found.stderr
    assert "panicked" not in server.log.read_text()


@pytest.fixture(autouse=True)
def serves_on(victim):
    yield
    with Wire(victim) as wire:
        assert wire.ask("GET", "/bad/there").body == b"still here"


@pytest.fixture
def wire(victim):
    with Wire(victim) as wire:
        yield wire


def is_absent(victim, key):
    with Wire(victim) as wire:
        return wire.ask("HEAD", f"/bad/{key}").status == 404


def b64(data):
    return base64.b64encode(data).decode()


# Addresses

PATHS = [
    ("GET", "/bad/../../../etc/passwd", 404, "NoSuchKey"),
    ("GET", "/bad/%2e%2e/%2e%2e/etc/passwd", 404, "NoSuchKey"),
    ("GET", "/bad/..%2f..%2fnovella.db", 404, "NoSuchKey"),
    ("GET", "/bad/./there", 404, "NoSuchKey"),
    ("GET", "/bad//there", 404, "NoSuchKey"),
    ("GET", "/bad/there/", 404, "NoSuchKey"),
    ("GET", "/../bad", 404, "NoSuchBucket"),
    ("GET", "/%2e%2e/x", 404, "NoSuchBucket"),
    ("GET", "/UPPER_case/x", 404, "NoSuchBucket"),
    ("PUT", "/..", 400, "InvalidBucketName"),
    ("PUT", "/UPPER_case", 400, "InvalidBucketName"),
    ("PUT", "/ab", 400, "InvalidBucketName"),
    ("PUT", "/" + "b" * 64, 400, "InvalidBucketName"),
    ("GET", "/bad/%ff%fe", 400, "InvalidURI"),
    ("GET", "/bad/%c0%ae%c0%ae/x", 400, "InvalidURI"),
    ("GET", "/bad/%ed%a0%80", 400, "InvalidURI"),
    ("GET", "/bad/%zz", 400, "InvalidURI"),
    ("GET", "/bad/%", 400, "InvalidURI"),
    ("PUT", "/bad/" + "k" * 1025, 400, "KeyTooLongError"),
    ("PUT", "/bad/" + "%C3%BC" * 513, 400, "KeyTooLongError"),
    ("GET", "/bad/" + "k" * 1025, 400, "KeyTooLongError"),
    ("PATCH", "/bad/there", 405, "MethodNotAllowed"),
    ("BREW", "/bad/there", 405, "MethodNotAllowed"),
    ("POST", "/bad/there", 405, "MethodNotAllowed"),
    ("PUT", "/", 405, "MethodNotAllowed"),
    ("GET", "/bad?max-keys=-1", 400, "InvalidArgument"),
    ("GET", "/bad?max-keys=many", 400, "InvalidArgument"),
    ("GET", "/bad?list-type=2&continuation-token=made%20up", 400, "InvalidArgument"),
    ("GET", "/bad?encoding-type=rot13", 400, "InvalidArgument"),
    ("GET", "/bad?versions&version-id-marker=x", 400, "InvalidArgument"),
    ("GET", "/bad/there?versionId=made-up", 400, "InvalidArgument"),
    ("GET", "/bad/there?partNumber=0", 400, "InvalidArgument"),
    ("GET", "/bad/there?partNumber=2", 416, "InvalidPartNumber"),
    ("GET", "/bad/there?uploadId=made-up", 404, "NoSuchUpload"),
    ("PUT", "/bad/x?partNumber=1&uploadId=made-up", 404, "NoSuchUpload"),
]


@pytest.mark.parametrize("method, target, status, code", PATHS, ids=lambda v: str(v)[:40])
def test_addresses(wire, method, target, status, code):
    answer = wire.ask(method, target)
    assert (answer.status, answer.code) == (status, code), answer


def test_the_longest_key_and_dots_are_keys_like_others(victim, wire):
    for key in ("k" * 1024, "..", "../../up", ".", "//", "%00"):
        assert wire.ask("PUT", f"/bad/{key}", body=b"x").status == 200, key
        assert wire.ask("GET", f"/bad/{key}").body == b"x", key
        assert wire.ask("DELETE", f"/bad/{key}").status == 204, key
    assert {p.name for p in victim.data.parent.iterdir()} <= {"data", "novella.toml", "server.log", "said"}


# Heads

LENGTHS = [
    ([("content-length", "-1")], 400),
    ([("content-length", "five")], 400),
    ([("content-length", "5 5")], 400),
    ([("content-length", "99999999999999999999999")], 400),
    ([("content-length", "5"), ("content-length", "6")], 400),
    ([("content-length", "0x5")], 400),
    ([("transfer-encoding", "rot13")], 400),
]


@pytest.mark.parametrize("headers, status", LENGTHS, ids=str)
def test_lengths_that_are_none(victim, wire, headers, status):
    wire.send(wire.head("PUT", "/bad/length", headers, payload=UNSIGNED) + b"hello")
    assert wire.answer().status == status
    assert wire.ended()
    assert is_absent(victim, "length")


def test_a_body_without_a_length(victim, wire):
    wire.send(wire.head("PUT", "/bad/no-length", [], payload=UNSIGNED))
    answer = wire.answer()
    assert (answer.status, answer.code) == (411, "MissingContentLength"), answer
    assert is_absent(victim, "no-length")


@pytest.mark.parametrize("size", [5 * GIB + 1, 50 * 1024 * GIB])
def test_more_than_s3_takes_is_refused_before_it_comes(wire, size):
    wire.send(wire.head("PUT", "/bad/huge", [("content-length", str(size)), ("expect", "100-continue")], payload=UNSIGNED))
    answer = wire.answer()
    assert (answer.status, answer.code) == (400, "EntityTooLarge"), answer
    assert answer.headers["connection"] == "close" and wire.ended()


def test_heads_that_are_too_large(victim):
    for head in (
        b"GET /bad/there HTTP/1.1\r\nhost: x\r\n" + b"".join(b"x-%d: y\r\n" % n for n in range(2000)) + b"\r\n",
        b"GET /bad/there HTTP/1.1\r\nhost: x\r\nx-long: " + b"y" * 2 * MIB + b"\r\n\r\n",
        b"GET /bad/" + b"k" * 2 * MIB + b" HTTP/1.1\r\nhost: x\r\n\r\n",
    ):
        with Wire(victim) as wire:
            try:
                wire.send(head)
                answer = wire.answer()
                assert answer is None or answer.status in (400, 414, 431), answer
            except (BrokenPipeError, ConnectionResetError):
                pass


def test_what_is_no_http(victim):
    for noise in (b"\x16\x03\x01\x02\x00\x01\x00", b"GET\r\n\r\n", b"hello there\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
                  b"GET /bad/there HTTP/1.1\r\nhost: x\r\nbad header: y\r\n\r\n", b"\0" * 1000 + b"\r\n\r\n"):
        with Wire(victim) as wire:
            wire.send(noise)
            answer = wire.answer()
            assert answer is None or answer.status >= 400, (noise, answer)


HEADERS = [
    ([("x-amz-meta-a", "v" * 2048)], 400, "MetadataTooLarge"),
    ([("content-md5", "nonsense")], 400, "InvalidDigest"),
    ([("content-md5", b64(b"0" * 16))], 400, "BadDigest"),
    ([("x-amz-checksum-crc32", "nonsense")], 400, "InvalidRequest"),
    ([("x-amz-checksum-crc32", b64(b"0000"))], 400, "BadDigest"),
    ([("x-amz-checksum-sha256", b64(b"0" * 32))], 400, "BadDigest"),
    ([("x-amz-checksum-crc32", b64(b"0000")), ("x-amz-checksum-sha1", b64(b"0" * 20))], 400, "InvalidRequest"),
    ([("x-amz-storage-class", "GOLD")], 400, "InvalidStorageClass"),
    ([("x-amz-acl", "everybody")], 400, "InvalidArgument"),
    ([("x-amz-tagging", "a=1&a=2")], 400, "InvalidTag"),
    ([("x-amz-tagging", "&".join(f"t{n}=1" for n in range(11)))], 400, "InvalidTag"),
    ([("x-amz-object-lock-mode", "GOVERNANCE")], 400, "InvalidArgument"),
    ([("x-amz-copy-source", "nonsense")], 400, "InvalidArgument"),
    ([("x-amz-copy-source", "bad/absent")], 404, "NoSuchKey"),
    ([("x-amz-copy-source", "no-such-bucket-here/k")], 404, "NoSuchBucket"),
    ([("x-amz-copy-source", "bad/%ff")], 400, "InvalidArgument"),
]


@pytest.mark.parametrize("headers, status, code", HEADERS, ids=lambda v: str(v)[:50])
def test_headers(victim, wire, headers, status, code):
    body = b"" if any(k == "x-amz-copy-source" for k, _ in headers) else b"hello"
    answer = wire.ask("PUT", "/bad/header", headers, body)
    assert (answer.status, answer.code) == (status, code), answer
    assert is_absent(victim, "header")


# Who asks, and when

AUTHORIZATIONS = [
    ("", 400, "InvalidArgument"),
    ("Bearer token", 400, "InvalidArgument"),
    ("AWS4-HMAC-SHA256 nonsense", 400, "AuthorizationHeaderMalformed"),
    ("AWS4-HMAC-SHA256 Credential=a/b,SignedHeaders=host,Signature=0", 400, "AuthorizationHeaderMalformed"),
    ("AWS nonsense", 400, "InvalidArgument"),
    ("AWS AKIANOBODY0000000000:c2ln", 403, "InvalidAccessKeyId"),
]


@pytest.mark.parametrize("value, status, code", AUTHORIZATIONS)
def test_authorizations(wire, value, status, code):
    headers = [("authorization", value), ("date", email.utils.formatdate(usegmt=True))]
    answer = wire.ask("GET", "/bad/there", headers)
    if value == "":
        assert answer.status in (400, 403), answer
    else:
        assert (answer.status, answer.code) == (status, code), answer


@pytest.mark.parametrize("minutes", [-16, 16, 60 * 24 * 365])
def test_clocks_that_are_wrong(wire, minutes):
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=minutes)
    answer = wire.ask("GET", "/bad/there", at=at)
    assert (answer.status, answer.code) == (403, "RequestTimeTooSkewed"), answer


@pytest.mark.parametrize("date", ["", "nonsense", "20261399T999999Z", "-1"])
def test_dates_that_are_none(wire, date):
    answer = wire.ask("GET", "/bad/there", [("x-amz-date", date)])
    assert (answer.status, answer.code) == (403, "AccessDenied"), answer


def v2(victim, date, method="GET", resource="/bad/there"):
    signed = hmac.new(victim.account.secret.encode(), f"{method}\n\n\n{date}\n{resource}".encode(), hashlib.sha1).digest()
    return f"AWS {victim.account.key}:{b64(signed)}"


@pytest.mark.parametrize("zone, ok", [("GMT", True), ("+0000", True), ("-0000", True), ("UTC", True), ("+0200", True), ("nowhere", False)])
def test_every_date_that_clients_send_is_read(victim, wire, zone, ok):
    shift = 7200 if zone == "+0200" else 0
    date = time.strftime("%a, %d %b %Y %H:%M:%S ", time.gmtime(time.time() + shift)) + zone
    wire.send(f"GET /bad/there HTTP/1.1\r\nhost: x\r\ndate: {date}\r\nauthorization: {v2(victim, date)}\r\n\r\n".encode())
    answer = wire.answer()
    assert (answer.status, answer.code) == ((200, None) if ok else (403, "AccessDenied")), answer


def test_conditions_with_dates(wire):
    past, ahead = "Sat, 01 Jan 2000 00:00:00 -0000", "Fri, 01 Jan 2100 00:00:00 GMT"
    assert wire.ask("GET", "/bad/there", [("if-modified-since", past)]).status == 200
    assert wire.ask("GET", "/bad/there", [("if-unmodified-since", past)]).status == 412
    assert wire.ask("GET", "/bad/there", [("if-unmodified-since", ahead)]).status == 200
    for nonsense in ("yesterday", "", "Sat, 99 Foo 2000 00:00:00 GMT"):
        assert wire.ask("GET", "/bad/there", [("if-modified-since", nonsense)]).status == 200
        assert wire.ask("GET", "/bad/there", [("if-unmodified-since", nonsense)]).status == 200


# Bodies

BOMB = b'<?xml version="1.0"?><!DOCTYPE Delete [<!ENTITY a "aaaaaaaaaa">' + b"".join(
    f'<!ENTITY {chr(98 + n)} "{("&" + chr(97 + n) + ";") * 10}">'.encode() for n in range(8)
) + b"]><Delete><Object><Key>&i;</Key></Object></Delete>"
FILE = b'<?xml version="1.0"?><!DOCTYPE Delete [<!ENTITY f SYSTEM "file:///etc/passwd">]><Delete><Object><Key>&f;</Key></Object></Delete>'
DOCUMENTS = [
    ("a bomb", BOMB),
    ("a file's name", FILE),
    ("no XML", b"hello"),
    ("an open element", b"<Delete><Object><Key>k</Key></Object>"),
    ("another root", b"<Remove><Object><Key>k</Key></Object></Remove>"),
    ("nothing in it", b"<Delete></Delete>"),
    ("not UTF-8", b"<Delete><Object><Key>\xff\xfe</Key></Object></Delete>"),
    ("deep", b"<Delete>" + b"<a>" * 50_000 + b"</a>" * 50_000 + b"</Delete>"),
    ("1,001 keys", b"<Delete>" + b"<Object><Key>k</Key></Object>" * 1001 + b"</Delete>"),
    ("unknown entity", b"<Delete><Object><Key>&nbsp;</Key></Object></Delete>"),
    ("two roots", b"<Delete><Object><Key>k</Key></Object></Delete><Delete/>"),
]


@pytest.mark.parametrize("document", [d for _, d in DOCUMENTS], ids=[name for name, _ in DOCUMENTS])
def test_documents(wire, document):
    answer = wire.ask("POST", "/bad?delete", [("content-md5", b64(hashlib.md5(document).digest()))], document)
    assert (answer.status, answer.code) == (400, "MalformedXML"), answer


@pytest.mark.parametrize("target", ["/bad?tagging", "/bad?lifecycle", "/bad?cors", "/bad?versioning", "/bad?acl", "/bad/there?tagging", "/bad"])
def test_documents_for_other_places(wire, target):
    for document in (BOMB, b"<a>" * 1000, b"hello"):
        answer = wire.ask("PUT", target, [("content-md5", b64(hashlib.md5(document).digest()))], document)
        assert answer.status == 400 and answer.code in ("MalformedXML", "MalformedACLError"), (document[:20], answer)


def test_documents_that_are_too_large(wire):
    document = b"<Delete>" + b" " * 20 * MIB + b"</Delete>"
    try:
        answer = wire.ask("POST", "/bad?delete", [("content-md5", b64(hashlib.md5(document).digest()))], document)
    except (BrokenPipeError, ConnectionResetError):
        return
    assert answer.status == 400 and answer.code in ("MalformedXML", "MaxMessageLengthExceeded"), answer


def test_policies_that_are_none(wire):
    for document in (b"{", b"[]", b"{}", b'{"Version":"2012-10-17","Statement":[]}', b'{"a":' * 2_000, b"\xff"):
        answer = wire.ask("PUT", "/bad?policy", body=document)
        assert (answer.status, answer.code) == (400, "MalformedPolicy"), (document[:20], answer)


def test_a_body_that_is_not_what_was_signed(victim, wire):
    answer = wire.ask("PUT", "/bad/other", body=b"hello", payload=hashlib.sha256(b"other").hexdigest())
    assert (answer.status, answer.code) == (400, "XAmzContentSHA256Mismatch"), answer
    answer = wire.ask("PUT", "/bad/other", body=b"hello", payload="nonsense")
    assert (answer.status, answer.code) == (400, "InvalidArgument"), answer
    assert is_absent(victim, "other")


@pytest.mark.parametrize("size", [100, 200_000])
def test_a_body_that_breaks_off(victim, size):
    for _ in range(3):
        with Wire(victim) as wire:
            wire.send(wire.head("PUT", "/bad/broken", [("content-length", str(size))], payload=UNSIGNED) + b"x" * (size // 2))
    cloud.until("it is not there", lambda: is_absent(victim, "broken"))


# Chunks

def decoded(size):
    return [("x-amz-decoded-content-length", str(size)), ("content-encoding", "aws-chunked")]


def test_a_good_stream_goes_in(victim, wire):
    data = b"d" * 70_000
    head = wire.head("PUT", "/bad/stream", [*decoded(len(data)), ("content-length", str(len(data) + 3 * 85 + 5 + 5 + 1))], payload=STREAMED)
    body = wire.chunk(data[:65536]) + wire.chunk(data[65536:]) + wire.chunk(b"")
    head = head.replace(f"content-length: {len(data) + 266}".encode(), f"content-length: {len(body)}".encode())
    wire.send(head + body)
    assert wire.answer().status == 200
    assert wire.ask("GET", "/bad/stream").body == data
    assert wire.ask("DELETE", "/bad/stream").status == 204


def streams(wire):
    data = b"d" * 9000

    def head(size, length, payload=STREAMED, more=()):
        return wire.head("PUT", "/bad/stream", [*decoded(size), ("content-length", str(length)), *more], payload=payload)

    def signed(*chunks, size=len(data)):
        # The head's signature begins the chain, and it does not cover the length: make it twice.
        head(size, 0)
        body = b"".join(wire.chunk(c, wrong) for c, wrong in chunks)
        h = head(size, len(body))
        return h + b"".join(wire.chunk(c, wrong) for c, wrong in chunks)

    crc = b64(zlib.crc32(data).to_bytes(4, "big"))
    trailer = [("x-amz-trailer", "x-amz-checksum-crc32")]

    def trailed(body, size=len(data), more=trailer):
        return head(size, len(body), TRAILED, more) + body

    whole = f"{len(data):x}\r\n".encode() + data + b"\r\n0\r\n"
    return {
        "a wrong signature": (signed((data, True), (b"", False)), 403, "SignatureDoesNotMatch"),
        "a wrong last signature": (signed((data, False), (b"", True)), 403, "SignatureDoesNotMatch"),
        "no last chunk": (signed((data, False)), 400, "IncompleteBody"),
        "less than declared": (signed((data, False), (b"", False), size=len(data) + 1), 400, "IncompleteBody"),
        "more than declared": (signed((data, False), (b"", False), size=len(data) - 1), 400, "IncompleteBody"),
        "no chunks at all": (head(5, 5) + b"hello", 400, "IncompleteBody"),
        "a size that is none": (trailed(b"zz\r\nhello\r\n0\r\n\r\n"), 400, "IncompleteBody"),
        "a negative size": (trailed(b"-5\r\nhello\r\n0\r\n\r\n"), 400, "IncompleteBody"),
        "a giant size": (trailed(b"ffffffffffffffffff\r\nhello\r\n0\r\n\r\n"), 400, "IncompleteBody"),
        "a head without end": (trailed(b"1" * 100_000), 400, "IncompleteBody"),
        "a wrong trailer": (trailed(whole + b"x-amz-checksum-crc32:AAAAAA==\r\n\r\n"), 400, "BadDigest"),
        "a trailer that is none": (trailed(whole + b"x-amz-checksum-crc32:zzz\r\n\r\n"), 400, "InvalidRequest"),
        "an announced trailer that is absent": (trailed(whole + b"\r\n"), 400, "MalformedTrailerError"),
        "a trailer nobody announced": (trailed(whole + f"x-amz-checksum-sha1:{crc}\r\n\r\n".encode()), 400, "MalformedTrailerError"),
    }


STREAMS = ["a wrong signature", "a wrong last signature", "no last chunk", "less than declared", "more than declared", "no chunks at all",
           "a size that is none", "a negative size", "a giant size", "a head without end", "a wrong trailer", "a trailer that is none",
           "an announced trailer that is absent", "a trailer nobody announced"]


@pytest.mark.parametrize("name", STREAMS)
def test_streams(victim, wire, name):
    request, status, code = streams(wire)[name]
    wire.send(request)
    answer = wire.answer()
    assert (answer.status, answer.code) == (status, code), answer
    assert is_absent(victim, "stream")


def test_a_stream_without_its_length(wire):
    wire.send(wire.head("PUT", "/bad/stream", [("content-encoding", "aws-chunked"), ("content-length", "5")], payload=STREAMED) + b"hello")
    answer = wire.answer()
    assert (answer.status, answer.code) == (411, "MissingContentLength"), answer


# Parts

@pytest.fixture
def upload(victim):
    s3 = victim.client("s3")
    upload = s3.create_multipart_upload(Bucket="bad", Key="parts")["UploadId"]
    etags = [s3.upload_part(Bucket="bad", Key="parts", UploadId=upload, PartNumber=n, Body=b"x" * size)["ETag"]
             for n, size in ((1, 5 * MIB), (2, 10), (3, 10))]
    yield upload, etags
    s3.abort_multipart_upload(Bucket="bad", Key="parts", UploadId=upload)


@pytest.mark.parametrize("number", ["0", "-1", "10001", "99999999999999999999", "one", "1.0", ""])
def test_part_numbers(wire, upload, number):
    answer = wire.ask("PUT", f"/bad/parts?partNumber={number}&uploadId={upload[0]}", body=b"x")
    assert (answer.status, answer.code) == (400, "InvalidArgument"), answer


def test_completions(wire, upload):
    upload, (one, two, three) = upload

    def complete(*parts, raw=None):
        listed = "".join(f"<Part><PartNumber>{n}</PartNumber><ETag>{e}</ETag></Part>" for n, e in parts)
        document = raw or f"<CompleteMultipartUpload>{listed}</CompleteMultipartUpload>".encode()
        answer = wire.ask("POST", f"/bad/parts?uploadId={upload}", body=document)
        return answer.status, answer.code

    assert complete() == (400, "MalformedXML")
    assert complete(raw=b"<CompleteMultipartUpload><Part/></CompleteMultipartUpload>") == (400, "MalformedXML")
    assert complete(raw=b"<Other/>") == (400, "MalformedXML")
    assert complete((2, two), (1, one)) == (400, "InvalidPartOrder")
    assert complete((1, one), (1, one)) == (400, "InvalidPartOrder")
    assert complete((1, one), (4, one)) == (400, "InvalidPart")
    assert complete((1, two), (2, two)) == (400, "InvalidPart")
    assert complete((1, one), (2, two), (3, three)) == (400, "EntityTooSmall")
    assert complete((0, one))[0] == complete((10_001, one))[0] == complete(("one", one))[0] == 400
    assert complete(*((n, one) for n in range(1, 10_002)))[0] == 400
    answer = wire.ask("PUT", f"/bad/parts?partNumber=4&uploadId={upload}", [("x-amz-copy-source", "bad/large"), ("x-amz-copy-source-range", "bytes=5-")])
    assert (answer.status, answer.code) == (400, "InvalidArgument"), answer
    answer = wire.ask("PUT", f"/bad/parts?partNumber=4&uploadId={upload}", [("x-amz-copy-source", "bad/large"), ("x-amz-copy-source-range", "bytes=0-999999")])
    assert (answer.status, answer.code) == (416, "InvalidRange"), answer


# Ranges

RANGES = [("bytes=100000-", 416), ("bytes=-0", 416), ("bytes=5-3", 200), ("bytes=x-y", 200), ("chars=0-5", 200), ("bytes=0-1,5-6", 200),
          ("bytes=-200000", 206), ("bytes=99999-300000", 206), ("bytes=", 200), ("bytes=0-9223372036854775807", 206)]


@pytest.mark.parametrize("value, status", RANGES)
def test_ranges(wire, value, status):
    answer = wire.ask("GET", "/bad/large", [("range", value)])
    assert answer.status == status, answer.headers
    if status == 416:
        assert answer.code == "InvalidRange"


# Connections

def test_continue_is_said_only_when_the_body_is_wanted(victim, wire):
    wire.send(wire.head("PUT", "/bad/expected", [("content-length", "5"), ("expect", "100-continue")], payload=UNSIGNED))
    assert wire.answer().status == 100
    wire.send(b"hello")
    assert wire.answer().status == 200
    wire.send(wire.head("PUT", "/no-such-bucket-here/k", [("content-length", "5"), ("expect", "100-continue")], payload=UNSIGNED))
    refused = wire.answer()
    assert (refused.status, refused.code, refused.headers["connection"]) == (404, "NoSuchBucket", "close")
    assert wire.ended()


def test_a_connection_outlives_an_early_refusal(wire):
    for _ in range(3):
        refused = wire.ask("PUT", "/no-such-bucket-here/k", body=b"x" * 100_000)
        assert refused.code == "NoSuchBucket" and "connection" not in refused.headers
        assert wire.ask("GET", "/bad/there").body == b"still here"


def test_requests_in_one_breath_are_answered_in_order(wire):
    heads = [wire.head("GET", "/bad/there"), wire.head("GET", "/bad/absent"), wire.head("HEAD", "/bad/there"), wire.head("GET", "/bad/there")]
    wire.send(b"".join(heads))
    assert [wire.answer(m).status for m in ("GET", "GET", "HEAD", "GET")] == [200, 404, 200, 200]
    assert wire.rest == b""


def test_a_put_and_a_get_in_one_breath(wire):
    put = wire.head("PUT", "/bad/breath", [("content-length", "3")], payload=hashlib.sha256(b"abc").hexdigest()) + b"abc"
    wire.send(put + wire.head("GET", "/bad/breath"))
    assert wire.answer().status == 200 and wire.answer().body == b"abc"


def test_a_slow_client_is_served(victim, wire):
    request = wire.head("PUT", "/bad/slow", [("content-length", "20")], payload=UNSIGNED) + b"s" * 20
    for at in range(0, len(request), 7):
        wire.send(request[at : at + 7])
    assert wire.answer().status == 200
    assert wire.ask("GET", "/bad/slow", payload=EMPTY).body == b"s" * 20


def test_who_never_reads_disturbs_nobody(victim):
    idle = [Wire(victim) for _ in range(50)]
    for wire in idle:
        wire.send(wire.head("GET", "/bad/large"))
    half = [Wire(victim) for _ in range(50)]
    for wire in half:
        wire.send(b"GET /bad/there HTTP/1.1\r\nhost:")
    with Wire(victim) as wire:
        assert wire.ask("GET", "/bad/there").status == 200
    for wire in idle + half:
        wire.socket.close()


@pytest.mark.parametrize("query", ["annotation&annotationName=n", "ofTomorrow"])
def test_what_s3_learns_later_leaves_the_object_alone(server, fresh_bucket, query):
    """A PUT of a sub-resource that this S3 does not know is not taken for one of the object."""
    s3 = server.client("s3")
    s3.put_object(Bucket=fresh_bucket, Key="k", Body=b"kept")
    with Wire(server) as wire:
        for method, body in [("PUT", b"note"), ("DELETE", b"")]:
            answer = wire.ask(method, f"/{fresh_bucket}/k?{query}", body=body)
            assert answer.status == 501 and b"<Code>NotImplemented</Code>" in answer.body
    assert s3.get_object(Bucket=fresh_bucket, Key="k")["Body"].read() == b"kept"
