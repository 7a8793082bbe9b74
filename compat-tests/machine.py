"""A machine of its own for a server with real guests: network, mount and process namespaces, which end with everything in them."""

import contextlib
import ctypes
import os
import shutil
import subprocess

from cloud import until

_CLONE_NEWNET = 0x40000000
_SCRIPT = """
mkdir -p /run/netns && mount -t tmpfs netns /run/netns && mount -t sysfs sysfs /sys && ip link set lo up && echo up
sleep infinity & wait
"""


def why_not():
    """What this machine lacks to carry guests; None when it can."""
    if os.geteuid() != 0:
        return "guests need root"
    missing = [p for p in ("qemu-system-x86_64", "qemu-img", "ip", "nft", "unshare", "nsenter", "ssh") if not shutil.which(p)]
    if missing:
        return f"not installed: {', '.join(missing)} (scripts/setup installs them)"
    return None if os.path.exists("/dev/net/tun") else "no /dev/net/tun"


class Machine:
    def __enter__(self):
        self.first = subprocess.Popen(
            ["unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child", "bash", "-c", _SCRIPT],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        )
        assert self.first.stdout.readline() == b"up\n", "no namespace could be made"
        namespaces = f"/proc/{self.first.pid}/ns"
        self.enter = ["nsenter", "-t", str(self.first.pid), "--net", "--mount", f"--pid={namespaces}/pid_for_children", "--"]
        return self

    def __exit__(self, *_):
        self.first.kill()
        self.first.wait()

    @contextlib.contextmanager
    def network(self):
        """While in it, sockets and programs of this thread live in the machine's network."""
        libc = ctypes.CDLL(None, use_errno=True)

        def enter(file):
            if libc.setns(file.fileno(), _CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), "setns")

        with open("/proc/self/ns/net") as home, open(f"/proc/{self.first.pid}/ns/net") as there:
            enter(there)
            try:
                yield
            finally:
                enter(home)

    def run(self, *command):
        return subprocess.run([*self.enter, *map(str, command)], check=True, capture_output=True, text=True).stdout

    def processes(self):
        """Command lines by process id."""
        lines = (line.split(None, 1) for line in self.run("ps", "-eo", "pid=,args=").splitlines())
        return {int(pid): args for pid, args in lines}

    def guests(self, instance=""):
        """Process ids of the QEMUs of an instance, or of all."""
        return [pid for pid, args in self.processes().items() if args.startswith("/usr/bin/qemu") and f"guest={instance}" in args]

    def kill(self, pid):
        self.run("kill", "-9", pid)

    def await_guests(self, instance, count):
        until(f"{instance} has {count} processes", lambda: len(self.guests(instance)) == count)
