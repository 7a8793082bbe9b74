"""S3's access control with boto3: ACLs, policies, ownership, the public access block, CORS and form uploads.

Run it as s3_core.py is run; it needs ALT_AWS_ACCESS_KEY_ID and ALT_AWS_SECRET_ACCESS_KEY, a key of another account.
"""

import datetime
import json
import os
import urllib.error
import urllib.request

import cloud
import pytest
from botocore.exceptions import ClientError
from s3_core import ENDPOINT, bucket, client, s3  # noqa: F401 (fixtures)

ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"


@pytest.fixture(scope="module")
def other():
    return client(os.environ["ALT_AWS_ACCESS_KEY_ID"], os.environ["ALT_AWS_SECRET_ACCESS_KEY"])


def refused(code, call, **arguments):
    with pytest.raises(ClientError) as error:
        call(**arguments)
    assert error.value.response["Error"]["Code"] == code


def allow(bucket, **more):
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement | more]})


def test_a_grant_opens_one_object(s3, other, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    refused("AccessDenied", other.get_object, Bucket=bucket, Key="k")
    s3.put_object_acl(Bucket=bucket, Key="k", ACL="authenticated-read")
    assert other.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"
    refused("AccessDenied", other.get_object_acl, Bucket=bucket, Key="k")


def test_a_policy_opens_and_the_block_closes(s3, other, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    s3.put_bucket_policy(Bucket=bucket, Policy=allow(bucket))
    assert s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"]["IsPublic"]
    assert urllib.request.urlopen(f"{ENDPOINT}/{bucket}/k").read() == b"x"
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration={"RestrictPublicBuckets": True})
    refused("AccessDenied", other.get_object, Bucket=bucket, Key="k")
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration={"BlockPublicPolicy": True})
    refused("AccessDenied", s3.put_bucket_policy, Bucket=bucket, Policy=allow(bucket))
    refused("MalformedPolicy", s3.put_bucket_policy, Bucket=bucket, Policy=allow(bucket, Effect="Perhaps"))


def test_enforced_ownership_switches_acls_off(s3, bucket):
    rules = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=rules)
    refused("AccessControlListNotSupported", s3.put_object, Bucket=bucket, Key="k", ACL="public-read")
    s3.put_object(Bucket=bucket, Key="k", ACL="bucket-owner-full-control")


def test_a_browser_is_told_what_it_may_read(s3, bucket):
    rule = {"AllowedMethods": ["PUT"], "AllowedOrigins": ["http://*.example.com"], "AllowedHeaders": ["*"]}
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [rule]})
    headers = {"Origin": "http://a.example.com", "Access-Control-Request-Method": "PUT"}
    request = urllib.request.Request(f"{ENDPOINT}/{bucket}/k", method="OPTIONS", headers=headers)
    with urllib.request.urlopen(request) as answer:
        assert answer.headers["Access-Control-Allow-Origin"] == "http://a.example.com"
        assert "Origin" in answer.headers["Vary"]


