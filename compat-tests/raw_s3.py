"""S3 requests byte by byte: signed as wanted, sent as wanted, wrong where a test wants them wrong."""

import datetime
import hashlib
import hmac
import re
import socket
import urllib.parse

EMPTY = hashlib.sha256(b"").hexdigest()
STREAMED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
TRAILED = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body
        found = re.search(rb"<Code>(\w+)</Code>", body)
        self.code = found[1].decode() if found else None

    def __repr__(self):
        return f"{self.status} {self.code} {self.body[:300]!r}"


class Wire:
    """A connection to a server, and a key of it."""

    def __init__(self, server, account=None, timeout=20):
        self.server, self.account = server, account or server.account
        self.socket = socket.create_connection((server.host, server.port), timeout)
        self.rest = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def head(self, method, target, headers=(), payload=EMPTY, at=None):
        """A signed request's head. `target` is path and query as they go over the wire; a header may replace one of ours."""
        at = at or datetime.datetime.now(datetime.timezone.utc)
        stamp, day = at.strftime("%Y%m%dT%H%M%SZ"), at.strftime("%Y%m%d")
        path, _, query = target.partition("?")
        ours = {"host": f"{self.server.host}:{self.server.port}", "x-amz-content-sha256": payload, "x-amz-date": stamp}
        signed = ours | {k.lower(): v for k, v in headers if k.lower().startswith("x-amz-") and isinstance(v, str)}
        names = ";".join(sorted(signed))
        pairs = sorted(urllib.parse.parse_qsl(query, keep_blank_values=True))
        canonical_query = "&".join(f"{urllib.parse.quote(k, safe='')}={urllib.parse.quote(v, safe='')}" for k, v in pairs)
        # AWS signs the path's meaning, encoded strictly.
        canonical_path = urllib.parse.quote(urllib.parse.unquote_to_bytes(path), safe="/-_.~")
        canonical = "\n".join([method, canonical_path, canonical_query, *(f"{k}:{' '.join(signed[k].split())}" for k in sorted(signed)), "",
                               names, signed["x-amz-content-sha256"]])
        self.scope, self.stamp = f"{day}/us-east-1/s3/aws4_request", stamp
        key = f"AWS4{self.account.secret}".encode()
        for part in self.scope.split("/"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        self.key = key
        to_sign = f"AWS4-HMAC-SHA256\n{stamp}\n{self.scope}\n{hashlib.sha256(canonical.encode('latin-1')).hexdigest()}"
        self.signature = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
        authorization = f"AWS4-HMAC-SHA256 Credential={self.account.key}/{self.scope},SignedHeaders={names},Signature={self.signature}"
        sent = [*ours.items(), ("authorization", authorization)]
        given = {k.lower() for k, _ in headers}
        lines = [f"{k}: {v}".encode("latin-1") for k, v in sent if k not in given]
        lines += [k.encode() + b": " + (v if isinstance(v, bytes) else v.encode("latin-1")) for k, v in headers]
        return f"{method} {target} HTTP/1.1\r\n".encode("latin-1") + b"".join(line + b"\r\n" for line in lines) + b"\r\n"

    def chunk(self, data, wrong=False):
        """One chunk of a signed stream; the signature goes on from the last one's."""
        to_sign = "\n".join(["AWS4-HMAC-SHA256-PAYLOAD", self.stamp, self.scope, self.signature, EMPTY, hashlib.sha256(data).hexdigest()])
        self.signature = hmac.new(self.key, to_sign.encode(), hashlib.sha256).hexdigest()
        said = "0" * 64 if wrong else self.signature
        return f"{len(data):x};chunk-signature={said}\r\n".encode() + data + b"\r\n"

    def send(self, data):
        self.socket.sendall(data)

    def answer(self, method="GET"):
        """The next answer on the connection; None when it ended."""
        while b"\r\n\r\n" not in self.rest:
            more = self.socket.recv(65536)
            if not more:
                return None
            self.rest += more
        head, _, self.rest = self.rest.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        status = int(lines[0].split()[1])
        headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:])}
        length = 0 if method == "HEAD" or status in (100, 204, 304) else int(headers.get("content-length", 0))
        while len(self.rest) < length:
            more = self.socket.recv(65536)
            if not more:
                break
            self.rest += more
        body, self.rest = self.rest[:length], self.rest[length:]
        return Answer(status, headers, body)

    def ended(self):
        """Whether the server has closed the connection, or does so now."""
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True

    def ask(self, method, target, headers=(), body=b"", **more):
        """A whole request with a true length, unless a header says another; and its answer."""
        headers = list(headers)
        if body and not any(k.lower() in ("content-length", "transfer-encoding") for k, _ in headers):
            headers.append(("content-length", str(len(body))))
        more.setdefault("payload", hashlib.sha256(body).hexdigest())
        self.send(self.head(method, target, headers, **more) + body)
        return self.answer(method)
