"""Terraform's calls, as in ec2_terraform.py, for what a VPC is made of beyond subnets, groups, tables and internet gateways."""

import uuid

import pytest

import cloud
from terraform import code, tagged


@pytest.fixture(scope="module")
def other(server):
    return server.client("ec2", account=cloud.OTHER)


@pytest.fixture
def vpcs():
    """Make VPCs of clients, and delete them in the end."""
    made = []

    def make(ec2, cidr):
        id = ec2.create_vpc(CidrBlock=cidr, InstanceTenancy="default", AmazonProvidedIpv6CidrBlock=False)["Vpc"]["VpcId"]
        made.append((ec2, id))
        return id

    yield make
    for ec2, id in made:
        ec2.delete_vpc(VpcId=id)


def main_table(ec2, vpc):
    filters = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "association.main", "Values": ["true"]}]
    return ec2.describe_route_tables(Filters=filters)["RouteTables"][0]


def test_aws_vpc_peering_connection(ec2, other, vpcs):
    """With aws_vpc_peering_connection_accepter and aws_vpc_peering_connection_options in the other account."""
    mine, theirs = vpcs(ec2, "10.11.0.0/16"), vpcs(other, "10.12.0.0/16")
    made = ec2.create_vpc_peering_connection(PeerVpcId=theirs, PeerOwnerId=cloud.OTHER.id, PeerRegion="us-east-1", VpcId=mine,
                                             TagSpecifications=tagged("vpc-peering-connection", "tf"))["VpcPeeringConnection"]
    id = made["VpcPeeringConnectionId"]
    read = lambda client=ec2: client.describe_vpc_peering_connections(VpcPeeringConnectionIds=[id])["VpcPeeringConnections"][0]
    seen = read()
    assert seen["Status"]["Code"] == "pending-acceptance" and seen["Tags"] == [{"Key": "Name", "Value": "tf"}]
    assert (seen["AccepterVpcInfo"]["OwnerId"], seen["AccepterVpcInfo"]["VpcId"], seen["AccepterVpcInfo"]["Region"]) == (
        cloud.OTHER.id, theirs, "us-east-1")
    assert seen["RequesterVpcInfo"]["VpcId"] == mine and read() == seen, "a refresh shows no difference"
    other.accept_vpc_peering_connection(VpcPeeringConnectionId=id)
    assert read(other)["Status"]["Code"] == read()["Status"]["Code"] == "active"
    assert read()["AccepterVpcInfo"]["CidrBlock"] == "10.12.0.0/16" and "ExpirationTime" not in read()
    other.modify_vpc_peering_connection_options(VpcPeeringConnectionId=id,
                                                AccepterPeeringConnectionOptions={"AllowDnsResolutionFromRemoteVpc": True})
    assert read()["AccepterVpcInfo"]["PeeringOptions"]["AllowDnsResolutionFromRemoteVpc"] is True
    assert read()["RequesterVpcInfo"]["PeeringOptions"]["AllowDnsResolutionFromRemoteVpc"] is False

    route = {"RouteTableId": main_table(ec2, mine)["RouteTableId"], "DestinationCidrBlock": "10.12.0.0/16"}
    ec2.create_route(**route, VpcPeeringConnectionId=id)
    [found] = [r for r in main_table(ec2, mine)["Routes"] if r["DestinationCidrBlock"] == "10.12.0.0/16"]
    assert (found["VpcPeeringConnectionId"], found["State"], found["Origin"]) == (id, "active", "CreateRoute")
    assert code(other.delete_vpc, VpcId=theirs) == "DependencyViolation"
    ec2.delete_route(**route)
    ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=id)
    assert read()["Status"]["Code"] == read(other)["Status"]["Code"] == "deleted"
    assert code(ec2.describe_vpc_peering_connections, VpcPeeringConnectionIds=["pcx-12345678"]) == "InvalidVpcPeeringConnectionID.NotFound"


