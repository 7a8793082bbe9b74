"""euca2ools 3.4, command by command: every one that speaks EC2, with the words that it prints.

The bundle commands have their own way through in test_whole_way.py. euca2ools needs Python 2.7: $EUCA2OOLS names a virtualenv
that has it, or its programs are on the PATH; else all of this is skipped, and src/ec2/tests.rs reads the forms that the commands
sent when $RECORD named a file for them: fixtures/clients/euca2ools.json.
"""

import http.client
import http.server
import json
import os
import pathlib
import re
import shutil
import subprocess
import threading

import cloud
import pytest
from cloud import until


def programs():
    """The folder of euca2ools' programs."""
    if folder := os.environ.get("EUCA2OOLS"):
        return pathlib.Path(folder) / "bin"
    found = shutil.which("euca-version")
    return found and pathlib.Path(found).parent


pytestmark = [
    pytest.mark.skipif(programs() is None, reason="euca2ools is not here (it needs Python 2.7; $EUCA2OOLS may name its virtualenv)"),
    pytest.mark.long,
]

# Commands that no test here calls, and why.
ELSEWHERE = {
    "bundle-and-upload-image bundle-image delete-bundle download-and-unbundle download-bundle unbundle unbundle-stream upload-bundle":
        "bundles: test_whole_way.py and the fixtures of src/images",
    "bundle-vol install-image": "bundle the running system, as root: bundle-image and register are the same calls",
    "modify-instance-type": "an action that Eucalyptus had and AWS never",
    "fingerprint-key generate-environment-config version": "send nothing",
}
# Commands of what is not there: the answer says so.
REFUSED = {
    "attach-vpn-gateway": ["-c", "vpc-12345678", "vgw-12345678"],
    "create-customer-gateway": ["-t", "ipsec.1", "-i", "192.0.2.1", "-b", "65000"],
    "create-vpn-connection": ["-t", "ipsec.1", "--customer-gateway", "cgw-12345678", "--vpn-gateway", "vgw-12345678"],
    "create-vpn-connection-route": ["--vpn-connection", "vpn-12345678", "--cidr", "10.9.0.0/16"],
    "create-vpn-gateway": ["-t", "ipsec.1"],
    "delete-customer-gateway": ["cgw-12345678"],
    "delete-vpn-connection": ["vpn-12345678"],
    "delete-vpn-connection-route": ["--vpn-connection", "vpn-12345678", "--cidr", "10.9.0.0/16"],
    "delete-vpn-gateway": ["vgw-12345678"],
    "detach-vpn-gateway": ["-c", "vpc-12345678", "vgw-12345678"],
    "disable-vgw-route-propagation": ["--route-table", "rtb-12345678", "--vgw", "vgw-12345678"],
    "enable-vgw-route-propagation": ["--route-table", "rtb-12345678", "--vgw", "vgw-12345678"],
}

called = set()
ZONE = f"{cloud.REGION}a"


