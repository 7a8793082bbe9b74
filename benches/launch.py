#!/usr/bin/env python3
"""How long a launch takes, as a ratio against doing it by hand.

    sudo benches/launch.py NOVELLA DISK.RAW [--rounds N]

In one run, in turn: the time from the answer of RunInstances until DescribeInstances says `running`, against `qemu-img create` of an
overlay plus `virsh create` of the same XML on a libvirt daemon of its own. Both run in one network namespace that this
script makes and leaves nothing of. Needs root, QEMU, virsh, libvirtd and boto3. Prints medians and their ratio; nothing is judged
by wall time here.
"""

import argparse
import ctypes
import os
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid

SUBREAPER = 36  # prctl's PR_SET_CHILD_SUBREAPER
DAEMON = """\
set -e
mount --make-rprivate /
for d in etc:/etc/libvirt lib:/var/lib/libvirt log:/var/log/libvirt cache:/var/cache/libvirt run:/run/libvirt; do
  mkdir -p "${d#*:}"; mount --bind "$1/${d%%:*}" "${d#*:}"
done
mkdir -p /var/lib/libvirt/qemu
exec libvirtd -p "$1/libvirtd.pid"
"""
CONFIG = {
    "libvirtd.conf": 'unix_sock_dir = "{dir}/sock"\nauth_unix_rw = "none"\nunix_sock_rw_perms = "0700"\n',
    "qemu.conf": 'user = "root"\ngroup = "root"\ndynamic_ownership = 0\nsecurity_driver = "none"\n'
    'cgroup_controllers = [ ]\nnamespaces = [ ]\nstdio_handler = "file"\n',
}


def reap_qemu():
    """QEMU's orphans become ours; libvirt waits until somebody collects them."""
    ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)

    def loop():
        while True:
            for pid in children():
                try:
                    comm = pathlib.Path(f"/proc/{pid}/stat").read_text().split("(", 1)[1]
                    if comm.startswith("qemu") and comm.rsplit(")", 1)[1].split()[0] == "Z":
                        os.waitpid(pid, os.WNOHANG)
                except (OSError, IndexError):
                    pass
            time.sleep(0.02)

    threading.Thread(target=loop, daemon=True).start()


def children():
    for task in pathlib.Path("/proc/self/task").iterdir():
        try:
            yield from map(int, (task / "children").read_text().split())
        except OSError:
            pass


def start_libvirtd(directory):
    for name in ("etc", "lib", "log", "cache", "run", "sock"):
        (directory / name).mkdir(parents=True)
    for name, text in CONFIG.items():
        (directory / "etc" / name).write_text(text.format(dir=directory))
    log = open(directory / "out.log", "w")
    daemon = subprocess.Popen(["unshare", "-m", "bash", "-c", DAEMON, "bash", str(directory)], stdout=log, stderr=log)
    wait(lambda: (directory / "sock/libvirt-sock").exists(), "libvirtd")
    return daemon, f"qemu+unix:///system?socket={directory}/sock/libvirt-sock"


def wait(done, what, seconds=60):
    end = time.monotonic() + seconds
    while not (found := done()):
        if time.monotonic() > end:
            sys.exit(f"waited in vain for {what}")
        time.sleep(0.002)
    return found


def start_novella(program, data):
    command = [program, "serve", "--data-dir", data, "--listen", "127.0.0.1:0", "--virt-type", "qemu"]
    log = open(os.path.join(data, "server.log"), "w")
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
    for line in server.stdout:
        if found := re.search(r"http://\S+", line):
            return server, found.group(0)
    sys.exit("the server did not start")


def by_novella(ec2, image):
    """Seconds from the answer to `running`, and the instance's id."""
    made = ec2.run_instances(ImageId=image, InstanceType="t3.nano", MinCount=1, MaxCount=1)
    start = time.monotonic()
    instance = made["Instances"][0]["InstanceId"]
    while True:
        seen = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
        if seen["State"]["Name"] == "running":
            return time.monotonic() - start, instance
        if seen["State"]["Name"] != "pending":
            sys.exit(f"the launch failed: {seen['StateReason']}")
        time.sleep(0.005)  # a client that asks without a breath takes the processor from what it measures


