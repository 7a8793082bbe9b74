"""The AWS SDKs for JavaScript v3 and for Rust: programs of their own, in js-sdk and rust-sdk. scripts/compat installs and builds them."""

import cloud
import pytest
from clients import needs, run, tool

JS = cloud.ROOT / "compat-tests/js-sdk"
RUST = cloud.ROOT / ".cache/rust-sdk/debug/novella-rust-sdk"


@needs("node", "install Node.js 20 or later")
@pytest.mark.skipif(not (JS / "node_modules").exists(), reason="the SDK for JavaScript is not installed: scripts/compat, or npm ci in compat-tests/js-sdk")
def test_javascript(server):
    assert run(tool("node"), JS / "main.js", env=server.environment()).endswith("everything\n")


@pytest.mark.skipif(not RUST.exists(), reason="compat-tests/rust-sdk is not built: scripts/compat builds it")
def test_rust(server):
    assert run(RUST, env=server.environment()).endswith("everything\n")
