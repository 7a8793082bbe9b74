"""s3cmd, as its users drive it."""

import re
import urllib.error
import urllib.request

import pytest
from clients import MIB, folder_of, needs, read_folder, run, tool

pytestmark = needs("s3cmd", "pip install s3cmd")


@pytest.fixture
def s3cmd(server, tmp_path):
    def call(*arguments, secret=None, fails=False):
        (tmp_path / "s3cfg").write_text(
            f"[default]\naccess_key = {server.account.key}\nsecret_key = {secret or server.account.secret}\n"
            f"host_base = {server.host}:{server.port}\nhost_bucket = {server.host}:{server.port}\n"
            "use_https = False\nmultipart_chunk_size_mb = 5\nprogress_meter = False\nmax_retries = 1\n"
        )
        return run(tool("s3cmd"), "-c", tmp_path / "s3cfg", *arguments, fails=fails)

    return call


def test_buckets(s3cmd):
    s3cmd("mb", "s3://s3cmd-made")
    assert "s3://s3cmd-made" in s3cmd("ls")
    assert "us-east-1" in s3cmd("info", "s3://s3cmd-made")
    s3cmd("setversioning", "s3://s3cmd-made", "enable")
    s3cmd("rb", "s3://s3cmd-made")
    assert "s3://s3cmd-made" not in s3cmd("ls")


def test_a_folder_goes_there_and_back(s3cmd, fresh_bucket, tmp_path, keys_of):
    content = folder_of(tmp_path / "from", big=11 * MIB)
    there = f"s3://{fresh_bucket}/backup/"
    s3cmd("sync", f"{tmp_path}/from/", there)
    assert keys_of(fresh_bucket) == {f"backup/{name}": data for name, data in content.items()}
    assert "upload:" not in s3cmd("sync", "--no-progress", f"{tmp_path}/from/", there), "the second time there is nothing to do"
    s3cmd("sync", there, f"{tmp_path}/to/")
    assert read_folder(tmp_path / "to") == content
    (tmp_path / "from/plain").unlink()
    s3cmd("sync", "--delete-removed", f"{tmp_path}/from/", there)
    assert "backup/plain" not in keys_of(fresh_bucket)
    listed = s3cmd("ls", "--recursive", there)
    assert len(listed.splitlines()) == len(content) - 1 and "ünï/ç☃" in listed
    assert re.search(r"DIR\s+s3://\S+/backup/deep/", s3cmd("ls", there))
    assert int(s3cmd("du", there).split()[0]) == sum(map(len, content.values())) - len("plain")


def test_single_objects(s3cmd, fresh_bucket, tmp_path):
    (tmp_path / "f.txt").write_text("hello")
    one = f"s3://{fresh_bucket}/dir/f.txt"
    s3cmd("put", "--add-header=x-amz-meta-colour:red", "--mime-type=text/x-mine", tmp_path / "f.txt", one)
    told = s3cmd("info", one)
    assert "text/x-mine" in told and "red" in told and "5d41402abc4b2a76b9719d911017c592" in told
    s3cmd("cp", one, f"s3://{fresh_bucket}/copy")
    s3cmd("mv", f"s3://{fresh_bucket}/copy", f"s3://{fresh_bucket}/moved")
    s3cmd("modify", "--add-header=Cache-Control:no-store", f"s3://{fresh_bucket}/moved")
    s3cmd("get", f"s3://{fresh_bucket}/moved", tmp_path / "back")
    assert (tmp_path / "back").read_text() == "hello"
    s3cmd("settagging", one, "a=1&b=2")
    assert "a" in s3cmd("gettagging", one)
    url = s3cmd("signurl", one, "+60").strip()
    assert urllib.request.urlopen(url).read() == b"hello"
    s3cmd("setacl", "--acl-public", one)
    assert urllib.request.urlopen(url.split("?")[0]).read() == b"hello"
    s3cmd("setacl", "--acl-private", one)
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(url.split("?")[0])
    s3cmd("rm", "--recursive", "--force", f"s3://{fresh_bucket}")
    assert s3cmd("ls", "--recursive", f"s3://{fresh_bucket}") == ""


def test_configurations(s3cmd, fresh_bucket, tmp_path):
    (tmp_path / "policy").write_text(
        f'{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::{fresh_bucket}/*"}}]}}'
    )
    s3cmd("setpolicy", tmp_path / "policy", f"s3://{fresh_bucket}")
    assert "GetObject" in s3cmd("info", f"s3://{fresh_bucket}")
    s3cmd("delpolicy", f"s3://{fresh_bucket}")
    (tmp_path / "cors").write_text(
        "<CORSConfiguration><CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule></CORSConfiguration>"
    )
    s3cmd("setcors", tmp_path / "cors", f"s3://{fresh_bucket}")
    s3cmd("delcors", f"s3://{fresh_bucket}")
    s3cmd("expire", f"s3://{fresh_bucket}", "--expiry-days=30", "--expiry-prefix=logs/")
    assert "logs/" in s3cmd("getlifecycle", f"s3://{fresh_bucket}")
    s3cmd("dellifecycle", f"s3://{fresh_bucket}")


def test_what_a_user_is_told(s3cmd, fresh_bucket, tmp_path):
    assert "NoSuchBucket" in s3cmd("ls", "s3://no-such-bucket-here", fails=True)
    assert "404" in s3cmd("info", f"s3://{fresh_bucket}/absent", fails=True)
    assert "SignatureDoesNotMatch" in s3cmd("ls", secret="wrong", fails=True)
    (tmp_path / "f").write_text("x")
    s3cmd("put", tmp_path / "f", f"s3://{fresh_bucket}/f")
    assert "BucketNotEmpty" in s3cmd("rb", f"s3://{fresh_bucket}", fails=True)
