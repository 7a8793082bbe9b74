"""Ansible's amazon.aws modules: playbooks that make a small cloud, turn it about and remove it."""

import re

import cloud
import pytest
from clients import run

PLAYBOOK = cloud.ROOT / ".cache/ansible/bin/ansible-playbook"


@pytest.mark.long
@pytest.mark.skipif(not PLAYBOOK.exists(), reason="Ansible is not installed: scripts/compat installs it")
def test_playbooks(server, tiny_ami, tmp_path):
    def play(name):
        said = run(
            PLAYBOOK, "-i", "localhost,", "-c", "local", "-e", f"image={tiny_ami} endpoint={server.url} account={cloud.MAIN.id}",
            "-e", f"ansible_python_interpreter={PLAYBOOK.parent}/python", cloud.ROOT / f"compat-tests/ansible/{name}.yml",
            env=server.environment() | {"ANSIBLE_HOME": str(tmp_path), "ANSIBLE_NOCOLOR": "1", "LC_ALL": "C.UTF-8"},
        )  # fmt: skip
        return int(re.search(r"changed=(\d+)", said)[1]), said

    changed, said = play("make")
    assert changed >= 14, said
    changed, said = play("make")
    assert changed == 0, said
    play("turn")
    play("unmake")
    ec2 = server.client("ec2")
    assert ec2.describe_vpcs(Filters=[{"Name": "tag:Name", "Values": ["site"]}])["Vpcs"] == []
    assert ec2.describe_addresses()["Addresses"] == []
