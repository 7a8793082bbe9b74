"""Terraform's calls, as in ec2_terraform_vpc.py, for the changes in place of what links a VPC to others: endpoints, peerings, NAT gateways,
prefix lists, interfaces.
"""

import json

import pytest

import cloud
from terraform import code, filters, retagged, steady, tagged, token


@pytest.fixture
def vpc(ec2):
    id = ec2.create_vpc(CidrBlock="10.50.0.0/16")["Vpc"]["VpcId"]
    for name in ["EnableDnsSupport", "EnableDnsHostnames"]:
        ec2.modify_vpc_attribute(VpcId=id, **{name: {"Value": True}})
    yield id
    ec2.delete_vpc(VpcId=id)


@pytest.fixture
def subnets(ec2, vpc):
    ids = [ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.50.{n}.0/24", AvailabilityZone=zone)["Subnet"]["SubnetId"]
           for n, zone in [(1, "us-east-1a"), (2, "us-east-1b")]]
    yield ids
    for id in ids:
        ec2.delete_subnet(SubnetId=id)


def policy(*actions):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": list(actions), "Resource": "*"}]})


def test_aws_vpc_endpoint_changes(ec2, vpc, subnets):
    """With aws_vpc_endpoint_policy and the three associations of an endpoint with one thing more."""
    made = lambda **more: ec2.create_vpc_endpoint(ClientToken=token(), PrivateDnsEnabled=False, VpcId=vpc, TagSpecifications=tagged("vpc-endpoint"),
                                                  **more)["VpcEndpoint"]["VpcEndpointId"]
    of = lambda id: ec2.describe_vpc_endpoints(VpcEndpointIds=[id])["VpcEndpoints"][0]
    gateway = made(VpcEndpointType="Gateway", ServiceName="com.amazonaws.us-east-1.s3", PolicyDocument=policy("s3:Get*"))
    read = lambda: of(gateway)
    steady(read, {"State": "available", "PrivateDnsEnabled": False, "RequesterManaged": False, "RouteTableIds": [], "SubnetIds": [], "Groups": [],
                  "NetworkInterfaceIds": [], "DnsEntries": []}, "OwnerId ServiceName VpcId Tags")
    default = json.loads(of(made_by_default := made(VpcEndpointType="Gateway", ServiceName="com.amazonaws.us-east-1.s3"))["PolicyDocument"])
    ec2.delete_vpc_endpoints(VpcEndpointIds=[made_by_default])
    assert json.loads(read()["PolicyDocument"]) == json.loads(policy("s3:Get*"))
    ec2.modify_vpc_endpoint(VpcEndpointId=gateway, PolicyDocument=policy("s3:*"))
    assert json.loads(read()["PolicyDocument"])["Statement"][0]["Action"] in ["s3:*", ["s3:*"]]
    ec2.modify_vpc_endpoint(VpcEndpointId=gateway, ResetPolicy=True)
    assert json.loads(read()["PolicyDocument"]) == default
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    for verb, wanted in [("Add", [table]), ("Remove", [])]:
        ec2.modify_vpc_endpoint(VpcEndpointId=gateway, **{f"{verb}RouteTableIds": [table]})
        assert read()["RouteTableIds"] == wanted
    retagged(ec2, gateway, read)
    ec2.delete_route_table(RouteTableId=table)

    interface = made(VpcEndpointType="Interface", ServiceName="com.amazonaws.us-east-1.ec2", SubnetIds=subnets[:1])
    read = lambda: of(interface)
    group = ec2.create_security_group(GroupName="tf-endpoint", Description="tf", VpcId=vpc)["GroupId"]
    default = read()["Groups"][0]["GroupId"]
    steady(read, {"SubnetIds": subnets[:1], "PrivateDnsEnabled": False, "IpAddressType": "ipv4", "DnsOptions": {"DnsRecordIpType": "ipv4"}})
    ec2.modify_vpc_endpoint(VpcEndpointId=interface, AddSubnetIds=subnets[1:], AddSecurityGroupIds=[group], RemoveSecurityGroupIds=[default],
                            PrivateDnsEnabled=True, DnsOptions={"DnsRecordIpType": "ipv4"})
    seen = steady(read, {"PrivateDnsEnabled": True, "Groups": [{"GroupId": group}]})
    assert sorted(seen["SubnetIds"]) == sorted(subnets) and len(seen["NetworkInterfaceIds"]) == 2
    cards = ec2.describe_network_interfaces(NetworkInterfaceIds=seen["NetworkInterfaceIds"])["NetworkInterfaces"]
    assert {c["SubnetId"] for c in cards} == set(subnets) and all(c["PrivateIpAddress"] for c in cards)
    assert all(e["DnsName"] and e["HostedZoneId"] for e in seen["DnsEntries"])
    ec2.modify_vpc_endpoint(VpcEndpointId=interface, RemoveSubnetIds=subnets[1:], PrivateDnsEnabled=False)
    steady(read, {"SubnetIds": subnets[:1], "PrivateDnsEnabled": False})
    assert ec2.delete_vpc_endpoints(VpcEndpointIds=[interface, gateway])["Unsuccessful"] == []
    [gone] = ec2.delete_vpc_endpoints(VpcEndpointIds=["vpce-12345678"])["Unsuccessful"]
    assert gone["Error"]["Code"] == "InvalidVpcEndpoint.NotFound"
    assert code(ec2.modify_vpc_endpoint, VpcEndpointId="vpce-12345678", ResetPolicy=True) == "InvalidVpcEndpointId.NotFound"
    ec2.delete_security_group(GroupId=group)


