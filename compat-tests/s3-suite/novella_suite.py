"""A pytest plugin for the S3 suite: every test has bucket names of its own, leaves as little as it can, and is reported.

The suite gives all tests of a process one prefix and ends a test with an error when a bucket of it cannot be deleted, so one
locked object would turn each later test of that process into an error. Here a test gets a new prefix, and what cannot
be deleted after it stays.

In the environment: SUITE_RESULTS names the file that is written, one line a test: name, outcome, "aws" where AWS passes it, and
why it did not pass. SUITE_MAIN and SUITE_ALONE are keys, id and secret. SUITE_CONF_TESTS names the configuration that holds while tests run; the suite makes its parameters
from the other one, S3TEST_CONF.
"""

import contextlib
import os

import pytest
import s3tests.functional as suite
from botocore.exceptions import BotoCoreError, ClientError

COUNT_BUCKETS = {"test_list_buckets_paginated"}
"""Tests that need an account in which no other test makes buckets."""

_outcomes = {}
_test = None


def pytest_configure(config):
    suite.setup = _fresh_prefix
    suite.teardown = _remove_buckets


def pytest_collection_finish(session):
    """The suite multiplies its copy tests by the storage classes, which its lifecycle tests need to know."""
    os.environ["S3TEST_CONF"] = os.environ["SUITE_CONF_TESTS"]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    global _test
    _test = item.name


def _fresh_prefix():
    """The suite's configuration is read by now."""
    suite.prefix = suite.choose_bucket_prefix("s3t-{random}-")
    account = "ALONE" if _test in COUNT_BUCKETS else "MAIN"
    suite.config.main_access_key, suite.config.main_secret_key = os.environ[f"SUITE_{account}"].split()


def _remove_buckets():
    for client in (suite.get_client(), suite.get_alt_client(), suite.get_tenant_client()):
        for bucket in client.list_buckets()["Buckets"]:
            if bucket["Name"].startswith(suite.prefix):
                with contextlib.suppress(ClientError, BotoCoreError):
                    _remove(client, bucket["Name"])


def _remove(client, bucket):
    for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket):
        found = page.get("Versions", []) + page.get("DeleteMarkers", [])
        keys = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in found]
        if keys:
            client.delete_objects(Bucket=bucket, Delete={"Objects": keys, "Quiet": True}, BypassGovernanceRetention=True)
    client.delete_bucket(Bucket=bucket)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    report.aws_passes = item.get_closest_marker("fails_on_aws") is None


def pytest_runtest_logreport(report):
    """In the process that gathers: the worst phase of a test is its outcome."""
    name = report.nodeid.split("/")[-1].replace(".py::", "::")
    aws = "aws" if getattr(report, "aws_passes", True) else "-"
    if report.failed:
        crash = getattr(report.longrepr, "reprcrash", None)
        said = (crash.message if crash else str(report.longrepr)).strip()
        _outcomes[name] = ("fails", aws, next(iter(said.splitlines()), ""))
    elif report.skipped:
        said = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
        _outcomes[name] = ("skips", aws, said.removeprefix("Skipped: "))
    elif report.when == "call":
        _outcomes[name] = ("passes", aws, "")


def pytest_sessionfinish(session):
    if hasattr(session.config, "workerinput"):
        return
    with open(os.environ["SUITE_RESULTS"], "w") as file:
        for name, outcome in sorted(_outcomes.items()):
            print(name, *(field.replace("\t", " ") for field in outcome), sep="\t", file=file)