def test_aws_nat_gateway(ec2, server, vpcs):
    vpc = vpcs(ec2, "10.13.0.0/16")
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.13.1.0/24")["Subnet"]["SubnetId"]
    gateway = {"InternetGatewayId": ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"], "VpcId": vpc}
    ec2.attach_internet_gateway(**gateway)
    address = ec2.allocate_address(Domain="vpc")
    made = ec2.create_nat_gateway(ClientToken=str(uuid.uuid4()), AllocationId=address["AllocationId"], ConnectivityType="public",
                                  SubnetId=subnet, TagSpecifications=tagged("natgateway", "tf"))["NatGateway"]
    id = made["NatGatewayId"]
    assert made["State"] == "pending"
    read = lambda: ec2.describe_nat_gateways(NatGatewayIds=[id])["NatGateways"][0]
    seen = read()
    assert (seen["State"], seen["ConnectivityType"], seen["SubnetId"], seen["VpcId"]) == ("available", "public", subnet, vpc)
    [one] = seen["NatGatewayAddresses"]
    assert (one["AllocationId"], one["PublicIp"], one["IsPrimary"]) == (address["AllocationId"], address["PublicIp"], True)
    assert one["AssociationId"] and one["NetworkInterfaceId"] and one["PrivateIp"].startswith("10.13.1.") and one["Status"] == "succeeded"
    assert seen["Tags"] == [{"Key": "Name", "Value": "tf"}] and read() == seen, "a refresh shows no difference"
    interface = ec2.describe_network_interfaces(NetworkInterfaceIds=[one["NetworkInterfaceId"]])["NetworkInterfaces"][0]
    assert (interface["InterfaceType"], interface["Status"], interface["SourceDestCheck"]) == ("nat_gateway", "in-use", False)
    assert interface["Attachment"]["InstanceOwnerId"] == "amazon-aws" and interface["RequesterManaged"]
    lead = ec2.describe_addresses(AllocationIds=[address["AllocationId"]])["Addresses"][0]
    assert (lead["NetworkInterfaceId"], lead["PrivateIpAddress"]) == (one["NetworkInterfaceId"], one["PrivateIp"])

    table = main_table(ec2, vpc)["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=id)
    out = lambda: next(r for r in main_table(ec2, vpc)["Routes"] if r["DestinationCidrBlock"] == "0.0.0.0/0")
    assert (out()["NatGatewayId"], out()["State"]) == (id, "active")
    assert code(ec2.delete_subnet, SubnetId=subnet) == code(ec2.detach_internet_gateway, **gateway) == "DependencyViolation"
    shown = ["--query", "NatGateways[0].State", "--output", "text"]
    assert server.aws("ec2", "describe-nat-gateways", "--nat-gateway-ids", id, *shown) == "available"
    ec2.delete_nat_gateway(NatGatewayId=id)
    assert read()["State"] == "deleted" and out()["State"] == "blackhole"
    assert code(ec2.describe_nat_gateways, NatGatewayIds=["nat-12345678"]) == "NatGatewayNotFound"
    ec2.release_address(AllocationId=address["AllocationId"])
    ec2.detach_internet_gateway(**gateway)
    ec2.delete_internet_gateway(InternetGatewayId=gateway["InternetGatewayId"])
    ec2.delete_subnet(SubnetId=subnet)


def test_aws_egress_only_internet_gateway(ec2, vpcs):
    vpc = vpcs(ec2, "10.14.0.0/16")
    made = ec2.create_egress_only_internet_gateway(ClientToken=str(uuid.uuid4()), VpcId=vpc,
                                                   TagSpecifications=tagged("egress-only-internet-gateway", "tf"))
    id = made["EgressOnlyInternetGateway"]["EgressOnlyInternetGatewayId"]
    read = lambda: ec2.describe_egress_only_internet_gateways(EgressOnlyInternetGatewayIds=[id])["EgressOnlyInternetGateways"]
    assert read() == read() == [{"EgressOnlyInternetGatewayId": id, "Attachments": [{"State": "attached", "VpcId": vpc}],
                                 "Tags": [{"Key": "Name", "Value": "tf"}]}]
    assert code(ec2.delete_vpc, VpcId=vpc) == "DependencyViolation"
    ec2.delete_egress_only_internet_gateway(EgressOnlyInternetGatewayId=id)
    assert read() == []
    assert code(ec2.delete_egress_only_internet_gateway, EgressOnlyInternetGatewayId=id) == "InvalidGatewayID.NotFound"


def test_aws_vpc_ipv4_cidr_block_association(ec2, vpcs):
    """And an aws_subnet in it."""
    vpc = vpcs(ec2, "10.15.0.0/16")
    made = ec2.associate_vpc_cidr_block(VpcId=vpc, CidrBlock="100.66.0.0/16")["CidrBlockAssociation"]
    by = [{"Name": "cidr-block-association.association-id", "Values": [made["AssociationId"]]}]
    read = lambda: [a for v in ec2.describe_vpcs(Filters=by)["Vpcs"] for a in v["CidrBlockAssociationSet"]]
    assert [(a["CidrBlock"], a["CidrBlockState"]["State"]) for a in read()] == [
        ("10.15.0.0/16", "associated"), ("100.66.0.0/16", "associated")]
    assert [r["DestinationCidrBlock"] for r in main_table(ec2, vpc)["Routes"]] == ["10.15.0.0/16", "100.66.0.0/16"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="100.66.1.0/24")["Subnet"]["SubnetId"]
    assert code(ec2.disassociate_vpc_cidr_block, AssociationId=made["AssociationId"]) == "DependencyViolation"
    ec2.delete_subnet(SubnetId=subnet)
    ec2.disassociate_vpc_cidr_block(AssociationId=made["AssociationId"])
    assert read() == []
    assert code(ec2.disassociate_vpc_cidr_block, AssociationId=made["AssociationId"]) == "InvalidVpcCidrBlockAssociationID.NotFound"


def test_aws_ec2_managed_prefix_list(ec2, vpcs):
    """With aws_ec2_managed_prefix_list_entry, an aws_route and an aws_vpc_security_group_ingress_rule that name it."""
    vpc = vpcs(ec2, "10.16.0.0/16")
    made = ec2.create_managed_prefix_list(
        ClientToken=str(uuid.uuid4()), AddressFamily="IPv4", MaxEntries=2, PrefixListName="tf", TagSpecifications=tagged("prefix-list", "tf"),
        Entries=[{"Cidr": "10.9.0.0/16", "Description": "one"}])["PrefixList"]
    id = made["PrefixListId"]
    read = lambda: ec2.describe_managed_prefix_lists(PrefixListIds=[id])["PrefixLists"][0]
    entries = lambda: ec2.get_managed_prefix_list_entries(PrefixListId=id)["Entries"]
    seen = read()
    assert (seen["State"], seen["Version"], seen["MaxEntries"], seen["OwnerId"]) == ("create-complete", 1, 2, cloud.MAIN.id)
    assert seen["PrefixListArn"].endswith(f"prefix-list/{id}") and seen["Tags"] == [{"Key": "Name", "Value": "tf"}]
    assert entries() == [{"Cidr": "10.9.0.0/16", "Description": "one"}] and read() == seen, "a refresh shows no difference"
    ec2.modify_managed_prefix_list(PrefixListId=id, CurrentVersion=1, AddEntries=[{"Cidr": "10.8.0.0/16", "Description": ""}])
    assert (read()["State"], read()["Version"], [e["Cidr"] for e in entries()]) == ("modify-complete", 2, ["10.8.0.0/16", "10.9.0.0/16"])
    assert code(ec2.modify_managed_prefix_list, PrefixListId=id, CurrentVersion=1, RemoveEntries=[{"Cidr": "10.8.0.0/16"}]) == (
        "PrefixListVersionMismatch")

    peer = vpcs(ec2, "10.17.0.0/16")
    peering = ec2.create_vpc_peering_connection(VpcId=vpc, PeerVpcId=peer)["VpcPeeringConnection"]["VpcPeeringConnectionId"]
    ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)
    route = {"RouteTableId": main_table(ec2, vpc)["RouteTableId"], "DestinationPrefixListId": id}
    ec2.create_route(**route, VpcPeeringConnectionId=peering)
    assert any(r.get("DestinationPrefixListId") == id and r["State"] == "active" for r in main_table(ec2, vpc)["Routes"])
    group = ec2.create_security_group(GroupName="tf", Description="Managed by Terraform", VpcId=vpc)["GroupId"]
    rule = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[
        {"IpProtocol": "-1", "PrefixListIds": [{"PrefixListId": id}]}])["SecurityGroupRules"][0]
    found = ec2.describe_security_group_rules(SecurityGroupRuleIds=[rule["SecurityGroupRuleId"]])["SecurityGroupRules"][0]
    assert found["PrefixListId"] == id
    assert code(ec2.delete_managed_prefix_list, PrefixListId=id) == "DependencyViolation"
    ec2.delete_route(**route)
    ec2.delete_security_group(GroupId=group)
    ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=peering)
    ec2.delete_managed_prefix_list(PrefixListId=id)
    assert code(ec2.describe_managed_prefix_lists, PrefixListIds=[id]) == "InvalidPrefixListID.NotFound"


