"""How Terraform's AWS provider goes about a resource, whichever it is: what the replays of its calls share.

It reads a thing after everything that it does, and takes each difference for work to be done; a thing is gone when its
answer is empty or has one of the codes that it knows for it, and anything else fails its run.
"""

import uuid

import pytest
from botocore.exceptions import ClientError


def code(call, **arguments):
    """The code of the error that the call ends with."""
    with pytest.raises(ClientError) as refused:
        call(**arguments)
    return refused.value.response["Error"]["Code"]


def tagged(kind, name="tf"):
    return [{"ResourceType": kind, "Tags": [{"Key": "Name", "Value": name}]}]


def token():
    return str(uuid.uuid4())


def filters(**values):
    """As the provider names them, with dashes; what it asks twice under one name is one filter."""
    return [{"Name": name.replace("__", ".").replace("_", "-"), "Values": [str(value)]} for name, value in values.items()]


def holds(seen, wanted, where=""):
    """Everything of `wanted` is in `seen`, at every depth; of lists, every one in its place. None is for what must not be there."""
    if isinstance(wanted, dict):
        for name, value in wanted.items():
            if value is None:
                assert name not in seen, f"{where}.{name} is {seen[name]!r}"
            else:
                assert name in seen, f"{where}.{name} is not there: {seen}"
                holds(seen[name], value, f"{where}.{name}")
    elif isinstance(wanted, list):
        assert len(seen) == len(wanted), f"{where} is {seen!r}, not {wanted!r}"
        for number, (one, other) in enumerate(zip(seen, wanted)):
            holds(one, other, f"{where}[{number}]")
    else:
        assert seen == wanted, f"{where} is {seen!r}, not {wanted!r}"


def steady(read, wanted, fields=""):
    """What a read shows: what was asked for and the fields that are dereferenced; and a refresh shows no difference."""
    seen = read()
    holds(seen, wanted)
    for field in fields.split():
        assert field in seen, f"{field} is dereferenced: {seen}"
    assert read() == seen, "a refresh shows no difference"
    return seen


def retagged(ec2, id, read, before="tf"):
    """Tags that are taken away, then those that are new or changed."""
    tags = lambda: {t["Key"]: t["Value"] for t in read()["Tags"]}
    assert tags() == {"Name": before}
    ec2.delete_tags(Resources=[id], Tags=[{"Key": "Name"}])
    ec2.create_tags(Resources=[id], Tags=[{"Key": "Name", "Value": "changed"}, {"Key": "empty", "Value": ""}])
    assert tags() == {"Name": "changed", "empty": ""}


def wait(ec2, waiter, **arguments):
    """boto3's own waiter, impatient."""
    waiter = ec2.get_waiter(waiter)
    waiter.config.delay = 0.1
    waiter.wait(**arguments)