def test_aws_vpc_peering_connection_options(ec2, vpc):
    """With what was for EC2-Classic: false is sent, and read back as it is."""
    peer = ec2.create_vpc(CidrBlock="10.51.0.0/16")["Vpc"]["VpcId"]
    id = ec2.create_vpc_peering_connection(PeerVpcId=peer, VpcId=vpc, TagSpecifications=tagged("vpc-peering-connection"))
    id = id["VpcPeeringConnection"]["VpcPeeringConnectionId"]
    read = lambda: ec2.describe_vpc_peering_connections(VpcPeeringConnectionIds=[id])["VpcPeeringConnections"][0]
    assert read()["Status"]["Code"] == "pending-acceptance"
    ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=id)
    steady(read, {"Status": {"Code": "active"}, "AccepterVpcInfo": {"Region": "us-east-1", "VpcId": peer}, "RequesterVpcInfo": {"Region": "us-east-1"}})
    for on in [True, False]:
        options = {"AllowDnsResolutionFromRemoteVpc": on, "AllowEgressFromLocalClassicLinkToRemoteVpc": False,
                   "AllowEgressFromLocalVpcToRemoteClassicLink": False}
        ec2.modify_vpc_peering_connection_options(VpcPeeringConnectionId=id, AccepterPeeringConnectionOptions=options,
                                                  RequesterPeeringConnectionOptions=options)
        seen = read()
        for side in ["AccepterVpcInfo", "RequesterVpcInfo"]:
            assert {k: seen[side]["PeeringOptions"].get(k, False) for k in options} == options
    retagged(ec2, id, read)
    ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=id)
    assert read()["Status"]["Code"] == "deleted"
    ec2.delete_vpc(VpcId=peer)


