"""S3's access control with boto3: ACLs, policies, ownership, the public access block, CORS and form uploads.

Run it as s3_core.py is run; it needs ALT_AWS_ACCESS_KEY_ID and ALT_AWS_SECRET_ACCESS_KEY, a key of another account.
"""

import json
import os
import urllib.error
import urllib.request

import cloud
import pytest
from botocore.exceptions import ClientError
from s3_core import ENDPOINT, bucket, client, s3  # noqa: F401 (fixtures)


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
