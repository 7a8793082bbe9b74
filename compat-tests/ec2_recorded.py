"""Our EC2 answers beside AWS's own: what AWS sends is there, and looks the same.

A server with the simulated driver goes through the life that ec2_model.py calls every action in, and a little more. Then every
answer of AWS that recorded.py finds, of an action that docs/coverage.md has, is compared with the answers given to that action:

- missing: an element that none of ours has,
- format: AWS's has the form of an id of a kind, an address, a time and so on, and none of ours has,
- vocabulary: we use a word where AWS has a list of words, and neither the list nor a recorded answer has it.

Elements that the public model does not know are not compared: they are older than it, or made up by a test's author. Refusals
are compared by code and message, with what they quote left out; headers by name.

recorded-exceptions.tsv has what is meant to be different, with the reason; one for a missing element covers what would be in it.
An exception that covers nothing is a failure as well.
"""

import collections
import re
import xml.etree.ElementTree as ET

import botocore.exceptions
import pytest

import cloud
import ec2_model
import recorded

HERE = cloud.ROOT / "compat-tests"
Finding = collections.namedtuple("Finding", "kind path detail source")

# The form of a text, by which AWS's and ours are compared. The first that fits; anything else is just text.
FORMS = [
    ("boolean", r"true|false"),
    ("integer", r"-?\d+"),
    ("decimal", r"-?\d+\.\d+"),
    ("time", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"),
    ("time with milliseconds", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"),
    ("CIDR block", r"\d+\.\d+\.\d+\.\d+/\d+"),
    ("IPv4 address", r"\d+\.\d+\.\d+\.\d+"),
    ("IPv6 block", r"[0-9a-f:]*::[0-9a-f:]*/\d+"),
    ("MAC address", r"([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}"),
    ("fingerprint", r"([0-9a-f]{2}:){15,}[0-9a-f]{2}"),
    ("ARN", r"arn:aws:.*"),
    ("zone", r"[a-z]{2}-[a-z]+-\d[a-z]"),
    ("zone's id", r"[a-z]{3}\d-az\d"),
    ("region", r"[a-z]{2}-[a-z]+-\d"),
    ("host name", r"[a-z0-9.-]+\.(amazonaws\.com|internal)"),
    ("device", r"/dev/\w+"),
]
ID = re.compile(r"([a-z]+(?:-[a-z]+)*)-(?:[0-9a-f]{8}|[0-9a-f]{17})")


# Accounts, which some took out of what they recorded, and what people write.
ACCOUNT = re.compile(r"(owner|user|requester)Id$", re.I)
FREE = re.compile(r"(tagSet\[\]\.(key|value)|groupName|groupDescription|description|name)$")


def form(path, text):
    if FREE.search(path):
        return "text"
    if ACCOUNT.search(path) and text.isdigit():
        return "account"
    if match := ID.fullmatch(text):
        return f"{match[1]}-… id"
    return next((name for name, pattern in FORMS if re.fullmatch(pattern, text)), "text")


# Our answers: for each path the texts that were there, over all answers to the action; what is refused, as code and message with
# the action's name or None; and the headers of one answer.
Ours = collections.namedtuple("Ours", "values refused headers")


@pytest.fixture(scope="module")
def ours():
    ours = Ours(collections.defaultdict(set), set(), {})

    def keep(http_response, model, **_):
        ours.headers.update({name.lower(): value for name, value in http_response.headers.items()})
        root = ET.fromstring(http_response.content)
        if http_response.status_code == 200:
            one = collections.defaultdict(list)
            recorded.of_xml(root, model.name, one)
            for path, texts in one.items():
                ours.values[path].update(texts)
        else:
            code, message = root.findtext("Errors/Error/Code"), root.findtext("Errors/Error/Message")
            ours.refused.update((action, code, without_names(message)) for action in [model.name, None])

    server = ec2_model.Server(cloud.PROGRAM)
    try:
        ec2 = server.client("ec2")
        ec2.meta.events.register("after-call.ec2.*", keep)
        ec2_model.life(server, ec2)
        more(ec2)
        refusals(ec2)
    finally:
        server.stop()
    return ours


def more(ec2):
    """What AWS's recorded answers tell about and the life of ec2_model.py has not."""
    ec2.create_key_pair(KeyName="rsa")
    ec2.describe_images()
    ec2.modify_image_attribute(ImageId=ec2_model.WINDOWS, LaunchPermission={"Add": [{"UserId": "210987654321"}]})
    ec2.describe_image_attribute(ImageId=ec2_model.WINDOWS, Attribute="launchPermission")

    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    servers = [{"Key": "domain-name-servers", "Values": ["10.2.5.1", "10.2.5.2"]}]
    options = ec2.create_dhcp_options(DhcpConfigurations=servers)["DhcpOptions"]["DhcpOptionsId"]
    ec2.describe_dhcp_options()
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    group = ec2.create_security_group(GroupName="all", Description="every kind of rule")["GroupId"]
    sources = {"IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "private"}], "UserIdGroupPairs": [{"GroupId": group}],
               "Ipv6Ranges": [{"CidrIpv6": "::/0", "Description": "all"}]}
    ec2.authorize_security_group_ingress(
        GroupId=group, IpPermissions=[{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, **sources}])
    ec2.create_tags(Resources=[vpc, subnet, options, table, group], Tags=[{"Key": "Name", "Value": "tagged"}])
    for describe in [ec2.describe_vpcs, ec2.describe_subnets, ec2.describe_dhcp_options, ec2.describe_route_tables]:
        describe()
    ec2.describe_security_groups()
    ec2.describe_tags()

    card = {"DeviceIndex": 0, "AssociatePublicIpAddress": True, "Ipv6Addresses": [{"Ipv6Address": "2001:db8::1"}], "SubnetId": subnet}
    data = {"ImageId": ec2_model.WINDOWS, "NetworkInterfaces": [card]}
    template = ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData=data)["LaunchTemplate"]["LaunchTemplateId"]
    ec2.create_launch_template_version(LaunchTemplateId=template, VersionDescription="second", LaunchTemplateData=data)
    ec2.describe_launch_template_versions(LaunchTemplateId=template)

    run = {"InstanceType": "t3.micro", "KeyName": "rsa", "SubnetId": subnet, "SecurityGroupIds": [group]}
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "tagged"}]}]
    launched = ec2.run_instances(ImageId=ec2_model.WINDOWS, MinCount=6, MaxCount=6, TagSpecifications=tags, **run)["Instances"]
    ids = [i["InstanceId"] for i in launched]
    waiter = ec2.get_waiter("instance_running")
    waiter.config.delay = 0.1
    waiter.wait(InstanceIds=ids)
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    ec2.associate_address(AllocationId=address, InstanceId=ids[0])
    ec2.describe_addresses()
    ec2.describe_instances()
    ec2.describe_network_interfaces()
    ec2.describe_instance_status(MaxResults=5)
    ec2.terminate_instances(InstanceIds=ids)
    ec2.describe_instances()