def test_aws_ec2_managed_prefix_list_changes(ec2):
    """Its name is sent with every change; an entry whose description changes goes first and comes again."""
    made = ec2.create_managed_prefix_list(AddressFamily="IPv4", MaxEntries=2, PrefixListName="tf-changes", TagSpecifications=tagged("prefix-list"))
    id = made["PrefixList"]["PrefixListId"]
    read = lambda: ec2.describe_managed_prefix_lists(PrefixListIds=[id])["PrefixLists"][0]
    entries = lambda: [(e["Cidr"], e.get("Description", "")) for e in ec2.get_managed_prefix_list_entries(PrefixListId=id)["Entries"]]
    named = {"PrefixListId": id, "PrefixListName": "tf-changes"}
    steady(read, {"State": "create-complete", "Version": 1, "MaxEntries": 2, "PrefixListName": "tf-changes", "AddressFamily": "IPv4"}, "OwnerId Tags")
    assert entries() == []
    steps = [
        ({"AddEntries": [{"Cidr": "10.0.0.0/8", "Description": "a"}, {"Cidr": "10.1.0.0/16"}]}, [("10.0.0.0/8", "a"), ("10.1.0.0/16", "")]),
        ({"RemoveEntries": [{"Cidr": "10.0.0.0/8"}]}, [("10.1.0.0/16", "")]),
        ({"AddEntries": [{"Cidr": "10.0.0.0/8", "Description": "b"}]}, [("10.0.0.0/8", "b"), ("10.1.0.0/16", "")]),
    ]
    for number, (change, wanted) in enumerate(steps):
        ec2.modify_managed_prefix_list(**named, CurrentVersion=number + 1, **change)
        assert sorted(entries()) == wanted and read()["Version"] == number + 2 and read()["State"] == "modify-complete"
    ec2.modify_managed_prefix_list(**named, MaxEntries=4)
    ec2.modify_managed_prefix_list(PrefixListId=id, PrefixListName="tf-renamed")
    steady(read, {"State": "modify-complete", "MaxEntries": 4, "PrefixListName": "tf-renamed"})
    retagged(ec2, id, read)
    ec2.delete_managed_prefix_list(PrefixListId=id)
    gone = {code(ec2.describe_managed_prefix_lists, PrefixListIds=[id]), code(ec2.delete_managed_prefix_list, PrefixListId=id)}
    assert gone == {"InvalidPrefixListID.NotFound"}


