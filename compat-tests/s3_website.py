"""A bucket as a website: its configuration with boto3, its pages as a browser gets them."""

import http.client
import json
import os
import urllib.parse

import pytest
from botocore.exceptions import ClientError
from s3_core import ENDPOINT, bucket, s3  # noqa: F401 (fixtures)

REGION = os.environ.get("AWS_DEFAULT_REGION", "us-east-1")


class Site:
    def __init__(self, bucket):
        self.host = f"{bucket}.s3-website-{REGION}.localhost"

    def __call__(self, path, method="GET", headers=(), host=None):
        to = urllib.parse.urlsplit(ENDPOINT)
        connection = http.client.HTTPConnection(to.hostname, to.port)
        connection.putrequest(method, path, skip_host=True)
        for name, value in {"Host": host or self.host, **dict(headers)}.items():
            connection.putheader(name, value)
        connection.endheaders()
        response = connection.getresponse()
        body = response.read().decode()
        connection.close()
        return response.status, response.headers, body


@pytest.fixture
def site(s3, bucket):
    allow = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    lists = {"Effect": "Allow", "Principal": "*", "Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{bucket}"}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [allow, lists]}))
    return Site(bucket)


def publish(s3, bucket, **more):
    configuration = {"IndexDocument": {"Suffix": "index.html"}} | more
    s3.put_bucket_website(Bucket=bucket, WebsiteConfiguration=configuration)
    read = s3.get_bucket_website(Bucket=bucket)
    assert {name: read[name] for name in configuration} == configuration
    for key in ["index.html", "docs/index.html", "docs/a b.txt"]:
        s3.put_object(Bucket=bucket, Key=key, Body=f"this is {key}", ContentType="text/html")


def test_index_documents_and_folders(s3, bucket, site):
    publish(s3, bucket)
    assert site("/")[::2] == (200, "this is index.html")
    status, headers, body = site("/docs/")
    assert (status, body, headers["content-type"]) == (200, "this is docs/index.html", "text/html")
    status, headers, _ = site("/docs")
    assert (status, headers["location"]) == (302, "/docs/")
    assert site("/docs/a%20b.txt?acl&versionId=null")[2] == "this is docs/a b.txt"
    assert site("/", host=f"{bucket}.s3-website.{REGION}.localhost:80")[0] == 200
    status, headers, body = site("/docs/a%20b.txt", "HEAD")
    assert (status, headers["content-length"], body) == (200, "20", "")
    etag = site("/")[1]["etag"]
    assert site("/", headers={"If-None-Match": etag})[::2] == (304, "")
    assert site("/", headers={"Range": "bytes=0-3"})[::2] == (206, "this")


def test_a_page_of_another_origin_may_ask(s3, bucket, site):
    publish(s3, bucket)
    rule = {"AllowedMethods": ["GET"], "AllowedOrigins": ["http://here"]}
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [rule]})
    asks = {"Origin": "http://here", "Access-Control-Request-Method": "GET"}
    status, headers, _ = site("/", "OPTIONS", asks)
    assert (status, headers["access-control-allow-origin"]) == (200, "http://here")
    assert site("/", headers={"Origin": "http://here"})[1]["access-control-allow-origin"] == "http://here"
    assert site("/", "OPTIONS", asks | {"Origin": "http://there"})[0] == 403


def test_errors_are_pages(s3, bucket, site):
    publish(s3, bucket)
    status, headers, body = site("/missing")
    assert (status, headers["x-amz-error-code"], headers["content-type"]) == (404, "NoSuchKey", "text/html; charset=utf-8")
    assert "<title>404 Not Found</title>" in body and "<li>Code: NoSuchKey</li>" in body and "<li>Key: missing</li>" in body
    status, headers, body = site("/missing", "HEAD")
    assert status == 404 and body == "" and int(headers["content-length"]) > 100
    assert site("/", "POST", {"Content-Length": "0"})[0] == 405
    s3.delete_bucket_policy(Bucket=bucket)
    status, _, body = site("/missing")
    assert status == 403 and "<li>Code: AccessDenied</li>" in body
    s3.put_object_acl(Bucket=bucket, Key="index.html", ACL="public-read")
    assert site("/")[0] == 200
    s3.delete_bucket_website(Bucket=bucket)
    status, headers, _ = site("/")
    assert (status, headers["x-amz-error-code"]) == (404, "NoSuchWebsiteConfiguration")
    status, headers, body = Site("no-such-bucket-anywhere")("/")
    assert (status, headers["x-amz-error-code"]) == (404, "NoSuchBucket") and "<html>" in body
    with pytest.raises(ClientError) as error:
        s3.get_bucket_website(Bucket=bucket)
    assert error.value.response["Error"]["Code"] == "NoSuchWebsiteConfiguration"


