"""S3 under kill -9: the server stops at its k-th durable effect, for every k of a small session, and starts again.

Whatever was answered must be there, bytes and index must agree (`novella fsck`), and an object is one of the
versions that were sent, never a mixture. Run with pytest; NOVELLA names the binary (default: target/debug/novella).
"""

import os
import pathlib
import signal
import socket
import subprocess
import time

import boto3
import pytest
from botocore.client import Config

NOVELLA = os.environ.get("NOVELLA", str(pathlib.Path(__file__).parent.parent / "target/debug/novella"))
KEY = ("AKIACRASH00000000000", "crash-secret")
MIB = 1024 * 1024
LARGE = 200_000


def config(path, stop_at):
    path.write_text(
        f"""
[[accounts]]
id = "123456789012"
[[accounts.keys]]
access_key_id = "{KEY[0]}"
secret_access_key = "{KEY[1]}"
[testing]
stop_at_effect = {stop_at}
"""
    )
    return path


class Server:
    def __init__(self, folder, stop_at=0):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        self.process = subprocess.Popen(
            [NOVELLA, "serve", "--config", config(folder / "novella.toml", stop_at), "--data-dir", folder / "data",
             "--listen", f"127.0.0.1:{self.port}", "--driver", "simulated"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.s3 = boto3.client(
            "s3", endpoint_url=f"http://127.0.0.1:{self.port}", region_name="us-east-1",
            aws_access_key_id=KEY[0], aws_secret_access_key=KEY[1],
            config=Config(retries={"max_attempts": 0}, s3={"addressing_style": "path"}),
        )

    def ready(self):
        deadline = time.monotonic() + 60
        while self.process.poll() is None and time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return True
            except OSError:
                time.sleep(0.02)
        return False

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


def session(s3, answered):
    """Put, replace, copy, upload in parts and delete; `answered` learns each step's outcome once it is acknowledged."""

    def step(key, body, call):
        call()
        answered[key] = body

    s3.create_bucket(Bucket="crash")
    answered["bucket"] = True
    step("small", b"1" * 100, lambda: s3.put_object(Bucket="crash", Key="small", Body=b"1" * 100))
    step("large", b"2" * LARGE, lambda: s3.put_object(Bucket="crash", Key="large", Body=b"2" * LARGE))
    step("large", b"3" * LARGE, lambda: s3.put_object(Bucket="crash", Key="large", Body=b"3" * LARGE))
    source = {"Bucket": "crash", "Key": "large"}
    step("copy", b"3" * LARGE, lambda: s3.copy_object(Bucket="crash", Key="copy", CopySource=source))
    upload = s3.create_multipart_upload(Bucket="crash", Key="multi")["UploadId"]
    at = dict(Bucket="crash", Key="multi", UploadId=upload)
    one = s3.upload_part(**at, PartNumber=1, Body=b"4" * 5 * MIB)["ETag"]
    two = s3.upload_part(**at, PartNumber=2, Body=b"5")["ETag"]
    parts = [{"PartNumber": 1, "ETag": one}, {"PartNumber": 2, "ETag": two}]
    step("multi", b"4" * 5 * MIB + b"5", lambda: s3.complete_multipart_upload(**at, MultipartUpload={"Parts": parts}))
    step("large", None, lambda: s3.delete_object(Bucket="crash", Key="large"))
    step("multi", None, lambda: s3.delete_object(Bucket="crash", Key="multi"))


SENT = {
    "small": [b"1" * 100],
    "large": [b"2" * LARGE, b"3" * LARGE, None],
    "copy": [b"3" * LARGE],
    "multi": [b"4" * 5 * MIB + b"5", None],
}


def content(s3, key):
    try:
        return s3.get_object(Bucket="crash", Key=key)["Body"].read()
    except (s3.exceptions.NoSuchKey, s3.exceptions.NoSuchBucket):
        return None


def fsck(folder):
    done = subprocess.run([NOVELLA, "fsck", "--data-dir", folder / "data"], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_no_crash_loses_what_was_answered(tmp_path):
    if not os.path.exists(NOVELLA):
        pytest.skip(f"{NOVELLA} is not built")
    for k in range(1, 1000):
        folder = tmp_path / str(k)
        folder.mkdir()
        server, answered = Server(folder, stop_at=k), {}
        died = True
        if server.ready():
            try:
                session(server.s3, answered)
                died = False
            except Exception:
                server.process.wait(60)
        if not died:
            server.stop()
        again = Server(folder)
        assert again.ready(), f"no start after effect {k}"
        for key, bodies in SENT.items():
            found = content(again.s3, key)
            if key in answered:
                later = bodies[bodies.index(answered[key]) :]
                assert found in later, f"{key} after effect {k}"
            else:
                assert found in [None, *bodies], f"{key} after effect {k}"
        # What is acknowledged from now on wakes the janitor once more; then all must be in order.
        if "bucket" in answered:
            again.s3.put_object(Bucket="crash", Key="after", Body=b"x")
        again.stop()
        code, said = fsck(folder)
        assert code == 0, f"after effect {k}: {said}"
        if not died:
            print(f"{k - 1} effects")
            return
    pytest.fail("the session has no end")