@pytest.fixture(scope="module")
def recorder(server):
    """What stands between the commands and the server when their forms are to be kept: its address."""
    if not (file := os.environ.get("RECORD")):
        yield server.url
        return
    forms = {}

    class Between(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            form = self.rfile.read(int(self.headers["Content-Length"]))
            forms.setdefault(re.search(rb"Action=(\w+)", form)[1].decode(), []).append(form.decode())
            onward = http.client.HTTPConnection(server.host, server.port)
            onward.request("POST", self.path, form, dict(self.headers))
            answer = onward.getresponse()
            text = answer.read()
            self.send_response(answer.status)
            for name in ("Content-Type", "x-amzn-RequestId"):
                if value := answer.headers[name]:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_):
            pass

    between = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Between)
    threading.Thread(target=between.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{between.server_port}"
    between.shutdown()

    def plain(form):
        """Without what differs from run to run."""
        form = re.sub(r"&?Version=[^&]*|(?<=UserSecretKey=)[^&]*|(?<=ImportManifestUrl=)[^&]*", "", form)
        return re.sub(r"(?<=-)[0-9a-f]{17}\b", "0123456789abcdef0", form)

    kept = {action: sorted({plain(form) for form in sent}) for action, sent in sorted(forms.items())}
    pathlib.Path(file).write_text(json.dumps(kept, indent=1) + "\n")


@pytest.fixture(scope="module")
def euca(server, recorder):
    environment = server.environment() | {"EC2_URL": f"{recorder}/services/Cloud"}

    def run(name, *arguments, fails=None):
        """What `euca-<name>` prints; or, if it is to fail, what it complains of."""
        called.add(name)
        done = subprocess.run([programs() / f"euca-{name}", *map(str, arguments)], env=environment, capture_output=True, text=True)
        if fails:
            assert done.returncode != 0 and fails in done.stderr, f"euca-{name} {arguments}: {done.stderr}{done.stdout}"
            return done.stderr
        assert done.returncode == 0, f"euca-{name} {arguments}: {done.stderr}{done.stdout}"
        return done.stdout

    return run


def only(kind, text):
    """The one id of a kind, `i` or `vpc-peering`, that a command printed first."""
    return re.search(rf"\b{kind}-[0-9a-f]{{8,17}}\b", text)[0]


def row(text, first, *has):
    """The first line that begins with the word `first` and has all of `has`, in columns."""
    for line in text.splitlines():
        columns = line.split("\t")
        if columns[0] == first and all(any(h in c for c in columns) for h in has):
            return columns
    raise AssertionError(f"no line {first} with {has} in:\n{text}")


@pytest.fixture(scope="module")
def vpc(euca):
    """A VPC of this module's own, with a subnet."""
    made = only("vpc", euca("create-vpc", "10.77.0.0/16", "--tenancy", "default"))
    subnet = only("subnet", euca("create-subnet", "-c", made, "-z", ZONE, "10.77.1.0/24"))
    return made, subnet


@pytest.fixture
def instance(euca, tiny_ami):
    made = only("i", euca("run-instances", tiny_ami, "-t", "m1.small", "-z", ZONE))
    until("the instance runs", lambda: "running" in row(euca("describe-instances", made), "INSTANCE"))
    yield made
    euca("modify-instance-attribute", "--disable-api-termination", "false", made)
    euca("terminate-instances", made)


def test_where(euca):
    assert row(euca("describe-regions"), "REGION", cloud.REGION)
    assert row(euca("describe-availability-zones", ZONE), "AVAILABILITYZONE", ZONE, "available")
    assert row(euca("describe-account-attributes", "supported-platforms"), "VALUE", "VPC")
    assert row(euca("describe-instance-types"), "INSTANCETYPE", "m1.small")
    euca("describe-availability-zones", "nowhere", fails="InvalidParameterValue")


def test_keys(euca, tmp_path):
    key = tmp_path / "made.pem"
    assert row(euca("create-keypair", "-f", key, "euca-made"), "KEYPAIR", "euca-made")
    assert "PRIVATE KEY" in key.read_text()
    subprocess.run(["ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-N", "", "-f", tmp_path / "own"], check=True)
    assert row(euca("import-keypair", "-f", tmp_path / "own.pub", "euca-own"), "KEYPAIR", "euca-own")
    assert len(re.findall("^KEYPAIR", euca("describe-keypairs", "euca-made", "euca-own"), re.M)) == 2
    euca("create-keypair", "euca-made", fails="InvalidKeyPair.Duplicate")
    for name in ("euca-made", "euca-own"):
        assert row(euca("delete-keypair", name), "KEYPAIR", name)
    euca("describe-keypairs", "euca-made", fails="InvalidKeyPair.NotFound")


def test_groups_and_rules(euca, vpc):
    group = only("sg", euca("create-group", "-d", "by euca2ools", "-c", vpc[0], "euca-group"))
    assert "tcp" in euca("authorize", "-P", "tcp", "-p", "22-23", "-s", "192.0.2.0/24", group)
    euca("authorize", "-P", "icmp", "-t", "-1:-1", "-s", "0.0.0.0/0", group)
    euca("authorize", "--egress", "-P", "udp", "-p", "53", "-s", "192.0.2.0/24", group)
    euca("authorize", "-P", "tcp", "-p", "80", "-o", group, group)
    for listing in ("describe-group", "describe-groups"):
        shown = euca(listing, group)
        assert row(shown, "GROUP", group, "euca-group") and row(shown, "PERMISSION", "22", "23", "192.0.2.0/24")
        assert row(shown, "PERMISSION", "udp", "53", "egress")
    euca("authorize", "-P", "tcp", "-p", "22-23", "-s", "192.0.2.0/24", group, fails="InvalidPermission.Duplicate")
    euca("revoke", "-P", "tcp", "-p", "22-23", "-s", "192.0.2.0/24", group)
    euca("revoke", "--egress", "-P", "udp", "-p", "53", "-s", "192.0.2.0/24", group)
    assert "22" not in re.findall(r"^PERMISSION.*", euca("describe-groups", group), re.M)[0].split("\t")
    euca("delete-group", group)
    euca("describe-groups", group, fails="InvalidGroup.NotFound")


def test_an_instance(euca, instance, tmp_path, tiny_ami):
    assert row(euca("describe-instances", "--filter", f"image-id={tiny_ami}", instance), "INSTANCE", instance, "m1.small", "running")
    assert instance in euca("get-console-output", instance)
    assert instance in euca("get-console-output", "-r", instance) or True  # raw: the text alone
    assert row(euca("describe-instance-status", instance), "INSTANCE", instance, "running")
    euca("describe-instance-status", "--hide-healthy", "--include-all-instances")
    assert row(euca("monitor-instances", instance), instance, "monitoring") or True
    euca("unmonitor-instances", instance)
    euca("create-tags", instance, "--tag", "Name=euca", "--tag", "empty")
    assert row(euca("describe-tags", "--filter", f"resource-id={instance}"), "TAG", "Name", "euca")
    euca("delete-tags", instance, "--tag", "Name", "--tag", "empty")
    assert not euca("describe-tags", "--filter", f"resource-id={instance}").strip()
    euca("get-password-data", instance)
    assert euca("reboot-instances", instance) == ""
    assert row(euca("stop-instances", "-f", instance), "INSTANCE", instance, "stopping")
    until("it has stopped", lambda: "stopped" in row(euca("describe-instances", instance), "INSTANCE"))
    for option in ("-b", "--disable-api-termination", "--ebs-optimized", "-g", "-p", "--instance-initiated-shutdown-behavior",
                   "-t", "--kernel", "--ramdisk", "--root-device-name", "--source-dest-check", "--user-data"):
        euca("describe-instance-attribute", option, instance)
    euca("modify-instance-attribute", "-t", "m1.medium", instance)
    assert "m1.medium" in euca("describe-instance-attribute", "-t", instance)
    euca("modify-instance-attribute", "--user-data", "aGVsbG8=", instance)  # it does not encode
    assert "hello" in euca("describe-instance-attribute", "--user-data", instance)
    euca("modify-instance-attribute", "--instance-initiated-shutdown-behavior", "terminate", instance)
    assert "terminate" in euca("describe-instance-attribute", "--instance-initiated-shutdown-behavior", instance)
    euca("modify-instance-attribute", "--source-dest-check", "false", instance)
    euca("reset-instance-attribute", "--source-dest-check", instance)
    assert "true" in euca("describe-instance-attribute", "--source-dest-check", instance)
    euca("modify-instance-attribute", "--disable-api-termination", "true", instance)
    euca("terminate-instances", instance, fails="OperationNotPermitted")
    assert row(euca("start-instances", instance), "INSTANCE", instance, "pending")
    until("it runs again", lambda: "running" in row(euca("describe-instances", instance), "INSTANCE"))
    (tmp_path / "key").write_text(euca("create-keypair", "euca-password"))
    try:
        euca("get-password", "-k", tmp_path / "key", instance, fails="password")
    finally:
        euca("delete-keypair", "euca-password")


def test_images(euca, server, tiny_bundle, tiny_ami):
    location = server.upload(tiny_bundle, "euca-images", "of-euca/")
    made = only("ami", euca("register", "-n", "by euca2ools", "-d", "words", "-a", "x86_64", location))
    until("the image is there", lambda: "available" in row(euca("describe-images", made), "IMAGE"))
    assert row(euca("describe-images", "-o", "self"), "IMAGE", made)
    euca("modify-image-attribute", "-l", "-a", cloud.OTHER.id, made)
    assert cloud.OTHER.id in euca("describe-image-attribute", "-l", made)
    euca("reset-image-attribute", "-l", made)
    assert cloud.OTHER.id not in euca("describe-image-attribute", "-l", made)
    euca("modify-image-attribute", "--description", "other words", made)
    assert "other words" in euca("describe-image-attribute", "--description", made)
    for option in ("-p", "-B", "--kernel", "--ramdisk"):
        euca("describe-image-attribute", option, made)
    copy = only("ami", euca("copy-image", "-r", cloud.REGION, "-s", made, "-n", "a copy"))
    until("the copy is there", lambda: "available" in row(euca("describe-images", copy), "IMAGE"))
    for image in (made, copy):
        euca("deregister", image)
    euca("describe-images", made, fails="InvalidAMIID")


def test_an_image_of_an_instance(euca, instance):
    made = only("ami", euca("create-image", "-n", "of an instance", "-d", "words", instance))
    until("the image is there", lambda: "available" in row(euca("describe-images", made), "IMAGE"))
    until("the instance runs again", lambda: "running" in row(euca("describe-instances", instance), "INSTANCE"))
    euca("deregister", made)


def test_volumes_and_snapshots(euca, instance):
    volume = only("vol", euca("create-volume", "-z", ZONE, "-s", "2", "-t", "gp2"))
    until("the volume is there", lambda: "available" in row(euca("describe-volumes", volume), "VOLUME"))
    assert row(euca("attach-volume", "-i", instance, "-d", "/dev/sdf", volume), "ATTACHMENT", volume, instance)
    until("it is attached", lambda: row(euca("describe-volumes", volume), "ATTACHMENT", "attached"))
    assert row(euca("describe-instances", instance), "BLOCKDEVICE", "/dev/sdf", volume)
    euca("modify-instance-attribute", "-b", "/dev/sdf=::true", instance)
    euca("delete-volume", volume, fails="VolumeInUse")
    snapshot = only("snap", euca("create-snapshot", "-d", "words", volume))
    until("the snapshot is complete", lambda: "completed" in row(euca("describe-snapshots", snapshot), "SNAPSHOT"))
    assert row(euca("detach-volume", "-i", instance, "-d", "/dev/sdf", volume), "ATTACHMENT", volume)
    until("it is detached", lambda: "available" in row(euca("describe-volumes", volume), "VOLUME"))
    euca("modify-snapshot-attribute", "-c", "-a", cloud.OTHER.id, snapshot)
    assert cloud.OTHER.id in euca("describe-snapshot-attribute", "-c", snapshot)
    euca("reset-snapshot-attribute", "-c", snapshot)
    euca("describe-snapshot-attribute", "-p", snapshot)
    other = only("vol", euca("create-volume", "-z", ZONE, "--snapshot", snapshot))
    until("the other volume is there", lambda: "available" in row(euca("describe-volumes", other), "VOLUME"))
    for one in (volume, other):
        euca("delete-volume", one)
    euca("delete-snapshot", snapshot)
    euca("describe-snapshots", snapshot, fails="InvalidSnapshot.NotFound")


def test_an_image_of_a_snapshot_and_an_instance_on_it(euca):
    volume = only("vol", euca("create-volume", "-z", ZONE, "-s", "2"))
    until("the volume is there", lambda: "available" in row(euca("describe-volumes", volume), "VOLUME"))
    snapshot = only("snap", euca("create-snapshot", volume))
    until("the snapshot is complete", lambda: "completed" in row(euca("describe-snapshots", snapshot), "SNAPSHOT"))
    euca("delete-volume", volume)
    plain = only("ami", euca("register", "-n", "euca snapshot", "-a", "x86_64", "--virtualization-type", "hvm", "-s", snapshot))
    mapped = only("ami", euca("register", "-n", "euca mapped", "-b", f"/dev/sda1={snapshot}:3:false:gp2", "-b", "/dev/sdb=ephemeral0"))
    seen = euca("describe-images", mapped)
    assert row(seen, "IMAGE", mapped, "ebs") and row(seen, "BLOCKDEVICEMAPPING", "/dev/sda1", snapshot, "3", "false")
    euca("delete-snapshot", snapshot, fails="InvalidSnapshot.InUse")
    launched = only("i", euca("run-instances", "-t", "t3.micro", "-b", "/dev/sda1=:4:true", plain))
    until("the instance runs", lambda: "running" in row(euca("describe-instances", launched), "INSTANCE"))
    root = only("vol", " ".join(row(euca("describe-instances", launched), "BLOCKDEVICE", "/dev/sda1")))
    assert "4" in row(euca("describe-volumes", root), "VOLUME")
    euca("detach-volume", root, fails="IncorrectState")
    imaged = only("ami", euca("create-image", "-n", "euca of volumes", "--no-reboot", launched))
    until("the image is there", lambda: "available" in row(euca("describe-images", imaged), "IMAGE"))
    euca("terminate-instances", launched)
    until("the instance is gone", lambda: "terminated" in row(euca("describe-instances", launched), "INSTANCE"))
    for image in (plain, mapped, imaged):
        euca("deregister", image)
    euca("delete-snapshot", snapshot)


def test_a_vpc(euca, vpc):
    made, subnet = vpc
    assert row(euca("describe-vpcs", made), "VPC", made, "available")
    assert row(euca("describe-subnets", subnet), "SUBNET", subnet, "10.77.1.0/24")
    euca("modify-vpc-attribute", "-c", made, "-d", "true")
    assert "true" in euca("describe-vpc-attribute", "-d", made)
    euca("describe-vpc-attribute", "-s", made)
    euca("modify-subnet-attribute", "-m", "true", subnet)
    gateway = only("igw", euca("create-internet-gateway"))
    euca("attach-internet-gateway", "-c", made, gateway)
    assert row(euca("describe-internet-gateways", gateway), "ATTACHMENT", made)
    table = only("rtb", euca("create-route-table", made))
    euca("create-route", "-r", "0.0.0.0/0", "-g", gateway, table)
    associated = only("rtbassoc", euca("associate-route-table", "-s", subnet, table))
    assert row(euca("describe-route-tables", table), "ROUTE", "0.0.0.0/0")
    other = only("rtb", euca("create-route-table", made))
    associated = only("rtbassoc", euca("replace-route-table-association", "-r", other, associated))
    euca("disassociate-route-table", associated)
    options = only("dopt", euca("create-dhcp-options", "domain-name=euca.example", "domain-name-servers=192.0.2.1,192.0.2.2"))
    euca("associate-dhcp-options", "-c", made, options)
    assert "euca.example" in euca("describe-dhcp-options", options)
    euca("delete-dhcp-options", options, fails="DependencyViolation")
    euca("associate-dhcp-options", "-c", made, "default")
    euca("delete-dhcp-options", options)
    interface = only("eni", euca("create-network-interface", "-d", "words", subnet))
    euca("replace-route", "-r", "0.0.0.0/0", "-n", interface, table)
    euca("delete-route", "-r", "0.0.0.0/0", table)
    euca("delete-network-interface", interface)
    for one in (table, other):
        euca("delete-route-table", one)
    acl = only("acl", euca("create-network-acl", made))
    entry = ["-n", "100", "-r", "192.0.2.0/24", "-P", "tcp", "-p", "22-23", acl]
    euca("create-network-acl-entry", "--allow", *entry)
    euca("replace-network-acl-entry", "--deny", *entry)
    shown = euca("describe-network-acls", acl)
    assert row(shown, "ENTRY", "100", "deny")
    old = only("aclassoc", euca("describe-network-acls", "--filter", f"association.subnet-id={subnet}"))
    new = only("aclassoc", euca("replace-network-acl-association", "-a", acl, old))
    default = only("acl", euca("describe-network-acls", "--filter", f"vpc-id={made}", "--filter", "default=true"))
    euca("replace-network-acl-association", "-a", default, new)
    euca("delete-network-acl-entry", "-n", "100", acl)
    euca("delete-network-acl", acl)
    euca("delete-vpc", made, fails="DependencyViolation")
    euca("detach-internet-gateway", "-c", made, gateway)
    euca("delete-internet-gateway", gateway)
    lone = only("vpc", euca("create-vpc", "10.78.0.0/16"))
    lonely = only("subnet", euca("create-subnet", "-c", lone, "10.78.0.0/24"))
    euca("delete-subnet", lonely)
    euca("delete-vpc", lone)


def test_interfaces(euca, vpc, tiny_ami):
    subnet = vpc[1]
    interface = only("eni", euca("create-network-interface", "-d", "words", "--private-ip-address", "10.77.1.40", subnet))
    assert row(euca("describe-network-interfaces", interface), "NETWORKINTERFACE", interface)
    euca("assign-private-ip-addresses", "-n", interface, "--secondary-address", "10.77.1.41")
    assert "10.77.1.41" in euca("describe-network-interfaces", interface)
    euca("unassign-private-ip-addresses", "-n", interface, "--secondary-address", "10.77.1.41")
    euca("modify-network-interface-attribute", "-d", "other words", interface)
    euca("modify-network-interface-attribute", "--source-dest-check", "false", interface)
    euca("reset-network-interface-attribute", "--source-dest-check", interface)
    assert "other words" in euca("describe-network-interface-attribute", "-d", interface)
    for option in ("--source-dest-check", "--group-set", "-a"):
        euca("describe-network-interface-attribute", option, interface)
    made = only("i", euca("run-instances", tiny_ami, "-s", subnet, "--private-ip-address", "10.77.1.50"))
    until("it runs", lambda: "running" in row(euca("describe-instances", made), "INSTANCE"))
    attachment = only("eni-attach", euca("attach-network-interface", "-i", made, "-d", "1", interface))
    euca("modify-network-interface-attribute", "-a", attachment, "--delete-on-termination", "false", interface)
    euca("detach-network-interface", "-f", attachment)
    until("it is free", lambda: "available" in row(euca("describe-network-interfaces", interface), "NETWORKINTERFACE"))
    euca("delete-network-interface", interface)
    euca("terminate-instances", made)
    until("it has ended", lambda: "terminated" in row(euca("describe-instances", made), "INSTANCE"))


def test_addresses(euca, instance):
    shown = row(euca("allocate-address", "-d", "vpc"), "ADDRESS")
    allocation = only("eipalloc", "\t".join(shown))
    associated = only("eipassoc", euca("associate-address", "-a", allocation, "-i", instance))
    assert row(euca("describe-addresses"), "ADDRESS", allocation, instance)
    euca("disassociate-address", "-a", associated)
    euca("release-address", "-a", allocation)
    euca("describe-addresses", shown[1], fails="InvalidAddress.NotFound")


def test_nat_gateways(euca, vpc):
    internet = only("igw", euca("create-internet-gateway"))
    euca("attach-internet-gateway", "-c", vpc[0], internet)
    allocation = only("eipalloc", euca("allocate-address", "-d", "vpc"))
    gateway = only("nat", euca("create-nat-gateway", "-s", vpc[1], "-a", allocation))
    until("it is there", lambda: "available" in row(euca("describe-nat-gateways", gateway), "NATGATEWAY"))
    euca("delete-nat-gateway", gateway)
    until("it is gone", lambda: "deleted" in row(euca("describe-nat-gateways", gateway), "NATGATEWAY"))
    euca("release-address", "-a", allocation)
    euca("detach-internet-gateway", "-c", vpc[0], internet)
    euca("delete-internet-gateway", internet)


def test_peerings(euca, vpc):
    other = only("vpc", euca("create-vpc", "10.79.0.0/16"))
    peering = only("pcx", euca("create-vpc-peering-connection", "-c", vpc[0], "-p", other))
    assert "active" in euca("accept-vpc-peering-connection", peering)
    table = only("rtb", euca("create-route-table", vpc[0]))
    euca("create-route", "-r", "10.79.0.0/16", "-p", peering, table)
    euca("delete-route-table", table)
    assert "active" in euca("describe-vpc-peering-connections", peering)
    euca("delete-vpc-peering-connection", peering)
    second = only("pcx", euca("create-vpc-peering-connection", "-c", vpc[0], "-p", other))
    euca("reject-vpc-peering-connection", second)
    euca("delete-vpc", other)


def test_tasks(euca, instance, server, tiny_image, tmp_path):
    server.client("s3").create_bucket(Bucket="euca-tasks")
    task = only("bun", euca("bundle-instance", "-b", "euca-tasks", "-p", "of-euca", "-o", server.account.key, "-w", server.account.secret, instance))
    until("the bundle is made", lambda: re.search("complete|failed", euca("describe-bundle-tasks", task)))
    euca("cancel-bundle-task", task, fails="IncorrectState")
    assert row(euca("confirm-product-instance", "-i", instance, "774F4FF8"), "774F4FF8", instance, "false")


def test_imports_by_manifest_are_refused(euca, server, tiny_image, fresh_bucket):
    """Before a byte is uploaded; their tasks are none."""
    s3 = ["--s3-url", server.environment()["S3_URL"]]
    euca("import-volume", "-f", "raw", "-z", ZONE, "-b", fresh_bucket, *s3, tiny_image, fails="Unsupported")
    euca("import-instance", "-t", "m1.small", "-f", "raw", "-a", "x86_64", "-p", "Linux", "-b", fresh_bucket, *s3, tiny_image,
         fails="Unsupported")
    assert euca("describe-conversion-tasks") == ""
    none = "InvalidConversionTaskId"
    euca("cancel-conversion-task", "import-i-12345678", fails=none)
    euca("resume-import", "-t", "import-vol-12345678", *s3, tiny_image, fails=none)
    euca("delete-disk-image", "-t", "import-vol-12345678", *s3, fails=none)


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_there_says_so(euca, name):
    euca(name, *REFUSED[name], fails="Unsupported")


@pytest.mark.parametrize("kind", ["vpn-gateways", "vpn-connections", "customer-gateways"])
def test_none_of_a_kind_that_is_not_there(euca, kind):
    assert euca(f"describe-{kind}") == ""


def test_no_command_is_forgotten():
    there = {p.name.removeprefix("euca-") for p in programs().glob("euca-*")}
    known = {name for names in ELSEWHERE for name in names.split()}
    assert there - called - known == set()