def test_aws_vpc_endpoint(ec2, vpcs):
    """A gateway with aws_vpc_endpoint_route_table_association, and an interface with its subnets and security groups."""
    vpc = vpcs(ec2, "10.18.0.0/16")
    for name in ["EnableDnsSupport", "EnableDnsHostnames"]:
        ec2.modify_vpc_attribute(VpcId=vpc, **{name: {"Value": True}})
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.18.1.0/24")["Subnet"]["SubnetId"]
    make = lambda **more: ec2.create_vpc_endpoint(ClientToken=str(uuid.uuid4()), VpcId=vpc, TagSpecifications=tagged("vpc-endpoint", "tf"),
                                                  **more)["VpcEndpoint"]["VpcEndpointId"]
    read = lambda id: ec2.describe_vpc_endpoints(VpcEndpointIds=[id])["VpcEndpoints"][0]

    gateway = make(ServiceName="com.amazonaws.us-east-1.s3", VpcEndpointType="Gateway", PrivateDnsEnabled=False)
    table = main_table(ec2, vpc)["RouteTableId"]
    ec2.modify_vpc_endpoint(VpcEndpointId=gateway, AddRouteTableIds=[table])
    seen = read(gateway)
    assert (seen["State"], seen["VpcEndpointType"], seen["RouteTableIds"]) == ("available", "Gateway", [table])
    assert '"Effect":"Allow"' in seen["PolicyDocument"] and seen["Tags"] == [{"Key": "Name", "Value": "tf"}]
    by_name = [{"Name": "prefix-list-name", "Values": [seen["ServiceName"]]}]
    [list] = ec2.describe_prefix_lists(Filters=by_name)["PrefixLists"]
    [route] = [r for r in main_table(ec2, vpc)["Routes"] if r.get("GatewayId") == gateway]
    assert (route["DestinationPrefixListId"], route["State"]) == (list["PrefixListId"], "active")
    assert read(gateway) == seen, "a refresh shows no difference"

    interface = make(ServiceName="com.amazonaws.us-east-1.ec2", VpcEndpointType="Interface", PrivateDnsEnabled=True, SubnetIds=[subnet],
                     IpAddressType="ipv4", DnsOptions={"DnsRecordIpType": "ipv4"})
    seen = read(interface)
    for field in ["DnsEntries", "DnsOptions", "Groups", "IpAddressType", "NetworkInterfaceIds", "OwnerId", "PrivateDnsEnabled", "SubnetIds"]:
        assert seen[field], field
    card = ec2.describe_network_interfaces(NetworkInterfaceIds=seen["NetworkInterfaceIds"])["NetworkInterfaces"][0]
    assert (card["InterfaceType"], card["Status"], card["SubnetId"]) == ("vpc_endpoint", "in-use", subnet)
    assert code(ec2.delete_vpc, VpcId=vpc) == code(ec2.delete_subnet, SubnetId=subnet) == "DependencyViolation"
    assert ec2.delete_vpc_endpoints(VpcEndpointIds=[gateway, interface])["Unsuccessful"] == []
    assert not [r for r in main_table(ec2, vpc)["Routes"] if r.get("GatewayId") == gateway]
    assert code(ec2.describe_vpc_endpoints, VpcEndpointIds=[gateway]) == "InvalidVpcEndpointId.NotFound"
    ec2.delete_subnet(SubnetId=subnet)
