"""s3fs: buckets as a file system of fsspec."""

import os
import urllib.request

import pytest
from clients import MIB, ODD_FILES, folder_of, read_folder

s3fs = pytest.importorskip("s3fs", reason="s3fs is not installed: pip install s3fs")


def connect(server, secret=None):
    return s3fs.S3FileSystem(
        key=server.account.key, secret=secret or server.account.secret, endpoint_url=server.url, skip_instance_cache=True,
        client_kwargs={"region_name": "us-east-1"}, config_kwargs={"retries": {"total_max_attempts": 1}}, use_listings_cache=False,
    )


@pytest.fixture
def fs(server):
    return connect(server)


def test_files(fs, fresh_bucket):
    for name in ODD_FILES:
        with fs.open(f"{fresh_bucket}/dir/{name}", "wb") as file:
            file.write(name.encode())
    for name in ODD_FILES:
        assert fs.cat(f"{fresh_bucket}/dir/{name}") == name.encode()
        assert fs.info(f"{fresh_bucket}/dir/{name}")["size"] == len(name.encode())
    assert sorted(fs.find(fresh_bucket)) == sorted(f"{fresh_bucket}/dir/{name}" for name in ODD_FILES)
    assert f"{fresh_bucket}/dir/deep" in fs.ls(f"{fresh_bucket}/dir") and fs.isdir(f"{fresh_bucket}/dir/deep")
    assert fs.glob(f"{fresh_bucket}/dir/**/file") == [f"{fresh_bucket}/dir/deep/er/file"]
    fs.mv(f"{fresh_bucket}/dir/plain", f"{fresh_bucket}/moved")
    assert fs.exists(f"{fresh_bucket}/moved") and not fs.exists(f"{fresh_bucket}/dir/plain")
    fs.rm(f"{fresh_bucket}/dir", recursive=True)
    assert fs.find(fresh_bucket) == [f"{fresh_bucket}/moved"]


def test_large_files_in_parts(fs, fresh_bucket):
    body, path = os.urandom(12 * MIB), f"{fresh_bucket}/big"
    with fs.open(path, "wb", block_size=5 * MIB) as file:
        for at in range(0, len(body), MIB):
            file.write(body[at : at + MIB])
    with fs.open(path, "rb") as file:
        file.seek(5 * MIB - 3)
        assert file.read(6) == body[5 * MIB - 3 : 5 * MIB + 3]
    assert fs.cat_file(path, start=-5, end=None) == body[-5:]
    with fs.open(path, "ab") as file:
        file.write(b"more")
    fs.copy(path, f"{fresh_bucket}/copy")
    assert fs.cat(f"{fresh_bucket}/copy") == body + b"more"
    with fs.open(f"{fresh_bucket}/lines", "w") as file:
        file.write("one\ntwo\n")
    with fs.open(f"{fresh_bucket}/lines") as file:
        assert list(file) == [b"one\n", b"two\n"]


def test_folders_there_and_back(fs, fresh_bucket, tmp_path):
    content = folder_of(tmp_path / "from", [n for n in ODD_FILES if not set(n) & set("?*[")], big=6 * MIB)
    fs.put(f"{tmp_path}/from/", f"{fresh_bucket}/put/", recursive=True)
    fs.get(f"{fresh_bucket}/put/", f"{tmp_path}/to/", recursive=True)
    assert read_folder(tmp_path / "to") == content


def test_metadata_tags_and_links(fs, fresh_bucket):
    fs.pipe(f"{fresh_bucket}/f", b"hello")
    fs.setxattr(f"{fresh_bucket}/f", colour="red")
    assert fs.metadata(f"{fresh_bucket}/f", refresh=True) == {"colour": "red"}
    fs.put_tags(f"{fresh_bucket}/f", {"a": "1"})
    assert fs.get_tags(f"{fresh_bucket}/f") == {"a": "1"}
    assert urllib.request.urlopen(fs.url(f"{fresh_bucket}/f", expires=60)).read() == b"hello"
    fs.mkdir("s3fs-made")
    assert "s3fs-made" in fs.ls("")
    fs.rmdir("s3fs-made")


def test_what_a_user_is_told(fs, server, fresh_bucket):
    with pytest.raises(FileNotFoundError):
        fs.cat(f"{fresh_bucket}/absent")
    with pytest.raises(FileNotFoundError):
        fs.ls("no-such-bucket-here")
    with pytest.raises(PermissionError):
        connect(server, "wrong").ls("")
