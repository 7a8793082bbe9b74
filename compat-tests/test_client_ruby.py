"""Ruby's clients: fog-aws, the AWS SDK of version 1 (EC2), the SDK of version 3 (S3); each a program of its own in ruby/."""

import pathlib
import subprocess

import pytest
from clients import needs, run, tool

PROGRAMS = pathlib.Path(__file__).with_name("ruby")


def program(name, library, package):
    """The program, skipped where Ruby does not find its library."""
    found = tool("ruby") and subprocess.run([tool("ruby"), "-e", f"require '{library}'"], capture_output=True).returncode == 0
    why = f"Ruby's {library} is not installed: apt-get install {package} (scripts/compat does)"
    return pytest.param(PROGRAMS / name, id=name, marks=pytest.mark.skipif(not found, reason=why))


@needs("ruby", "apt-get install ruby-fog-aws (scripts/compat does)")
@pytest.mark.parametrize("path", [
    program("fog.rb", "fog/aws", "ruby-fog-aws"),
    program("aws_sdk_v1.rb", "aws-sdk-v1", "ruby-aws-sdk"),
    program("aws_sdk_s3.rb", "aws-sdk-s3", "ruby-aws-sdk-s3"),
])  # fmt: skip
def test_program(server, tiny_ami, path):
    said = run(tool("ruby"), "-W0", path, env=server.environment() | {"EC2_TEST_IMAGE": tiny_ami})
    assert said.endswith("everything\n"), said
