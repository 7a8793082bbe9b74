"""Packer builds an image of a real guest that it reaches by SSH with a key of its own making."""

import json
import subprocess

from clients import needs, tool
from cloud import REGION
from test_real_images import key  # noqa: F401: a fixture
from test_real_machines import ec2, host, images, pytestmark, server  # noqa: F401: fixtures
from test_real_root_volumes import image, launch, system  # noqa: F401: fixtures

# The guest has no scp, with which Packer would bring scripts into it.
CHANGE = (
    "echo '{{build `SSHPrivateKey`}}' > key; chmod 600 key;"
    "ssh -i key -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null root@{{build `Host`}} 'echo packed > /data/mine; sync'"
)


@needs("packer", "apt-get install packer (scripts/compat does)")
def test_packer_builds_an_image_over_ssh(server, host, ec2, image, launch, tmp_path):  # noqa: F811
    builder = {
        "type": "amazon-ebs", "region": REGION, "custom_endpoint_ec2": server.url, "skip_region_validation": True,
        "access_key": server.account.key, "secret_key": server.account.secret, "source_ami": image, "instance_type": "m1.tiny",
        "ami_name": "packed", "ssh_username": "root", "ssh_interface": "private_ip", "ssh_timeout": "4m",
    }
    template = {"builders": [builder], "provisioners": [{"type": "shell-local", "inline": [CHANGE]}]}
    (tmp_path / "template.json").write_text(json.dumps(template))
    environment = server.environment() | {"CHECKPOINT_DISABLE": "1", "AWS_POLL_DELAY_SECONDS": "1", "AWS_MAX_ATTEMPTS": "600"}
    command = [*host.enter, "env", "-C", tmp_path, tool("packer"), "build", "-color=false", "template.json"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    [made] = ec2.describe_images(Owners=["self"], Filters=[{"Name": "name", "Values": ["packed"]}])["Images"]
    assert launch(made["ImageId"]).ssh("cat /data/mine") == "packed"
