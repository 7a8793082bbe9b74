"""Programs that keep backups in buckets: restic and duplicity."""

import shutil

from clients import MIB, folder_of, needs, read_folder, run, tool


@needs("restic", "apt-get install restic (scripts/compat does)")
def test_restic(server, fresh_bucket, tmp_path):
    content = folder_of(tmp_path / "from", big=20 * MIB)
    environment = server.environment() | {"RESTIC_PASSWORD": "secret", "RESTIC_CACHE_DIR": str(tmp_path / "cache")}

    def restic(*arguments):
        return run(tool("restic"), "-r", f"s3:{server.url}/{fresh_bucket}/backup", *arguments, env=environment)

    restic("init")
    restic("backup", tmp_path / "from")
    (tmp_path / "from/plain").unlink()
    restic("backup", tmp_path / "from")
    assert "no errors were found" in restic("check", "--read-data")
    restic("forget", "--keep-last", "1", "--prune")
    restic("restore", "latest", "--target", tmp_path / "to")
    del content["plain"]
    assert read_folder(tmp_path / "to" / str(tmp_path / "from").lstrip("/")) == content


@needs("duplicity", "apt-get install duplicity python3-boto3 (scripts/compat does)")
def test_duplicity(server, fresh_bucket, tmp_path):
    content = folder_of(tmp_path / "from", big=6 * MIB)
    there = f"boto3+s3://{fresh_bucket}/backup"

    def duplicity(*arguments):
        return run(tool("duplicity"), "--no-encryption", "--s3-endpoint-url", server.url, "--archive-dir", tmp_path / "archive",
                   *arguments, env=server.environment())

    duplicity(tmp_path / "from", there)
    (tmp_path / "from/plain").write_text("other")
    assert "ChangedFiles 1" in duplicity("incremental", tmp_path / "from", there)
    shutil.rmtree(tmp_path / "archive")
    duplicity("restore", there, tmp_path / "to")
    assert read_folder(tmp_path / "to") == content | {"plain": b"other"}
