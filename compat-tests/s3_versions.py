"""Versions, tags, object lock and lifecycle rules with boto3. Run it as s3_core.py is run."""

import datetime
import os
import uuid

import boto3
import pytest
from botocore.client import Config
from botocore.exceptions import ClientError


@pytest.fixture(scope="module")
def s3():
    config = Config(retries={"max_attempts": 0}, s3={"addressing_style": "path"})
    region = os.environ.get("AWS_DEFAULT_REGION", "us-east-1")
    return boto3.client("s3", endpoint_url=os.environ["AWS_ENDPOINT_URL"], region_name=region, config=config)


def remove(s3, name):
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=name):
        for one in page.get("Versions", []) + page.get("DeleteMarkers", []):
            s3.delete_object(Bucket=name, Key=one["Key"], VersionId=one["VersionId"], BypassGovernanceRetention=True)
    s3.delete_bucket(Bucket=name)


@pytest.fixture
def bucket(s3):
    name = f"versions-{uuid.uuid4().hex[:12]}"
    s3.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    yield name
    remove(s3, name)


def refused(call, **arguments):
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    response = caught.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]


def test_versions_come_newest_first_and_each_can_be_read(s3, bucket):
    made = [s3.put_object(Bucket=bucket, Key="k", Body=str(n))["VersionId"] for n in range(5)]
    pages = s3.get_paginator("list_object_versions").paginate(Bucket=bucket, PaginationConfig={"PageSize": 2})
    listed = [version for page in pages for version in page.get("Versions", [])]
    assert [v["VersionId"] for v in listed] == made[::-1]
    assert [v["IsLatest"] for v in listed] == [True] + [False] * 4
    for n, version in enumerate(made):
        assert s3.get_object(Bucket=bucket, Key="k", VersionId=version)["Body"].read() == str(n).encode()


def test_a_delete_marker_hides_the_key_until_it_goes(s3, bucket):
    version = s3.put_object(Bucket=bucket, Key="k", Body="x")["VersionId"]
    marker = s3.delete_object(Bucket=bucket, Key="k")
    assert marker["DeleteMarker"] is True
    assert refused(s3.get_object, Bucket=bucket, Key="k") == (404, "NoSuchKey")
    marked = refused(s3.get_object, Bucket=bucket, Key="k", VersionId=marker["VersionId"])
    assert marked == (405, "MethodNotAllowed")
    copied = s3.copy_object(Bucket=bucket, Key="c", CopySource={"Bucket": bucket, "Key": "k", "VersionId": version})
    assert copied["CopySourceVersionId"] == version
    s3.delete_object(Bucket=bucket, Key="k", VersionId=marker["VersionId"])
    assert s3.head_object(Bucket=bucket, Key="k")["VersionId"] == version


def test_what_is_retained_can_be_removed_only_by_bypass(s3, bucket):
    until = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=1)
    put = s3.put_object(
        Bucket=bucket, Key="k", Body="x", ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=until
    )
    version = put["VersionId"]
    assert refused(s3.delete_object, Bucket=bucket, Key="k", VersionId=version) == (403, "AccessDenied")
    s3.delete_object(Bucket=bucket, Key="k", VersionId=version, BypassGovernanceRetention=True)
    suspended = refused(s3.put_bucket_versioning, Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    assert suspended == (409, "InvalidBucketState")


def test_tags_are_counted_copied_and_replaced(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body="x", Tagging="a=1&b=2%203")
    assert s3.get_object(Bucket=bucket, Key="k")["TagCount"] == 2
    s3.copy_object(Bucket=bucket, Key="c", CopySource=f"{bucket}/k")
    assert s3.get_object_tagging(Bucket=bucket, Key="c")["TagSet"][1] == {"Key": "b", "Value": "2 3"}
    s3.copy_object(Bucket=bucket, Key="c", CopySource=f"{bucket}/k", TaggingDirective="REPLACE", Tagging="d=4")
    assert s3.get_object_tagging(Bucket=bucket, Key="c")["TagSet"] == [{"Key": "d", "Value": "4"}]


def test_a_rule_announces_what_it_will_do(s3, bucket):
    rule = {"ID": "old", "Status": "Enabled", "Filter": {"Prefix": "logs/"}, "Expiration": {"Days": 3}}
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [rule]})
    assert s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"] == [rule]
    assert 'rule-id="old"' in s3.put_object(Bucket=bucket, Key="logs/1", Body="x")["Expiration"]
    assert "Expiration" not in s3.put_object(Bucket=bucket, Key="other", Body="x")
