"""The AWS SDKs for JavaScript v3, Rust and Go: programs of their own, in js-sdk, rust-sdk, rust-sdk-ec2 and go-sdk. scripts/compat
installs and builds them."""

import cloud
import pytest
from clients import needs, run, tool

JS = cloud.ROOT / "compat-tests/js-sdk"
RUST = cloud.ROOT / ".cache/rust-sdk/debug"
GO = cloud.ROOT / ".cache/go-sdk"


@needs("node", "install Node.js 20 or later")
@pytest.mark.skipif(not (JS / "node_modules").exists(), reason="the SDK for JavaScript is not installed: scripts/compat, or npm ci in compat-tests/js-sdk")
@pytest.mark.parametrize("program", ["main.js", "ec2.js"])
def test_javascript(server, tiny_ami, program):
    environment = server.environment() | {"EC2_TEST_IMAGE": tiny_ami}
    assert run(tool("node"), JS / program, env=environment).endswith("everything\n")


@pytest.mark.parametrize("program", ["novella-rust-sdk", "novella-rust-sdk-ec2"])
def test_rust(server, tiny_ami, program):
    if not (RUST / program).exists():
        pytest.skip(f"{program} is not built: scripts/compat builds it")
    assert run(RUST / program, env=server.environment() | {"EC2_TEST_IMAGE": tiny_ami}).endswith("everything\n")


@pytest.mark.skipif(not GO.exists(), reason="go-sdk is not built: scripts/compat builds it")
def test_go(server, tiny_ami):
    assert run(GO, env=server.environment() | {"EC2_TEST_IMAGE": tiny_ami}).endswith("everything\n")
