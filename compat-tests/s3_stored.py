"""Configurations that are kept and answered, reads of a bucket without any, and what is refused."""

import uuid

import pytest
from botocore.exceptions import ClientError
from s3_core import s3  # noqa: F401 (fixture)
from s3_versions import remove

DESTINATION = {"S3BucketDestination": {"Bucket": "arn:aws:s3:::reports", "Format": "CSV"}}
KINDS = {
    "metrics": {"Filter": {"And": {"Prefix": "a & b/", "Tags": [{"Key": "k", "Value": "v"}]}}},
    "analytics": {
        "StorageClassAnalysis": {"DataExport": {
            "OutputSchemaVersion": "V_1",
            "Destination": {"S3BucketDestination": {"Bucket": "arn:aws:s3:::reports", "Format": "CSV"}},
        }},
    },
    "inventory": {
        "IsEnabled": True, "IncludedObjectVersions": "All", "Schedule": {"Frequency": "Daily"},
        "Destination": DESTINATION, "OptionalFields": ["Size", "ETag"],
    },
    "intelligent_tiering": {
        "Status": "Enabled", "Tierings": [{"Days": 90, "AccessTier": "ARCHIVE_ACCESS"}, {"Days": 180, "AccessTier": "DEEP_ARCHIVE_ACCESS"}],
    },
}


@pytest.fixture
def bucket(s3):
    name = f"stored-{uuid.uuid4().hex[:12]}"
    s3.create_bucket(Bucket=name)
    yield name
    remove(s3, name)


def refused(call, **arguments):
    with pytest.raises(ClientError) as error:
        call(**arguments)
    response = error.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]


@pytest.mark.parametrize("kind", KINDS)
def test_configurations_are_kept_listed_and_removed(s3, bucket, kind):
    shape = "".join(word.capitalize() for word in kind.split("_")) + "Configuration"

    def call(verb, plural="", **arguments):
        return getattr(s3, f"{verb}_bucket_{kind}_configuration{plural}")(Bucket=bucket, **arguments)

    def ids(**arguments):
        page = call("list", "s", **arguments)
        return [one["Id"] for one in page.get(f"{shape}List", [])], page.get("NextContinuationToken"), page["IsTruncated"]

    assert ids() == ([], None, False)
    assert refused(call, verb="get", Id="a") == (404, "NoSuchConfiguration")
    assert refused(call, verb="delete", Id="a") == (404, "NoSuchConfiguration")
    for id in ["a", "b"]:
        call("put", Id=id, **{shape: {"Id": id} | KINDS[kind]})
    assert call("get", Id="b")[shape] == {"Id": "b"} | KINDS[kind]
    assert ids() == (["a", "b"], None, False)
    assert refused(call, verb="put", Id="c", **{shape: {"Id": "d"} | KINDS[kind]}) == (400, "MalformedXML")
    call("delete", Id="a")
    assert ids()[0] == ["b"]


def test_long_lists_come_in_pages(s3, bucket):
    for n in range(101):
        s3.put_bucket_metrics_configuration(Bucket=bucket, Id=f"m{n:03}", MetricsConfiguration={"Id": f"m{n:03}"})
    first = s3.list_bucket_metrics_configurations(Bucket=bucket)
    assert len(first["MetricsConfigurationList"]) == 100 and first["IsTruncated"]
    token = first["NextContinuationToken"]
    second = s3.list_bucket_metrics_configurations(Bucket=bucket, ContinuationToken=token)
    assert [one["Id"] for one in second["MetricsConfigurationList"]] == ["m100"] and not second["IsTruncated"]


def test_every_read_of_a_plain_bucket_is_answered(s3, bucket):
    """What Terraform reads of each bucket: a default, or the error that means there is none."""
    for operation, code in [
        ("get_bucket_accelerate_configuration", None), ("get_bucket_acl", None), ("get_bucket_cors", "NoSuchCORSConfiguration"),
        ("get_bucket_encryption", None), ("get_bucket_lifecycle_configuration", "NoSuchLifecycleConfiguration"),
        ("get_bucket_location", None), ("get_bucket_logging", None), ("get_bucket_notification_configuration", None),
        ("get_bucket_ownership_controls", "OwnershipControlsNotFoundError"), ("get_bucket_policy", "NoSuchBucketPolicy"),
        ("get_bucket_policy_status", None), ("get_bucket_replication", "ReplicationConfigurationNotFoundError"),
        ("get_bucket_request_payment", None), ("get_bucket_tagging", "NoSuchTagSet"), ("get_bucket_versioning", None),
        ("get_bucket_website", "NoSuchWebsiteConfiguration"), ("get_object_lock_configuration", "ObjectLockConfigurationNotFoundError"),
        ("get_public_access_block", "NoSuchPublicAccessBlockConfiguration"), ("get_bucket_abac", None),
        ("get_bucket_metadata_configuration", "MetadataConfigurationNotFound"),
        ("get_bucket_metadata_table_configuration", "MetadataConfigurationNotFound"),
    ]:
        if not hasattr(s3, operation):
            continue
        if code is None:
            getattr(s3, operation)(Bucket=bucket)
        else:
            assert refused(getattr(s3, operation), Bucket=bucket) == (404, code), operation


def test_what_cannot_be_is_refused_clearly(s3, bucket):
    role = "arn:aws:iam::111122223333:role/r"
    rule = {"Status": "Enabled", "Priority": 1, "Filter": {"Prefix": ""}, "DeleteMarkerReplication": {"Status": "Disabled"},
            "Destination": {"Bucket": "arn:aws:s3:::other"}}
    replication = {"Bucket": bucket, "ReplicationConfiguration": {"Role": role, "Rules": [rule]}}
    assert refused(s3.put_bucket_replication, **replication) == (400, "InvalidRequest")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    assert refused(s3.put_bucket_replication, **replication) == (501, "NotImplemented")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    s3.delete_bucket_replication(Bucket=bucket)

    s3.put_object(Bucket=bucket, Key="k", Body=b"a,b\n")
    assert refused(s3.get_object_torrent, Bucket=bucket, Key="k") == (404, "NoSuchKey")
    select = {"ExpressionType": "SQL", "Expression": "SELECT * FROM s3object",
              "InputSerialization": {"CSV": {}}, "OutputSerialization": {"CSV": {}}}
    assert refused(s3.select_object_content, Bucket=bucket, Key="k", **select) == (405, "MethodNotAllowed")
    restore = {"Bucket": bucket, "RestoreRequest": {"Days": 1, "GlacierJobParameters": {"Tier": "Standard"}}}
    assert refused(s3.restore_object, Key="k", **restore) == (403, "InvalidObjectState")
    assert refused(s3.restore_object, Key="missing", **restore) == (404, "NoSuchKey")
    s3.put_object(Bucket=bucket, Key="cold", Body=b"", StorageClass="GLACIER")
    assert s3.restore_object(Key="cold", **restore)["ResponseMetadata"]["HTTPStatusCode"] == 200
