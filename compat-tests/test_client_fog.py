"""Ruby's fog-aws: fog.rb, a program of its own."""

import pathlib
import subprocess

import pytest
from clients import needs, run, tool

PROGRAM = pathlib.Path(__file__).with_name("fog.rb")


def installed():
    return tool("ruby") and subprocess.run([tool("ruby"), "-e", "require 'fog/aws'"], capture_output=True).returncode == 0


@needs("ruby", "apt-get install ruby-fog-aws (scripts/compat does)")
@pytest.mark.skipif(not installed(), reason="fog is not installed: apt-get install ruby-fog-aws (scripts/compat does)")
def test_fog(server, tiny_ami):
    said = run(tool("ruby"), "-W0", PROGRAM, env=server.environment() | {"EC2_TEST_IMAGE": tiny_ami})
    assert said.endswith("everything\n"), said