def test_aws_nat_gateway_changes(ec2, vpc, subnets):
    """A private one whose addresses change, and a public one with a second address."""
    read_of = lambda id: lambda: ec2.describe_nat_gateways(NatGatewayIds=[id])["NatGateways"][0]
    make = lambda **more: ec2.create_nat_gateway(ClientToken=token(), TagSpecifications=tagged("natgateway"), **more)["NatGateway"]["NatGatewayId"]
    private = make(ConnectivityType="private", SubnetId=subnets[0], PrivateIpAddress="10.50.1.8", SecondaryPrivateIpAddresses=["10.50.1.9"])
    read = read_of(private)
    cloud.until("it is available", lambda: read()["State"] == "available")
    addresses = lambda: {a["PrivateIp"]: a["IsPrimary"] for a in read()["NatGatewayAddresses"] if a["Status"] == "succeeded"}
    steady(read, {"ConnectivityType": "private", "SubnetId": subnets[0]}, "Tags VpcId")
    assert addresses() == {"10.50.1.8": True, "10.50.1.9": False} and all("AllocationId" not in a for a in read()["NatGatewayAddresses"])
    ec2.assign_private_nat_gateway_address(NatGatewayId=private, PrivateIpAddresses=["10.50.1.10"])
    assert set(addresses()) == {"10.50.1.8", "10.50.1.9", "10.50.1.10"}
    ec2.unassign_private_nat_gateway_address(NatGatewayId=private, PrivateIpAddresses=["10.50.1.9"])
    assert set(addresses()) == {"10.50.1.8", "10.50.1.10"}
    retagged(ec2, private, read)
    ec2.delete_nat_gateway(NatGatewayId=private)
    cloud.until("it is gone", lambda: read()["State"] == "deleted")

    gateway = {"InternetGatewayId": ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"], "VpcId": vpc}
    ec2.attach_internet_gateway(**gateway)
    kept = [ec2.allocate_address(Domain="vpc")["AllocationId"] for _ in range(2)]
    public = make(ConnectivityType="public", SubnetId=subnets[0], AllocationId=kept[0])
    read = read_of(public)
    cloud.until("it is available", lambda: read()["State"] == "available")
    ec2.associate_nat_gateway_address(NatGatewayId=public, AllocationIds=kept[1:])
    both = {a["AllocationId"]: a for a in read()["NatGatewayAddresses"]}
    assert set(both) == set(kept) and [both[k]["IsPrimary"] for k in kept] == [True, False] and both[kept[1]]["Status"] == "succeeded"
    ec2.disassociate_nat_gateway_address(NatGatewayId=public, AssociationIds=[both[kept[1]]["AssociationId"]])
    cloud.until("one is left", lambda: [a["AllocationId"] for a in read()["NatGatewayAddresses"]] == kept[:1])
    ec2.delete_nat_gateway(NatGatewayId=public)
    cloud.until("it is gone", lambda: read()["State"] == "deleted")
    for address in kept:
        ec2.release_address(AllocationId=address)
    ec2.detach_internet_gateway(**gateway)
    ec2.delete_internet_gateway(InternetGatewayId=gateway["InternetGatewayId"])
    assert code(ec2.delete_nat_gateway, NatGatewayId="nat-12345678") == "NatGatewayNotFound"


def test_aws_network_interface_of_addresses(ec2, subnets):
    """private_ips, and private_ip_list, whose order is kept."""
    wanted = ["10.50.1.20", "10.50.1.21", "10.50.1.22"]
    id = ec2.create_network_interface(
        SubnetId=subnets[0], ClientToken=token(), Description="", TagSpecifications=tagged("network-interface"),
        PrivateIpAddresses=[{"PrivateIpAddress": a, **({"Primary": True} if n == 0 else {})} for n, a in enumerate(wanted)])
    id = id["NetworkInterface"]["NetworkInterfaceId"]
    read = lambda: ec2.describe_network_interfaces(NetworkInterfaceIds=[id])["NetworkInterfaces"][0]
    cloud.until("it is available", lambda: read()["Status"] == "available")
    steady(read, {"PrivateIpAddress": wanted[0], "PrivateIpAddresses": [{"PrivateIpAddress": a, "Primary": a == wanted[0]} for a in wanted],
                  "InterfaceType": "interface", "Ipv6Addresses": [], "SourceDestCheck": True, "Attachment": None, "OutpostArn": None},
           "Description MacAddress OwnerId PrivateDnsName Groups")
    ec2.unassign_private_ip_addresses(NetworkInterfaceId=id, PrivateIpAddresses=wanted[1:])
    for address in reversed(wanted[1:]):
        ec2.assign_private_ip_addresses(NetworkInterfaceId=id, PrivateIpAddresses=[address])
    assert [a["PrivateIpAddress"] for a in read()["PrivateIpAddresses"]] == [wanted[0], wanted[2], wanted[1]]
    for change, seen in [({"SourceDestCheck": {"Value": False}}, {"SourceDestCheck": False}), ({"Description": {"Value": "x"}}, {"Description": "x"}),
                         ({"Description": {"Value": ""}}, {"Description": ""})]:
        ec2.modify_network_interface_attribute(NetworkInterfaceId=id, **change)
        steady(read, seen)
    tags = lambda: {t["Key"]: t["Value"] for t in read()["TagSet"]}
    ec2.create_tags(Resources=[id], Tags=[{"Key": "Name", "Value": "changed"}])
    assert tags() == {"Name": "changed"}
    assert ec2.describe_network_interfaces(Filters=filters(attachment__attachment_id="eni-attach-12345678"))["NetworkInterfaces"] == []
    assert code(ec2.detach_network_interface, AttachmentId="eni-attach-12345678", Force=True) == "InvalidAttachmentID.NotFound"
    ec2.delete_network_interface(NetworkInterfaceId=id)
