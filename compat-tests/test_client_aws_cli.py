"""aws-cli, every one on this machine: version 1 (pip) and version 2 (Debian) differ."""

import json
import os
import shutil
import time
import urllib.request

import pytest
from clients import MIB, ODD_KEYS, folder_of, read_folder, run


def tools():
    found = dict.fromkeys(filter(None, [shutil.which("aws"), shutil.which("aws", path="/usr/bin:/usr/local/bin")]))
    return [pytest.param(t, id=t) for t in found] or [
        pytest.param(None, marks=pytest.mark.skip("aws-cli is not installed: pip install awscli, or apt-get install awscli"))
    ]


@pytest.fixture(params=tools())
def aws(request, server, tmp_path):
    def call(*arguments, secret=None, fails=False):
        (tmp_path / "config").write_text("[default]\ns3 =\n  multipart_threshold = 6MB\n")
        env = server.environment() | {"AWS_CONFIG_FILE": str(tmp_path / "config")}
        if secret:
            env["AWS_SECRET_ACCESS_KEY"] = secret
        return run(request.param, "--endpoint-url", server.url, "--output", "json", *arguments, env=env, fails=fails)

    return call


def test_a_folder_goes_there_and_back(aws, fresh_bucket, tmp_path, keys_of):
    content = folder_of(tmp_path / "from", big=20 * MIB)
    for file in (f for f in (tmp_path / "from").rglob("*") if f.is_file()):
        os.utime(file, (time.time() - 60,) * 2)  # S3 keeps whole seconds: a file of this very second would look newer
    there = f"s3://{fresh_bucket}/a tree"
    assert "upload" in aws("s3", "sync", tmp_path / "from", there)
    assert keys_of(fresh_bucket) == {f"a tree/{name}": data for name, data in content.items()}
    assert "upload" not in aws("s3", "sync", tmp_path / "from", there), "the second time there is nothing to do"
    aws("s3", "sync", there, tmp_path / "to")
    assert read_folder(tmp_path / "to") == content
    assert "download" not in aws("s3", "sync", there, tmp_path / "to")
    (tmp_path / "from/plain").unlink()
    assert "delete:" in aws("s3", "sync", "--delete", tmp_path / "from", there)
    assert "a tree/plain" not in keys_of(fresh_bucket)
    aws("s3", "cp", "--recursive", there, f"s3://{fresh_bucket}/copy")
    aws("s3", "mv", "--recursive", f"s3://{fresh_bucket}/copy", f"s3://{fresh_bucket}/moved")
    assert {k for k in keys_of(fresh_bucket)} == {f"{p}/{n}" for p in ("a tree", "moved") for n in content if n != "plain"}
    listed = aws("s3", "ls", "--recursive", "--summarize", f"s3://{fresh_bucket}")
    assert "ünï/ç☃" in listed and f"Total Objects: {2 * len(content) - 2}" in listed
    assert "PRE a tree/" in aws("s3", "ls", f"s3://{fresh_bucket}")
    aws("s3", "rm", "--recursive", f"s3://{fresh_bucket}")
    assert keys_of(fresh_bucket) == {}


@pytest.mark.long
def test_single_objects(aws, fresh_bucket, tmp_path):
    (tmp_path / "f").write_text("hello")
    aws("s3", "cp", tmp_path / "f", f"s3://{fresh_bucket}/dir/", "--metadata", "colour=red", "--content-type", "text/x",
        "--storage-class", "STANDARD_IA", "--acl", "private")
    head = json.loads(aws("s3api", "head-object", "--bucket", fresh_bucket, "--key", "dir/f"))
    assert (head["Metadata"], head["ContentType"], head["StorageClass"]) == ({"colour": "red"}, "text/x", "STANDARD_IA")
    assert aws("s3", "cp", f"s3://{fresh_bucket}/dir/f", "-") == "hello"
    aws("s3", "mv", f"s3://{fresh_bucket}/dir/f", f"s3://{fresh_bucket}/m v+1")
    url = aws("s3", "presign", f"s3://{fresh_bucket}/m v+1", "--expires-in", "60").strip()
    assert urllib.request.urlopen(url).read() == b"hello"
    aws("s3", "mb", f"s3://{fresh_bucket}-2")
    aws("s3", "cp", f"s3://{fresh_bucket}/m v+1", f"s3://{fresh_bucket}-2/")
    assert "(BucketNotEmpty)" in aws("s3", "rb", f"s3://{fresh_bucket}-2", fails=True)
    aws("s3", "rb", "--force", f"s3://{fresh_bucket}-2")


@pytest.mark.long
def test_operations(aws, fresh_bucket, tmp_path):
    def s3api(*arguments, **more):
        said = aws("s3api", arguments[0], "--bucket", fresh_bucket, *arguments[1:], **more)
        return json.loads(said) if said.strip() else {}

    (tmp_path / "f").write_text("hello")
    keys = ODD_KEYS[1:5]
    for key in keys:
        s3api("put-object", "--key", key, "--body", tmp_path / "f", "--checksum-algorithm", "SHA256")
    listed = s3api("list-objects-v2", "--page-size", "2")["Contents"]
    assert [o["Key"] for o in listed] == sorted(keys, key=str.encode)
    assert len(s3api("list-objects-v2", "--max-items", "2")["Contents"]) == 2
    s3api("get-object", "--key", "a b+c%20d", "--range", "bytes=1-2", tmp_path / "out")
    assert (tmp_path / "out").read_text() == "el"
    gone = s3api("delete-objects", "--delete", json.dumps({"Objects": [{"Key": k} for k in keys]}))
    assert len(gone["Deleted"]) == len(keys)
    s3api("put-bucket-versioning", "--versioning-configuration", "Status=Enabled")
    one = s3api("put-object", "--key", "v", "--body", tmp_path / "f")["VersionId"]
    s3api("delete-object", "--key", "v")
    versions = s3api("list-object-versions")
    assert [v["VersionId"] for v in versions["Versions"]] == [one] and versions["DeleteMarkers"][0]["IsLatest"]
    s3api("put-object-tagging", "--key", "v", "--version-id", one, "--tagging", "TagSet=[{Key=a,Value=b}]")
    assert s3api("get-object-tagging", "--key", "v", "--version-id", one)["TagSet"] == [{"Key": "a", "Value": "b"}]
    aws("s3api", "wait", "bucket-exists", "--bucket", fresh_bucket)
    aws("s3api", "wait", "object-not-exists", "--bucket", fresh_bucket, "--key", "v")


def test_what_a_user_is_told(aws, fresh_bucket, tmp_path):
    (tmp_path / "f").write_text("x")
    absent = aws("s3", "ls", "s3://no-such-bucket-here", fails=True)
    assert "(NoSuchBucket) when calling the ListObjectsV2 operation" in absent
    assert absent.strip().endswith("The specified bucket does not exist")
    assert "(NoSuchBucket)" in aws("s3", "cp", tmp_path / "f", "s3://no-such-bucket-here/f", fails=True)
    assert "(404) when calling the HeadObject operation" in aws("s3", "cp", f"s3://{fresh_bucket}/absent", tmp_path / "g", fails=True)
    assert "(NoSuchKey)" in aws("s3api", "get-object", "--bucket", fresh_bucket, "--key", "absent", tmp_path / "g", fails=True)
    assert "(SignatureDoesNotMatch)" in aws("s3", "ls", secret="wrong", fails=True)
    assert "(InvalidBucketName)" in aws("s3api", "create-bucket", "--bucket", "Bad_Name", fails=True)
