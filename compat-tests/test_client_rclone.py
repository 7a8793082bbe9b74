"""rclone, as its users drive it."""

import json
import urllib.request

import pytest
from clients import MIB, ODD_KEYS, folder_of, needs, read_folder, run, tool

pytestmark = needs("rclone", "apt-get install rclone (scripts/compat does)")


@pytest.fixture
def rclone(server, tmp_path):
    def call(*arguments, secret=None, fails=False):
        (tmp_path / "rclone.conf").write_text(
            f"[cloud]\ntype = s3\nprovider = Other\nenv_auth = false\nregion = us-east-1\nforce_path_style = true\n"
            f"access_key_id = {server.account.key}\nsecret_access_key = {secret or server.account.secret}\nendpoint = {server.url}\n"
            "chunk_size = 5Mi\nupload_cutoff = 5Mi\n"
        )
        return run(tool("rclone"), "--config", tmp_path / "rclone.conf", "--retries", "1", "--low-level-retries", "1", "-v",
                   *arguments, env=server.environment(), fails=fails)

    return call


def test_a_folder_goes_there_and_back(rclone, fresh_bucket, tmp_path, keys_of):
    content = folder_of(tmp_path / "from", big=11 * MIB)
    there = f"cloud:{fresh_bucket}/copy of it"
    rclone("sync", tmp_path / "from", there)
    assert keys_of(fresh_bucket) == {f"copy of it/{name}": data for name, data in content.items()}
    rclone("check", tmp_path / "from", there)
    before = {line["Path"]: line["ModTime"] for line in json.loads(rclone("lsjson", "-R", there)) if not line["IsDir"]}
    rclone("sync", tmp_path / "from", there)
    after = {line["Path"]: line["ModTime"] for line in json.loads(rclone("lsjson", "-R", there)) if not line["IsDir"]}
    assert before == after, "the second time there is nothing to do"
    rclone("sync", there, tmp_path / "to")
    assert read_folder(tmp_path / "to") == content
    (tmp_path / "from/plain").unlink()
    rclone("sync", tmp_path / "from", there)
    assert "copy of it/plain" not in keys_of(fresh_bucket)
    assert rclone("cat", f"{there}/deep/er/file") == "deep/er/file"
    assert f"({sum(map(len, content.values())) - 5} Byte)" in rclone("size", there)


def test_copies_on_the_server_and_moves(rclone, fresh_bucket, tmp_path, keys_of):
    content = folder_of(tmp_path / "from", big=6 * MIB)
    rclone("copy", tmp_path / "from", f"cloud:{fresh_bucket}/a")
    rclone("copy", f"cloud:{fresh_bucket}/a", f"cloud:{fresh_bucket}/b")
    rclone("move", f"cloud:{fresh_bucket}/a", f"cloud:{fresh_bucket}/c")
    names = {f"{place}/{name}": data for place in "bc" for name, data in content.items()}
    assert keys_of(fresh_bucket) == names
    rclone("purge", f"cloud:{fresh_bucket}/b")
    rclone("delete", f"cloud:{fresh_bucket}/c")
    assert keys_of(fresh_bucket) == {}


def test_buckets_links_and_streams(rclone, fresh_bucket, tmp_path):
    rclone("mkdir", "cloud:rclone-made")
    assert "rclone-made" in rclone("lsd", "cloud:")
    rclone("rmdir", "cloud:rclone-made")
    (tmp_path / "f").write_text("hello")
    rclone("copyto", "--header-upload", "x-amz-meta-colour: red", tmp_path / "f", f"cloud:{fresh_bucket}/dir/g h")
    url = rclone("link", "--expire", "60s", f"cloud:{fresh_bucket}/dir/g h").strip()
    assert urllib.request.urlopen(url).read() == b"hello"
    rclone("touch", f"cloud:{fresh_bucket}/dir/touched")
    assert rclone("lsf", f"cloud:{fresh_bucket}") == "dir/\n"
    assert set(rclone("lsf", f"cloud:{fresh_bucket}/dir").split("\n")) == {"g h", "touched", ""}
    assert rclone("hashsum", "md5", f"cloud:{fresh_bucket}/dir/g h").startswith("5d41402abc4b2a76b9719d911017c592")


def test_keys_that_no_folder_holds(rclone, server, fresh_bucket):
    for key in ODD_KEYS:
        server.client("s3").put_object(Bucket=fresh_bucket, Key=key, Body=key.encode())
    listed = json.loads(rclone("lsjson", "-R", "--files-only", f"cloud:{fresh_bucket}"))
    assert {"plain", "a b+c%20d", "ünï/ç☃\U0001F600", "q?x=1&y#z"} <= {line["Path"] for line in listed}
    assert rclone("cat", f"cloud:{fresh_bucket}/a b+c%20d") == "a b+c%20d"


def test_what_a_user_is_told(rclone, fresh_bucket):
    assert "directory not found" in rclone("ls", "cloud:no-such-bucket-here", fails=True)
    assert "SignatureDoesNotMatch" in rclone("lsd", "cloud:", secret="wrong", fails=True)