def test_an_error_document_comes_with_the_errors_status(s3, bucket, site):
    publish(s3, bucket, ErrorDocument={"Key": "oops.html"})
    status, _, body = site("/missing")
    assert status == 404 and "An Error Occurred While Attempting to Retrieve a Custom Error Document" in body
    s3.put_object(Bucket=bucket, Key="oops.html", Body="oops", ContentType="text/html")
    status, headers, body = site("/missing", headers={"Range": "bytes=0-0"})
    assert (status, body, headers["x-amz-error-code"]) == (404, "oops", "NoSuchKey")
    assert site("/missing", "HEAD")[::2] == (404, "")


def test_rules_send_elsewhere(s3, bucket, site):
    publish(s3, bucket, RoutingRules=[
        {"Condition": {"KeyPrefixEquals": "old/"}, "Redirect": {"ReplaceKeyPrefixWith": "new é/"}},
        {"Condition": {"HttpErrorCodeReturnedEquals": "404"},
         "Redirect": {"HostName": "example.com", "Protocol": "https", "HttpRedirectCode": "307", "ReplaceKeyWith": "gone"}},
    ])
    status, headers, body = site("/old/x")
    assert (status, headers["location"], body) == (301, f"http://{site.host}/new%20%C3%A9/x", "")
    status, headers, _ = site("/missing")
    assert (status, headers["location"]) == (307, "https://example.com/gone")
    assert site("/")[0] == 200


def test_all_requests_may_be_sent_elsewhere(s3, bucket, site):
    configuration = {"RedirectAllRequestsTo": {"HostName": "example.com", "Protocol": "https"}}
    s3.put_bucket_website(Bucket=bucket, WebsiteConfiguration=configuration)
    assert s3.get_bucket_website(Bucket=bucket)["RedirectAllRequestsTo"] == configuration["RedirectAllRequestsTo"]
    status, headers, _ = site("/a%20b?c=d")
    assert (status, headers["location"]) == (301, "https://example.com/a%20b?c=d")


def test_an_object_may_send_its_visitors_elsewhere(s3, bucket, site):
    publish(s3, bucket)
    s3.put_object(Bucket=bucket, Key="moved", Body=b"", WebsiteRedirectLocation="/docs/")
    assert s3.get_object(Bucket=bucket, Key="moved")["WebsiteRedirectLocation"] == "/docs/"
    assert s3.head_object(Bucket=bucket, Key="moved")["WebsiteRedirectLocation"] == "/docs/"
    status, headers, _ = site("/moved")
    assert (status, headers["location"]) == (301, "/docs/")
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/moved")
    assert "WebsiteRedirectLocation" not in s3.head_object(Bucket=bucket, Key="copy")
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/copy", WebsiteRedirectLocation="http://h/")
    assert s3.head_object(Bucket=bucket, Key="copy")["WebsiteRedirectLocation"] == "http://h/"
    upload = s3.create_multipart_upload(Bucket=bucket, Key="m", WebsiteRedirectLocation="/x")["UploadId"]
    part = s3.upload_part(Bucket=bucket, Key="m", UploadId=upload, PartNumber=1, Body=b"")
    done = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    s3.complete_multipart_upload(Bucket=bucket, Key="m", UploadId=upload, MultipartUpload=done)
    assert site("/m")[1]["location"] == "/x"
    with pytest.raises(ClientError) as error:
        s3.put_object(Bucket=bucket, Key="k", Body=b"", WebsiteRedirectLocation="ftp://h/")
    assert error.value.response["Error"]["Code"] == "InvalidRedirectLocation"


def test_a_folder_that_visitors_may_not_see_is_none(s3, bucket):
    site = Site(bucket)
    publish(s3, bucket)
    assert [site(path)[0] for path in ["/docs", "/nothing"]] == [403, 403]


def test_a_domain_of_its_own_is_a_website(s3):
    name = f"www.{os.urandom(4).hex()}.example.com"
    s3.create_bucket(Bucket=name)
    site = Site(name)
    assert site("/", host=name)[0] != 200, "no website yet"
    allow = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{name}/*"}
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [allow]}))
    publish(s3, name)
    assert site("/docs/", host=f"{name.upper()}:80")[::2] == (200, "this is docs/index.html")
    for key in ["index.html", "docs/index.html", "docs/a b.txt"]:
        s3.delete_object(Bucket=name, Key=key)
    s3.delete_bucket(Bucket=name)
