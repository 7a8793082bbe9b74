"""boto3's own machinery on EC2: every paginator and every waiter of what there is, the resource interface. ec2_core.py has the
operations."""

import base64

import boto3
import botocore.session
import pytest
from botocore import xform_name
from botocore.exceptions import ClientError, WaiterError

import cloud
from cloud import until

SOON = {"Delay": 1, "MaxAttempts": 30}
SEVERAL = 7
"""More than the smallest page that actions take, which is five."""


@pytest.fixture(scope="module")
def made(ec2, tiny_ami):
    """Several of everything, in a VPC of its own."""
    vpcs = [ec2.create_vpc(CidrBlock=f"10.{n}.0.0/16")["Vpc"]["VpcId"] for n in range(60, 60 + SEVERAL)]
    vpc = vpcs[0]
    subnets = [ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.60.{n}.0/24")["Subnet"]["SubnetId"] for n in range(SEVERAL)]
    groups = [ec2.create_security_group(VpcId=vpc, GroupName=f"g{n}", Description="g")["GroupId"] for n in range(SEVERAL)]
    cards = [ec2.create_network_interface(SubnetId=s)["NetworkInterface"]["NetworkInterfaceId"] for s in subnets]
    tables = [ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"] for _ in subnets]
    walls = [ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"] for _ in subnets]
    gates = [ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"] for _ in subnets]
    options = [{"Key": "domain-name", "Values": ["example.com"]}]
    dhcp = [ec2.create_dhcp_options(DhcpConfigurations=options)["DhcpOptions"]["DhcpOptionsId"] for _ in subnets]
    data = {"LaunchTemplateData": {"ImageId": tiny_ami}}
    plans = [ec2.create_launch_template(LaunchTemplateName=f"plan{n}", **data)["LaunchTemplate"]["LaunchTemplateId"] for n in range(SEVERAL)]
    for _ in range(SEVERAL):
        ec2.create_launch_template_version(LaunchTemplateId=plans[0], **data)
    launched = ec2.run_instances(ImageId=tiny_ami, InstanceType="t3.micro", MinCount=SEVERAL, MaxCount=SEVERAL)
    instances = [i["InstanceId"] for i in launched["Instances"]]
    ec2.create_tags(Resources=instances, Tags=[{"Key": "several", "Value": "1"}])
    yield {"LaunchTemplateId": plans[0], "vpcs": vpcs, "subnets": subnets, "groups": groups, "instances": instances}
    ec2.terminate_instances(InstanceIds=instances)
    for call, name, ids in [
        (ec2.delete_launch_template, "LaunchTemplateId", plans), (ec2.delete_dhcp_options, "DhcpOptionsId", dhcp),
        (ec2.delete_internet_gateway, "InternetGatewayId", gates), (ec2.delete_network_acl, "NetworkAclId", walls),
        (ec2.delete_route_table, "RouteTableId", tables), (ec2.delete_network_interface, "NetworkInterfaceId", cards),
        (ec2.delete_security_group, "GroupId", groups), (ec2.delete_subnet, "SubnetId", subnets), (ec2.delete_vpc, "VpcId", vpcs),
    ]:  # fmt: skip
        for one in ids:
            call(**{name: one})


PAGINATORS = {
    name: config for name, config in botocore.session.get_session().get_paginator_model("ec2")._paginator_config.items()
    if config["output_token"] == "NextToken" and isinstance(config["result_key"], str)
}  # fmt: skip
SEVERAL_OF = {
    "DescribeDhcpOptions", "DescribeInstanceStatus", "DescribeInstanceTypes", "DescribeInternetGateways", "DescribeLaunchTemplateVersions", "DescribeLaunchTemplates",
    "DescribeNetworkAcls", "DescribeNetworkInterfaces", "DescribeRouteTables", "DescribeSecurityGroupRules",
    "DescribeSecurityGroups", "DescribeSubnets", "DescribeTags", "DescribeVpcs",
}  # fmt: skip
"""Of those the fixture makes several."""


def test_every_paginator(ec2, made):
    there = {"DescribeLaunchTemplateVersions": {"LaunchTemplateId": made["LaunchTemplateId"]}}
    walked = set()
    for name, config in sorted(PAGINATORS.items()):
        result, operation, arguments = config["result_key"], xform_name(name), there.get(name, {})
        shape = ec2.meta.service_model.operation_model(name).input_shape
        if set(shape.required_members) - set(arguments):
            continue
        try:
            whole = getattr(ec2, operation)(**arguments)
        except ClientError as error:
            # What is not there yet.
            assert error.response["Error"]["Code"] in {"InvalidAction", "UnsupportedOperation"}, (name, error)
            continue
        limit = shape.members.get(config.get("limit_key"))
        size = max(5, limit.metadata.get("min", 0)) if limit else None
        pages = list(ec2.get_paginator(operation).paginate(**arguments, PaginationConfig={"PageSize": size} if limit else {}))
        # Prices change while they are read.
        if name not in {"DescribeInstances", "DescribeSpotPriceHistory"}:
            assert [one for page in pages for one in page[result]] == whole[result], name
        walked.add(name)
        if name in SEVERAL_OF:
            assert len(pages) > 1 and all(len(page[result]) <= size for page in pages), name
    assert walked >= SEVERAL_OF
    # Pages are counted in instances, and these are all of one reservation.
    several = [{"Name": "tag:several", "Values": ["1"]}]
    pages = list(ec2.get_paginator("describe_instances").paginate(Filters=several, PaginationConfig={"PageSize": 5}))
    counts = [sum(len(r["Instances"]) for r in page["Reservations"]) for page in pages]
    assert counts == [5, SEVERAL - 5]


def test_waiters(ec2, made, tiny_ami):
    def waits(name, **arguments):
        ec2.get_waiter(name).wait(**arguments, WaiterConfig=SOON)

    instances = made["instances"]
    waits("image_exists", ImageIds=[tiny_ami])
    waits("image_available", ImageIds=[tiny_ami])
    for name in "instance_exists", "instance_running", "instance_status_ok", "system_status_ok":
        waits(name, InstanceIds=instances)
    waits("vpc_exists", VpcIds=made["vpcs"])
    waits("vpc_available", VpcIds=made["vpcs"])
    waits("subnet_available", SubnetIds=made["subnets"])
    waits("security_group_exists", GroupIds=made["groups"])
    gate = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    waits("internet_gateway_exists", InternetGatewayIds=[gate])
    ec2.delete_internet_gateway(InternetGatewayId=gate)
    card = ec2.create_network_interface(SubnetId=made["subnets"][0])["NetworkInterface"]["NetworkInterfaceId"]
    waits("network_interface_available", NetworkInterfaceIds=[card])
    ec2.delete_network_interface(NetworkInterfaceId=card)
    ec2.create_key_pair(KeyName="waiter")
    waits("key_pair_exists", KeyNames=["waiter"])
    ec2.delete_key_pair(KeyName="waiter")
    ec2.stop_instances(InstanceIds=instances[:1])
    waits("instance_stopped", InstanceIds=instances[:1])
    ec2.terminate_instances(InstanceIds=instances[:1])
    waits("instance_terminated", InstanceIds=instances[:1])
    with pytest.raises(WaiterError, match="Max attempts exceeded"):
        ec2.get_waiter("instance_exists").wait(InstanceIds=["i-0123456789abcdef0"], WaiterConfig={"Delay": 1, "MaxAttempts": 1})
    with pytest.raises(WaiterError, match="terminal failure"):
        ec2.get_waiter("instance_running").wait(InstanceIds=instances[:1], WaiterConfig=SOON)


def test_resources(server, tiny_ami):
    ec2 = boto3.resource(
        "ec2", region_name=cloud.REGION, endpoint_url=server.url, aws_access_key_id=cloud.MAIN.key,
        aws_secret_access_key=cloud.MAIN.secret,
    )  # fmt: skip
    vpc = ec2.create_vpc(CidrBlock="10.80.0.0/16")
    vpc.wait_until_available()
    vpc.create_tags(Tags=[{"Key": "Name", "Value": "resource"}])
    vpc.modify_attribute(EnableDnsHostnames={"Value": True})
    assert vpc.describe_attribute(Attribute="enableDnsHostnames")["EnableDnsHostnames"]["Value"]
    subnet = vpc.create_subnet(CidrBlock="10.80.1.0/24")
    gateway = ec2.create_internet_gateway()
    vpc.attach_internet_gateway(InternetGatewayId=gateway.id)
    table = vpc.create_route_table()
    route = table.create_route(DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway.id)
    association = table.associate_with_subnet(SubnetId=subnet.id)
    group = vpc.create_security_group(GroupName="resource", Description="for a test")
    group.authorize_ingress(IpProtocol="tcp", FromPort=22, ToPort=22, CidrIp="0.0.0.0/0")
    group.reload()
    assert group.ip_permissions[0]["FromPort"] == 22 and {g.id for g in vpc.security_groups.all()} > {group.id}
    pair = ec2.create_key_pair(KeyName="resource")
    assert pair.key_material.startswith("-----BEGIN")

    (instance,) = subnet.create_instances(
        ImageId=tiny_ami, InstanceType="t3.micro", MinCount=1, MaxCount=1, KeyName="resource", SecurityGroupIds=[group.id],
        UserData="#!/bin/sh\n",
        TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "one"}]}],
    )  # fmt: skip
    instance.wait_until_running()
    instance.reload()
    assert instance.state == {"Code": 16, "Name": "running"} and instance.vpc.id == vpc.id and instance.subnet == subnet
    assert instance.image.id == tiny_ami and instance.key_pair.name == "resource"
    assert [i.id for i in vpc.instances.filter(Filters=[{"Name": "tag:Name", "Values": ["one"]}])] == [instance.id]
    assert [n.private_ip_address for n in instance.network_interfaces] == [instance.private_ip_address]
    data = instance.describe_attribute(Attribute="userData")["UserData"]["Value"]
    assert base64.b64decode(data) == b"#!/bin/sh\n"
    address = ec2.VpcAddress(ec2.meta.client.allocate_address(Domain="vpc")["AllocationId"])
    address.associate(InstanceId=instance.id)
    assert [a.public_ip for a in instance.vpc_addresses.all()] == [address.public_ip]
    address.reload()
    address.association.delete()
    address.release()
    instance.stop()
    until("it has stopped", lambda: (instance.reload(), instance.state["Name"])[1] == "stopped")
    instance.start()
    cloud.await_state(instance.meta.client, instance.id, "running")
    instance.reboot()
    assert instance.console_output()["InstanceId"] == instance.id
    card = subnet.create_network_interface(Groups=[group.id])
    until("the card is there", lambda: (card.reload(), card.status)[1] == "available")
    assert card.vpc == vpc
    card.delete()
    instance.terminate()
    until("it has ended", lambda: (instance.reload(), instance.state["Name"])[1] == "terminated")

    association.delete()
    route.delete()
    table.delete()
    vpc.detach_internet_gateway(InternetGatewayId=gateway.id)
    for thing in gateway, group, subnet, vpc, pair:
        thing.delete()
    assert vpc.id not in {v.id for v in ec2.vpcs.all()}
