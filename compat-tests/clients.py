"""What the tests of S3 clients share: keys that are hard to say, and programs run as a user runs them."""

import os
import pathlib
import shutil
import subprocess
import sys

import pytest

MIB = 1024 * 1024

ODD_KEYS = ["plain", "a b+c%20d", "ünï/ç☃\U0001F600", "a//b", "/lead", "../up", "dots/./here", "q?x=1&y#z", "quotes'\"<&>", "=~*!()[]{}|^`@,;:$"]
"""Keys that no file system can hold all of."""

ODD_FILES = ["plain", "a b+c%20d", "ünï/ç☃\U0001F600", "deep/er/file", "q?x=1&y#z", "quotes'\"<&>", "=~!()[]{}|^`@,;:$", "empty"]
"""Names that a folder can hold; `empty` has no content."""


def tool(name):
    """A program on the PATH or beside this Python."""
    return shutil.which(name) or shutil.which(name, path=str(pathlib.Path(sys.executable).parent))


def needs(name, install):
    """Skip, and say how to get it, where a program is absent."""
    return pytest.mark.skipif(tool(name) is None, reason=f"{name} is not installed: {install}")


def run(*command, env=None, fails=False):
    """What the program said; with `fails`, it must end badly and what it complained of is given."""
    done = subprocess.run([str(c) for c in command], env=env, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert (done.returncode != 0) == fails, f"{command}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stderr + done.stdout if fails else done.stdout


def folder_of(path, names=ODD_FILES, big=None):
    """A folder with a file of each name, and one of `big` bytes; what is in it, by name."""
    content = {name: b"" if name == "empty" else name.encode() for name in names}
    if big:
        content["big"] = os.urandom(big)
    for name, data in content.items():
        file = path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    return content


def read_folder(path):
    return {str(f.relative_to(path)): f.read_bytes() for f in path.rglob("*") if f.is_file()}