def refusals(ec2):
    """What AWS was recorded to refuse, asked of us."""
    group, none, address = ec2.describe_security_groups(GroupNames=["all"])["SecurityGroups"][0], "sg-22992c53", "eipalloc-2da7a824"
    launch = {"ImageId": ec2_model.WINDOWS, "MinCount": 1, "MaxCount": 1}
    one = ec2.run_instances(**launch, InstanceType="t3.micro", ClientToken="one", DisableApiTermination=True, DisableApiStop=True)
    instance = one["Instances"][0]["InstanceId"]
    waiter = ec2.get_waiter("instance_running")
    waiter.config.delay = 0.1
    waiter.wait(InstanceIds=[instance])
    rule = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": "10.0.0.0/8"}
    for refused, arguments in [
        (ec2.run_instances, {**launch, "ClientToken": "one", "InstanceType": "t3.large"}),
        (ec2.stop_instances, {"InstanceIds": [instance]}),
        (ec2.terminate_instances, {"InstanceIds": [instance]}),
        (ec2.describe_key_pairs, {"KeyNames": ["nobody"]}),
        (ec2.create_key_pair, {"KeyName": "rsa"}),
        (ec2.describe_regions, {"DryRun": True}),
        (ec2.describe_instances, {"InstanceIds": ["foobar"]}),
        (ec2.describe_instances, {"InstanceIds": ["i-4cbc822a"]}),
        (ec2.create_security_group, {"GroupName": "all", "Description": "again"}),
        (ec2.create_security_group, {"GroupName": "default", "Description": "reserved"}),
        (ec2.describe_security_groups, {"GroupIds": [none]}),
        (ec2.delete_security_group, {"GroupId": none}),
        (ec2.authorize_security_group_ingress, {"GroupId": group["GroupId"], **rule}),
        (ec2.describe_addresses, {"AllocationIds": [address]}),
        (ec2.describe_snapshots, {"SnapshotIds": ["snap-0d16416527e67c663"]}),
        (ec2.create_tags, {"Resources": [], "Tags": [{"Key": "a", "Value": "b"}]}),
    ]:
        with pytest.raises(botocore.exceptions.ClientError):
            refused(**arguments)


def without_names(message):
    """A message without what it quotes and the ids that it names, and without the stop at its end."""
    return re.sub(r"'[^']*'|\"[^\"]*\"|\b[a-z]+-[0-9a-f]{8,17}\b", "…", message).rstrip(".")