def by_hand(uri, directory, base, xml, n):
    """Seconds for an overlay and `virsh create` of the same machine under another name."""
    disk, definition = directory / f"disk{n}", directory / f"machine{n}.xml"
    name = f"hand-{n}"
    xml = re.sub(r"<name>.*?</name>", f"<name>{name}</name>", xml)
    other = str(uuid.uuid4())
    xml = re.sub(r"ec2[0-9a-f]{5}-[0-9a-f-]{27}", other, xml)
    xml = re.sub(r"<source file='[^']*/disk'/>", f"<source file='{disk}'/>", xml)
    xml = re.sub(r"<log file='[^']*'", f"<log file='{directory}/console{n}.log'", xml)
    xml = re.sub(r"<mac address='..:..:..:..:..:..'/>", f"<mac address='02:00:00:00:01:{n:02x}'/>", xml)
    xml = re.sub(r"<target dev='nt[^']*'/>", f"<target dev='hand{n}'/>", xml)
    definition.write_text(xml)
    start = time.monotonic()
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", base, disk], check=True)
    subprocess.run(["virsh", "-q", "-c", uri, "create", definition], check=True, stdout=subprocess.DEVNULL)
    took = time.monotonic() - start
    subprocess.run(["virsh", "-q", "-c", uri, "destroy", name], check=True, stdout=subprocess.DEVNULL)
    return took


def measure(arguments):
    import boto3

    reap_qemu()
    directory = pathlib.Path(tempfile.mkdtemp(prefix="novella-bench-"))
    processes = []
    try:
        data = str(directory / "data")
        os.mkdir(data)
        daemon, uri = start_libvirtd(directory / "libvirtd")
        processes.append(daemon)
        server, endpoint = start_novella(arguments.novella, data)
        processes.append(server)
        image = subprocess.run(
            [arguments.novella, "image", "--data-dir", data, "import", "--public", arguments.disk],
            check=True, capture_output=True, text=True,
        ).stdout.split()[0]
        _, access, secret = (directory / "data/credentials").read_text().split()
        ec2 = boto3.client("ec2", endpoint_url=endpoint, region_name="us-east-1",
                           aws_access_key_id=access, aws_secret_access_key=secret)
        # The first launch converts the image, makes the subnet and warms both libvirts: it is not counted.
        _, first = by_novella(ec2, image)
        xml = (directory / "data/instances" / first / "libvirt.xml").read_text()
        base = str(next((directory / "data/instances/_base").iterdir()))
        by_hand(uri, directory, base, xml, 0)
        # The pattern machine stays, so that its bridge does; it idles in its BIOS no more than its guest does.
        ours, theirs = [], []
        for n in range(1, arguments.rounds + 1):
            took, instance = by_novella(ec2, image)
            ours.append(took)
            ec2.terminate_instances(InstanceIds=[instance])
            wait(lambda: not (directory / "data/instances" / instance / "disk").exists(), "the end of the instance")
            theirs.append(by_hand(uri, directory, base, xml, n))
            print(f"round {n}: {ours[-1] * 1000:.0f} ms, by hand {theirs[-1] * 1000:.0f} ms", flush=True)
        ec2.terminate_instances(InstanceIds=[first])
        wait(lambda: not (directory / "data/instances" / first / "disk").exists(), "the end of the instance")
        a, b = statistics.median(ours), statistics.median(theirs)
        print(f"RunInstances answered -> running: median {a * 1000:.0f} ms ({min(ours) * 1000:.0f} to {max(ours) * 1000:.0f})")
        print(f"qemu-img create + virsh create:   median {b * 1000:.0f} ms ({min(theirs) * 1000:.0f} to {max(theirs) * 1000:.0f})")
        print(f"ratio of the medians: {a / b:.2f} (goal: at most 1.3)")
    finally:
        for process in reversed(processes):
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
        shutil.rmtree(directory, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("novella")
    parser.add_argument("disk")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    arguments.novella, arguments.disk = os.path.abspath(arguments.novella), os.path.abspath(arguments.disk)
    if arguments.inside:
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        return measure(arguments)
    # A network of its own, so that guests' addresses appear nowhere else.
    os.execvp("unshare", ["unshare", "-n", sys.executable, os.path.abspath(__file__), "--inside", arguments.novella,
                          arguments.disk, "--rounds", str(arguments.rounds)])


main()