def test_a_presigned_form_uploads(s3, bucket):
    form = s3.generate_presigned_post(bucket, "up/${filename}", Conditions=[["content-length-range", 1, 5]])
    def post(content):
        parts = [f'--X\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in form["fields"].items()]
        parts.append(f'--X\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n{content}\r\n--X--\r\n')
        headers = {"Content-Type": "multipart/form-data; boundary=X"}
        return urllib.request.Request(form["url"], "".join(parts).encode(), headers, method="POST")
    assert urllib.request.urlopen(post("hello")).status == 204
    assert s3.get_object(Bucket=bucket, Key="up/f")["Body"].read() == b"hello"
    with pytest.raises(urllib.error.HTTPError, match="400"):
        urllib.request.urlopen(post("too long"))


def test_the_operator_may_have_new_buckets_as_at_aws(tmp_path):
    server = cloud.Server(tmp_path, "--driver", "simulated", config='[s3]\nnew_buckets = "as-aws"\n').start()
    try:
        s3 = server.client("s3")
        s3.create_bucket(Bucket="closed")
        rules = s3.get_bucket_ownership_controls(Bucket="closed")["OwnershipControls"]["Rules"]
        assert rules == [{"ObjectOwnership": "BucketOwnerEnforced"}]
        assert all(s3.get_public_access_block(Bucket="closed")["PublicAccessBlockConfiguration"].values())
        refused("AccessControlListNotSupported", s3.put_object, Bucket="closed", Key="k", ACL="public-read")
        refused("AccessDenied", s3.put_bucket_policy, Bucket="closed", Policy=allow("closed"))
        s3.create_bucket(Bucket="named", ObjectOwnership="ObjectWriter")
        rules = s3.get_bucket_ownership_controls(Bucket="named")["OwnershipControls"]["Rules"]
        assert rules == [{"ObjectOwnership": "ObjectWriter"}]
    finally:
        server.stop()


def deny(bucket, action, **more):
    return allow(bucket, Effect="Deny", Action=action, **more)


def test_who_may_not_list_learns_of_no_key(s3, other, bucket):
    s3.put_object(Bucket=bucket, Key="there", Body=b"x")
    mine = bucket + "-other"
    other.create_bucket(Bucket=mine)
    try:
        upload = {"Bucket": mine, "Key": "k"}
        upload["UploadId"] = other.create_multipart_upload(Bucket=mine, Key="k")["UploadId"]
        for key in "there", "missing":
            source = f"{bucket}/{key}"
            refused("AccessDenied", other.copy_object, Bucket=mine, Key="k", CopySource=source)
            refused("AccessDenied", other.upload_part_copy, **upload, PartNumber=1, CopySource=source)
            refused("AccessDenied", other.get_object, Bucket=bucket, Key=key, VersionId="null")
            refused("AccessDenied", other.get_object_acl, Bucket=bucket, Key=key, VersionId="null")
        refused("NoSuchKey", s3.copy_object, Bucket=bucket, Key="k", CopySource=f"{bucket}/missing")
    finally:
        other.abort_multipart_upload(**upload)
        other.delete_bucket(Bucket=mine)


def test_what_is_denied_cannot_be_said_in_the_headers_of_a_write(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    s3.put_bucket_policy(Bucket=bucket, Policy=deny(bucket, ["s3:PutObjectTagging", "s3:PutObjectAcl"]))
    for more in {"Tagging": "a=b"}, {"ACL": "public-read"}, {"GrantRead": f"uri={ALL_USERS}"}:
        refused("AccessDenied", s3.put_object, Bucket=bucket, Key="k", **more)
        refused("AccessDenied", s3.create_multipart_upload, Bucket=bucket, Key="k", **more)
        more |= {"TaggingDirective": "REPLACE"} if "Tagging" in more else {}
        refused("AccessDenied", s3.copy_object, Bucket=bucket, Key="k2", CopySource=f"{bucket}/k", **more)
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")


def test_a_policy_sees_the_tags_of_every_way_to_set_them(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    condition = {"StringEquals": {"s3:RequestObjectTag/level": "public"}}
    s3.put_bucket_policy(Bucket=bucket, Policy=deny(bucket, "s3:*", Condition=condition))
    tags = lambda value: {"TagSet": [{"Key": "level", "Value": value}]}  # noqa: E731
    refused("AccessDenied", s3.put_object, Bucket=bucket, Key="k", Tagging="level=public")
    refused("AccessDenied", s3.put_object_tagging, Bucket=bucket, Key="k", Tagging=tags("public"))
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging=tags("a & b"))


def test_a_copy_tells_no_tags_that_could_not_be_read(s3, other, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", Tagging="a=b")
    s3.put_bucket_policy(Bucket=bucket, Policy=allow(bucket))
    mine = bucket + "-other"
    other.create_bucket(Bucket=mine)
    copy = {"Bucket": mine, "Key": "k", "CopySource": f"{bucket}/k"}
    try:
        refused("AccessDenied", other.copy_object, **copy)
        other.copy_object(**copy, TaggingDirective="REPLACE")
        s3.put_bucket_policy(Bucket=bucket, Policy=allow(bucket, Action=["s3:GetObject", "s3:GetObjectTagging"]))
        other.copy_object(**copy)
    finally:
        other.delete_object(Bucket=mine, Key="k")
        other.delete_bucket(Bucket=mine)


def test_locks_need_rights_of_their_own(s3, other, bucket):
    locked = bucket + "-locked"
    s3.create_bucket(Bucket=locked, ObjectLockEnabledForBucket=True)
    s3.put_bucket_policy(Bucket=locked, Policy=allow(locked, Action="s3:PutObject"))
    until = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1)
    retention = {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": until}
    refused("AccessDenied", other.put_object, Bucket=locked, Key="k", **retention)
    refused("AccessDenied", other.put_object, Bucket=locked, Key="k", ObjectLockLegalHoldStatus="ON")
    version = s3.put_object(Bucket=locked, Key="k", **retention)["VersionId"]
    try:
        s3.put_bucket_policy(Bucket=locked, Policy=deny(locked, "s3:BypassGovernanceRetention"))
        one = {"Key": "k", "VersionId": version}
        refused("AccessDenied", s3.delete_object, Bucket=locked, **one, BypassGovernanceRetention=True)
        answer = s3.delete_objects(Bucket=locked, Delete={"Objects": [one]}, BypassGovernanceRetention=True)
        assert [e["Code"] for e in answer["Errors"]] == ["AccessDenied"] and "Deleted" not in answer
    finally:
        s3.delete_bucket_policy(Bucket=locked)
        s3.delete_object(Bucket=locked, Key="k", VersionId=version, BypassGovernanceRetention=True)
        s3.delete_bucket(Bucket=locked)


def test_attributes_are_for_who_may_read(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    s3.put_bucket_policy(Bucket=bucket, Policy=deny(bucket, "s3:GetObject"))
    refused("AccessDenied", s3.get_object_attributes, Bucket=bucket, Key="k", ObjectAttributes=["ObjectSize"])


def test_a_policy_may_refuse_old_signatures(s3, bucket):
    signs = client(signature_version="s3v4")
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    for most, refusal in ("600000", False), ("-1", True):
        condition = {"NumericGreaterThan": {"s3:signatureAge": most}}
        s3.put_bucket_policy(Bucket=bucket, Policy=deny(bucket, "s3:GetObject", Condition=condition))
        url = signs.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"})
        try:
            assert urllib.request.urlopen(url).read() == b"x" and not refusal
        except urllib.error.HTTPError as error:
            assert error.code == 403 and refusal


def test_a_policy_sees_which_versions_a_batch_deletes(s3, bucket):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    kept, gone = (s3.put_object(Bucket=bucket, Key="k", Body=b"x")["VersionId"] for _ in range(2))
    is_kept = {"StringEquals": {"s3:VersionId": kept}}
    s3.put_bucket_policy(Bucket=bucket, Policy=deny(bucket, "s3:DeleteObjectVersion", Condition=is_kept))
    both = [{"Key": "k", "VersionId": version} for version in (kept, gone)]
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": both})
    assert [d["VersionId"] for d in answer["Deleted"]] == [gone]
    assert [(e["VersionId"], e["Code"]) for e in answer["Errors"]] == [(kept, "AccessDenied")]
    s3.delete_bucket_policy(Bucket=bucket)
    s3.delete_object(Bucket=bucket, Key="k", VersionId=kept)


def test_a_policy_sees_the_days_of_a_retention(s3, bucket):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled"})
    long = {"NumericGreaterThan": {"s3:object-lock-remaining-retention-days": "10"}}
    s3.put_bucket_policy(Bucket=bucket, Policy=deny(bucket, "s3:PutObjectRetention", Condition=long))
    until = {days: datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days) for days in (10, 12)}
    at = {"Bucket": bucket, "Key": "k"}
    refused("AccessDenied", s3.put_object, **at, ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=until[12])
    version = s3.put_object(**at, ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=until[10])["VersionId"]
    longer = {"Mode": "GOVERNANCE", "RetainUntilDate": until[12]}
    refused("AccessDenied", s3.put_object_retention, **at, Retention=longer)
    s3.delete_bucket_policy(Bucket=bucket)
    s3.put_object_retention(**at, Retention=longer)
    s3.delete_object(**at, VersionId=version, BypassGovernanceRetention=True)