def actions():
    """Those that we serve."""
    return set(re.findall(r"^\| \[(\w+)\]", (cloud.ROOT / "docs/coverage.md").read_text(), re.M)) & set(recorded.model().operation_names)


def compare(answers, ours):
    """Findings, one for a kind and path; and how much was compared."""
    found, compared, unknown = {}, collections.Counter(), set()
    words = collections.defaultdict(set)
    for answer in answers:
        compared[answer.action] += 1
        for path, texts in answer.values.items():
            shape = recorded.shape_at(path)
            if shape is None and path.partition(".")[2] not in ("", "requestId", "return"):
                unknown.add(path)
                continue
            if path not in ours:
                found.setdefault(("missing", path), Finding("missing", path, texts[0], answer.source))
                continue
            if getattr(shape, "enum", None):
                words[path].update(texts, shape.enum)
            have = {form(path, text) for text in ours[path]}
            for text in texts:
                if text and (kind := form(path, text)) not in have | {"text"}:
                    detail = f"{text} is a {kind}; ours: {', '.join(sorted(ours[path])[:3])}"
                    found.setdefault(("format", path), Finding("format", path, detail, answer.source))
    for path, known in words.items():
        if strange := ours[path] - known - {""}:
            found["vocabulary", path] = Finding("vocabulary", path, ", ".join(sorted(strange)), "")
    # Of what is missing with all that is beneath, only the top.
    missing = {path for kind, path in found if kind == "missing"}
    tops = {key: f for key, f in found.items() if key[0] != "missing" or above(key[1]) not in missing}
    return tops.values(), compared, unknown


def above(path):
    return re.sub(r"(\[\]|\.\w+)$", "", path)


def exceptions():
    """Kind and path to the reason."""
    lines = (HERE / "recorded-exceptions.tsv").read_text().splitlines()
    table = [line.split("\t") for line in lines if line and not line.startswith("#")]
    assert all(len(columns) == 3 and columns[2] for columns in table), "kind, path, reason; with tabs between"
    return {(kind, path): reason for kind, path, reason in table}


def judge(found, capsys, said, exceptions_are_needed):
    """Print and assert. With fewer answers, exceptions may have nothing to cover: then they need not."""
    excepted = exceptions()
    used = {(f.kind, f.path) for f in found} & excepted.keys()
    with capsys.disabled():
        print(f"\n  {said}; {len(used)} exceptions used")
    lines = [f"{f.kind}\t{f.path}\t{f.detail!r} ({f.source})" for f in sorted(found) if (f.kind, f.path) not in excepted]
    if exceptions_are_needed:
        lines += [f"no longer needed\t{kind} {path}" for kind, path in sorted(excepted.keys() - used)]
    assert not lines, "\n" + "\n".join(lines)


def compare_answers(answers, ours):
    served = actions()
    answers = [a for a in answers if a.action in served]
    found, compared, unknown = compare(answers, ours.values)
    assert answers
    return list(found), (f"{len(answers)} answers of AWS to {len(compared)} of our {len(served)} actions compared, "
                         f"but for {len(unknown)} elements that the public model does not know")


def compare_refusals(refusals, ours):
    served, found = actions(), []
    refusals = [r for r in refusals if r.action in served | {None}]
    for refusal in refusals:
        if (refusal.action, refusal.code, without_names(refusal.message)) not in ours.refused:
            same = [m for a, c, m in ours.refused if (a, c) == (refusal.action, refusal.code)]
            detail = f"{refusal.message}; ours: {', '.join(same)}"
            found.append(Finding("refusal", f"{refusal.action or 'any action'} {refusal.code}", detail, refusal.source))
    return found, f"{len(refusals)} refusals"


def test_examples_of_the_public_model(ours, capsys):
    found, said = compare_answers(recorded.of_botocore(), ours)
    judge(found, capsys, said, exceptions_are_needed=False)


needs_recordings = pytest.mark.skipif(
    not recorded.FOLDER.is_dir(),
    reason=f"no recorded answers of AWS in {recorded.FOLDER} (or where RECORDED says): only botocore's examples were compared",
)


@needs_recordings
def test_recorded_answers_and_refusals(ours, capsys):
    kept = list(recorded.of_folder())
    answers = [*recorded.of_botocore(), *(a for a in kept if isinstance(a, recorded.Answer))]
    found, said = compare_answers(answers, ours)
    refused, refusals_said = compare_refusals([r for r in kept if isinstance(r, recorded.Refusal)], ours)
    judge(found + refused, capsys, f"{said}, and {refusals_said}", exceptions_are_needed=True)


@needs_recordings
def test_headers(ours):
    sent = list(recorded.headers())
    for name in set.intersection(*(set(headers) for headers in sent)):
        assert name in ours.headers, name
    for name in ["content-type", "server"]:
        assert {ours.headers[name]} == {headers[name] for headers in sent}
