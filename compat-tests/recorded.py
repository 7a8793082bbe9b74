"""Recorded EC2 answers of AWS, whoever kept them, as paths with values.

A path is written as in ec2_model.py: `DescribeInstances.reservationSet[].instancesSet[].imageId`; the items of a list are one.
Three forms are read: XML as AWS sent it, what boto3 made of it (the flight recorder of Cloud Custodian's tests), and the
examples that botocore ships. The last two have boto3's names, which the public model turns into AWS's.
"""

import collections
import functools
import json
import os
import pathlib
import re
import xml.etree.ElementTree as ET

import botocore
import botocore.session

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDER = pathlib.Path(os.environ.get("RECORDED") or ROOT.parent / "shared/recorded")
VERSION = "2016-11-15"

# `source` is who kept it and where, `values` has a list of texts for each path.
Answer = collections.namedtuple("Answer", "source action values")
# `action` is None where nobody kept what was asked.
Refusal = collections.namedtuple("Refusal", "source action code message")


@functools.cache
def model():
    return botocore.session.Session().get_service_model("ec2", VERSION)


@functools.cache
def shape_at(path):
    """The model's shape of a path, or None: made up, older than the model, or not documented."""
    action, *steps = re.findall(r"\w+|\[\]", path)
    if action not in model().operation_names:
        return None
    shape = model().operation_model(action).output_shape
    for step in steps:
        if shape is None:
            return None
        if step == "[]":
            shape = shape.member if shape.type_name == "list" else None
        elif shape.type_name == "structure":
            shape = {m.serialization.get("name", n): m for n, m in shape.members.items()}.get(step)
        else:
            return None
    return shape


def name(element):
    return element.tag.split("}")[-1]


def of_xml(element, path, values):
    """Every element beneath, with its text; those that hold elements have none."""
    values[path].append("" if len(element) else (element.text or "").strip())
    for child in element:
        of_xml(child, path + ("[]" if name(child) == "item" else f".{name(child)}"), values)


def of_boto3(data, shape, path, values):
    """The same out of what boto3 gives. What the model does not know is left out."""
    if shape.type_name == "structure":
        values[path].append("")
        for member, value in data.items():
            if member in shape.members:
                below = shape.members[member]
                of_boto3(value, below, f"{path}.{below.serialization.get('name', member)}", values)
    elif shape.type_name == "list":
        values[path].append("")
        for value in data:
            of_boto3(value, shape.member, f"{path}[]", values)
    elif shape.type_name == "timestamp":
        values[path].append("")  # boto3 does not tell how it was written
    elif shape.type_name == "boolean":
        values[path].append(str(data).lower())
    else:
        values[path].append(str(data))


def xml_answer(content, source):
    """An answer or refusal as sent, or None if it is not one of EC2's."""
    try:
        root = ET.fromstring(content)
    except ET.ParseError:
        return None
    if name(root) == "Response" and (code := root.findtext("Errors/Error/Code")):
        return Refusal(source, None, code, root.findtext("Errors/Error/Message").strip())
    action = name(root).removesuffix("ResponseType").removesuffix("Response")
    if action not in model().operation_names or not root.tag.startswith("{http://ec2.amazonaws.com/doc/"):
        return None
    values = collections.defaultdict(list)
    of_xml(root, action, values)
    return Answer(source, action, values)


def boto3_answer(data, action, source):
    values = collections.defaultdict(list)
    if (shape := model().operation_model(action).output_shape) is not None:
        of_boto3(data, shape, action, values)
    return Answer(source, action, values)


def examples(file, source):
    """Examples of the model: what AWS's documentation shows, so not every element that AWS sends."""
    for action, examples in json.loads(file.read_text())["examples"].items():
        for example in examples:
            if action in model().operation_names and "output" in example:
                yield boto3_answer(example["output"], action, f"{source}/{example['id']}")


def of_botocore():
    """The answers that are there wherever boto3 is."""
    data = pathlib.Path(botocore.__file__).parent / f"data/ec2/{VERSION}"
    yield from examples(data / "examples-1.json", "botocore")


# Answers of other clouds: of CloudStack, and of nova.
NOT_OF_AWS = ("clients/", "jclouds/apis/openstack-nova-ec2/", "jclouds/apis/ec2/src/test/resources/run_instances_cloudbridge.xml",
              "jclouds/apis/ec2/src/test/resources/describe_images_nova.xml")


def of_folder():
    """The answers and refusals in the folder of recordings."""
    for file in sorted(FOLDER.rglob("*.xml")):
        source = str(file.relative_to(FOLDER))
        if not source.startswith(NOT_OF_AWS) and (answer := xml_answer(file.read_bytes(), source)):
            yield answer
    for file in sorted(FOLDER.glob("cloud-custodian/ec2/*/*.json")):
        source, action, kept = str(file.relative_to(FOLDER)), file.parent.name, json.loads(file.read_text())
        if error := kept["data"].get("Error"):
            yield Refusal(source, action, error["Code"], error["Message"])
        else:
            yield boto3_answer(kept["data"], action, source)
    for file in sorted(FOLDER.glob("botocore-examples/ec2-*.json")):
        yield from examples(file, "botocore-examples")


def headers():
    """What AWS put before each recorded answer: names in small letters, with their values."""
    for entry in json.loads((FOLDER / "manageiq/index.json").read_text()):
        yield {name.lower(): values[0] for name, values in entry["response_headers"].items()}
