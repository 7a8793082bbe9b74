"""aws-cli on EC2 beyond a launch (test_whole_way.py has that): networks, shorthand and files as arguments, waiters, what a user is told."""

import json

import pytest
from clients import run
from test_client_aws_cli import tools


@pytest.fixture(params=tools())
def aws(request, server):
    def call(*arguments, secret=None, fails=False, output="json"):
        env = server.environment() | ({"AWS_SECRET_ACCESS_KEY": secret} if secret else {})
        said = run(request.param, "--endpoint-url", server.url, "--output", output, "ec2", *arguments, env=env, fails=fails)
        return json.loads(said) if output == "json" and not fails and said.strip() else said

    return call


@pytest.mark.long
def test_networks_and_instances(aws, tiny_ami, tmp_path):
    vpc = aws("create-vpc", "--cidr-block", "10.95.0.0/16", "--tag-specifications",
              "ResourceType=vpc,Tags=[{Key=Name,Value=cli},{Key=stage,Value=test}]")["Vpc"]["VpcId"]  # fmt: skip
    aws("wait", "vpc-available", "--vpc-ids", vpc)
    aws("modify-vpc-attribute", "--vpc-id", vpc, "--enable-dns-hostnames")
    assert aws("describe-vpc-attribute", "--vpc-id", vpc, "--attribute", "enableDnsHostnames")["EnableDnsHostnames"]["Value"]
    subnet = aws("create-subnet", "--vpc-id", vpc, "--cidr-block", "10.95.1.0/24", "--query", "Subnet.SubnetId", output="text").strip()
    aws("modify-subnet-attribute", "--subnet-id", subnet, "--map-public-ip-on-launch")
    gate = aws("create-internet-gateway")["InternetGateway"]["InternetGatewayId"]
    aws("attach-internet-gateway", "--internet-gateway-id", gate, "--vpc-id", vpc)
    table = aws("describe-route-tables", "--filters", f"Name=vpc-id,Values={vpc}")["RouteTables"][0]["RouteTableId"]
    assert aws("create-route", "--route-table-id", table, "--destination-cidr-block", "0.0.0.0/0", "--gateway-id", gate)["Return"]
    group = aws("create-security-group", "--group-name", "cli", "--description", "for a test", "--vpc-id", vpc)["GroupId"]
    aws("authorize-security-group-ingress", "--group-id", group, "--protocol", "tcp", "--port", "22", "--cidr", "10.0.0.0/8")
    rules = "IpProtocol=tcp,FromPort=80,ToPort=90,IpRanges=[{CidrIp=0.0.0.0/0,Description=all},{CidrIp=192.0.2.0/24}]"
    assert len(aws("authorize-security-group-ingress", "--group-id", group, "--ip-permissions", rules)["SecurityGroupRules"]) == 2
    aws("revoke-security-group-ingress", "--group-id", group, "--protocol", "tcp", "--port", "22", "--cidr", "10.0.0.0/8")
    ports = aws("describe-security-groups", "--group-ids", group, "--query", "SecurityGroups[].IpPermissions[].FromPort")
    assert ports == [80]

    key = aws("create-key-pair", "--key-name", "cli", "--query", "KeyMaterial", output="text")
    assert key.startswith("-----BEGIN RSA PRIVATE KEY-----")
    (tmp_path / "data").write_text("#!/bin/sh\necho ünï\n")
    launch = {"ImageId": tiny_ami, "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1, "KeyName": "cli"}
    (tmp_path / "launch.json").write_text(json.dumps(launch))
    (instance,) = aws(
        "run-instances", "--cli-input-json", f"file://{tmp_path}/launch.json", "--user-data", f"file://{tmp_path}/data",
        "--subnet-id", subnet, "--security-group-ids", group, "--private-ip-address", "10.95.1.20", "--monitoring", "Enabled=true",
        "--placement", "Tenancy=default", "--instance-initiated-shutdown-behavior", "stop", "--enable-api-termination",
        "--query", "Instances[].InstanceId",
    )  # fmt: skip
    aws("wait", "instance-running", "--instance-ids", instance)
    aws("wait", "instance-status-ok", "--instance-ids", instance)
    (seen,) = aws("describe-instances", "--instance-ids", instance)["Reservations"][0]["Instances"]
    assert seen["PrivateIpAddress"] == "10.95.1.20" and seen["PublicIpAddress"] and seen["SecurityGroups"][0]["GroupId"] == group
    text = aws("describe-instances", "--filters", f"Name=vpc-id,Values={vpc}", "Name=instance-state-name,Values=pending,running",
               "--query", "Reservations[].Instances[].[InstanceId,State.Name,PrivateIpAddress]", output="text")  # fmt: skip
    assert text.split() == [instance, "running", "10.95.1.20"]
    assert instance in aws("describe-instances", "--instance-ids", instance, output="table")
    address = aws("allocate-address", "--domain", "vpc")["AllocationId"]
    aws("associate-address", "--allocation-id", address, "--instance-id", instance)
    assert aws("describe-addresses", "--allocation-ids", address)["Addresses"][0]["InstanceId"] == instance
    aws("create-tags", "--resources", instance, subnet, "--tags", "Key=Name,Value=a b", 'Key="empty",Value=')
    tags = aws("describe-tags", "--filters", f"Name=resource-id,Values={instance}", "--query", "Tags[].[Key,Value]")
    assert tags == [["Name", "a b"], ["empty", ""]]
    aws("stop-instances", "--instance-ids", instance)
    aws("wait", "instance-stopped", "--instance-ids", instance)
    aws("modify-instance-attribute", "--instance-id", instance, "--instance-type", "Value=t3.small")
    aws("start-instances", "--instance-ids", instance)
    aws("reboot-instances", "--instance-ids", instance)
    aws("get-console-output", "--instance-id", instance)
    aws("terminate-instances", "--instance-ids", instance)
    aws("wait", "instance-terminated", "--instance-ids", instance)

    aws("release-address", "--allocation-id", address)
    aws("delete-key-pair", "--key-name", "cli")
    aws("delete-security-group", "--group-id", group)
    aws("detach-internet-gateway", "--internet-gateway-id", gate, "--vpc-id", vpc)
    aws("delete-internet-gateway", "--internet-gateway-id", gate)
    aws("delete-subnet", "--subnet-id", subnet)
    aws("delete-vpc", "--vpc-id", vpc)


def test_pages(aws):
    some = aws("describe-instance-types", "--max-items", "3", "--page-size", "5")
    rest = aws("describe-instance-types", "--starting-token", some["NextToken"])
    names = [t["InstanceType"] for page in (some, rest) for t in page["InstanceTypes"]]
    whole = [t["InstanceType"] for t in aws("describe-instance-types")["InstanceTypes"]]
    assert names == whole and len(some["InstanceTypes"]) == 3
    assert aws("describe-availability-zones", "--query", "AvailabilityZones[].ZoneName", output="text").split()[0] == "us-east-1a"


def test_what_a_user_is_told(aws, tiny_ami):
    said = aws("describe-instances", "--instance-ids", "i-0123456789abcdef0", fails=True)
    assert "An error occurred (InvalidInstanceID.NotFound) when calling the DescribeInstances operation" in said
    assert "(DryRunOperation)" in aws("run-instances", "--image-id", tiny_ami, "--dry-run", fails=True)
    assert "(AuthFailure)" in aws("describe-vpcs", secret="wrong", fails=True)
    assert "(InvalidVpcID.NotFound)" in aws("delete-vpc", "--vpc-id", "vpc-0123456789abcdef0", fails=True)
