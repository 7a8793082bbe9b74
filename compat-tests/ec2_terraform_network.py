"""Terraform's calls, as in ec2_terraform.py, for a VPC and what comes with every one: subnets, DHCP options, route tables,
gateways, network ACLs, and the default ones that it takes over.
"""

import pytest

from terraform import code, filters, holds, retagged, steady, tagged

ALL = "0.0.0.0/0"


@pytest.fixture
def vpc(ec2):
    """aws_vpc with its arguments left as they are."""
    made = ec2.create_vpc(CidrBlock="10.30.0.0/16", InstanceTenancy="default", AmazonProvidedIpv6CidrBlock=False,
                          TagSpecifications=tagged("vpc"))["Vpc"]
    yield made["VpcId"]
    ec2.delete_vpc(VpcId=made["VpcId"])


@pytest.fixture
def subnet(ec2, vpc):
    made = ec2.create_subnet(VpcId=vpc, CidrBlock="10.30.1.0/24", AvailabilityZone="us-east-1a")["Subnet"]
    yield made["SubnetId"]
    ec2.delete_subnet(SubnetId=made["SubnetId"])


def the(call, kind, **arguments):
    """The only one of an answer, which its provider insists on."""
    [one] = call(**arguments)[kind]
    return one


def attribute(ec2, vpc, name):
    return ec2.describe_vpc_attribute(VpcId=vpc, Attribute=name)[name[0].upper() + name[1:]]["Value"]


def main_table(ec2, vpc):
    return the(ec2.describe_route_tables, "RouteTables", Filters=filters(association__main="true", vpc_id=vpc))


def test_aws_vpc(ec2, vpc):
    """Everything that a VPC has of itself is found through its own filters."""
    read = lambda: the(ec2.describe_vpcs, "Vpcs", VpcIds=[vpc])
    steady(read, {"State": "available", "CidrBlock": "10.30.0.0/16", "InstanceTenancy": "default", "IsDefault": False},
           "OwnerId DhcpOptionsId CidrBlockAssociationSet Tags")
    assert not read().get("Ipv6CidrBlockAssociationSet")
    attributes = {"enableDnsHostnames": False, "enableDnsSupport": True, "enableNetworkAddressUsageMetrics": False}
    for name, wanted in attributes.items():
        assert attribute(ec2, vpc, name) is wanted
        for value in [not wanted, wanted]:
            ec2.modify_vpc_attribute(VpcId=vpc, **{name[0].upper() + name[1:]: {"Value": value}})
            assert attribute(ec2, vpc, name) is value
    assert the(ec2.describe_network_acls, "NetworkAcls", Filters=filters(default="true", vpc_id=vpc))["IsDefault"]
    assert main_table(ec2, vpc)["VpcId"] == vpc
    assert the(ec2.describe_security_groups, "SecurityGroups", Filters=filters(group_name="default", vpc_id=vpc))["VpcId"] == vpc
    retagged(ec2, vpc, read)
    assert code(ec2.describe_vpcs, VpcIds=["vpc-12345678"]) == "InvalidVpcID.NotFound"
    assert code(ec2.delete_vpc, VpcId="vpc-12345678") == "InvalidVpcID.NotFound"
    assert code(ec2.describe_vpc_attribute, VpcId="vpc-12345678", Attribute="enableDnsSupport") == "InvalidVpcID.NotFound"


def test_older_aws_vpc(ec2, vpc):
    """Providers before 5.0 read and set what was for EC2-Classic; they know both answers for its absence."""
    for call in [ec2.describe_vpc_classic_link, ec2.describe_vpc_classic_link_dns_support]:
        try:
            [one] = call(VpcIds=[vpc])["Vpcs"]
            assert one["VpcId"] == vpc and False in [one.get("ClassicLinkEnabled"), one.get("ClassicLinkDnsSupported")]
        except ec2.exceptions.ClientError as refused:
            assert refused.response["Error"]["Code"] == "UnsupportedOperation"
    platforms = ec2.describe_account_attributes(AttributeNames=["supported-platforms"])["AccountAttributes"]
    assert [v["AttributeValue"] for v in platforms[0]["AttributeValues"]] == ["VPC"]


def test_aws_default_vpc_and_subnet(ec2):
    """They are found, never made; by these names, which are not the documented ones."""
    vpc = the(ec2.describe_vpcs, "Vpcs", Filters=[{"Name": "isDefault", "Values": ["true"]}])
    holds(vpc, {"IsDefault": True, "State": "available"})
    assert attribute(ec2, vpc["VpcId"], "enableDnsHostnames") and attribute(ec2, vpc["VpcId"], "enableDnsSupport")
    by = [{"Name": "availabilityZone", "Values": ["us-east-1a"]}, {"Name": "defaultForAz", "Values": ["true"]}]
    subnet = the(ec2.describe_subnets, "Subnets", Filters=by)
    holds(subnet, {"DefaultForAz": True, "MapPublicIpOnLaunch": True, "AvailabilityZone": "us-east-1a", "VpcId": vpc["VpcId"]})
    for value in [False, True]:
        ec2.modify_subnet_attribute(SubnetId=subnet["SubnetId"], MapPublicIpOnLaunch={"Value": value})
        assert the(ec2.describe_subnets, "Subnets", SubnetIds=[subnet["SubnetId"]])["MapPublicIpOnLaunch"] is value


def test_aws_subnet(ec2, vpc):
    made = ec2.create_subnet(VpcId=vpc, CidrBlock="10.30.2.0/24", AvailabilityZone="us-east-1b", TagSpecifications=tagged("subnet"))["Subnet"]
    id = made["SubnetId"]
    read = lambda: the(ec2.describe_subnets, "Subnets", SubnetIds=[id])
    off = {"EnableResourceNameDnsARecord": False, "EnableResourceNameDnsAAAARecord": False, "HostnameType": "ip-name"}
    steady(read, {"State": "available", "CidrBlock": "10.30.2.0/24", "AvailabilityZone": "us-east-1b", "VpcId": vpc,
                  "AssignIpv6AddressOnCreation": False, "EnableDns64": False, "Ipv6Native": False, "MapPublicIpOnLaunch": False,
                  "MapCustomerOwnedIpOnLaunch": False, "PrivateDnsNameOptionsOnLaunch": off, "CustomerOwnedIpv4Pool": None,
                  "OutpostArn": None, "EnableLniAtDeviceIndex": None},
           "SubnetArn AvailabilityZoneId OwnerId Tags Ipv6CidrBlockAssociationSet")
    changes = [
        ({"MapPublicIpOnLaunch": {"Value": True}}, {"MapPublicIpOnLaunch": True}),
        ({"MapPublicIpOnLaunch": {"Value": False}}, {"MapPublicIpOnLaunch": False}),
        ({"EnableResourceNameDnsARecordOnLaunch": {"Value": True}}, {"PrivateDnsNameOptionsOnLaunch": {"EnableResourceNameDnsARecord": True}}),
        ({"PrivateDnsHostnameTypeOnLaunch": "resource-name"}, {"PrivateDnsNameOptionsOnLaunch": {"HostnameType": "resource-name"}}),
        ({"AssignIpv6AddressOnCreation": {"Value": False}}, {"AssignIpv6AddressOnCreation": False}),
        ({"EnableDns64": {"Value": False}}, {"EnableDns64": False}),
    ]
    for change, wanted in changes:
        ec2.modify_subnet_attribute(SubnetId=id, **change)
        steady(read, wanted)
    retagged(ec2, id, read)
    lingering = [{"Name": "subnet-id", "Values": [id]}, {"Name": "description", "Values": ["AWS Lambda VPC ENI*"]}]
    assert ec2.describe_network_interfaces(Filters=lingering)["NetworkInterfaces"] == []
    ec2.delete_subnet(SubnetId=id)
    assert code(ec2.describe_subnets, SubnetIds=[id]) == code(ec2.delete_subnet, SubnetId=id) == "InvalidSubnetID.NotFound"


def test_aws_vpc_dhcp_options(ec2, vpc):
    """With aws_vpc_dhcp_options_association, and what is done with the VPCs before the options go."""
    wanted = {"domain-name": ["example.com"], "domain-name-servers": ["10.30.0.2", "AmazonProvidedDNS"], "ntp-servers": ["127.0.0.1"],
              "netbios-name-servers": ["127.0.0.2"], "netbios-node-type": ["2"]}
    made = ec2.create_dhcp_options(DhcpConfigurations=[{"Key": k, "Values": v} for k, v in wanted.items()],
                                   TagSpecifications=tagged("dhcp-options"))["DhcpOptions"]
    id = made["DhcpOptionsId"]
    read = lambda: the(ec2.describe_dhcp_options, "DhcpOptions", DhcpOptionsIds=[id])
    seen = steady(read, {"DhcpOptionsId": id}, "OwnerId Tags DhcpConfigurations")
    assert {c["Key"]: [v["Value"] for v in c["Values"]] for c in seen["DhcpConfigurations"]} == wanted
    retagged(ec2, id, read)
    mine = lambda: [v["VpcId"] for v in ec2.describe_vpcs(Filters=filters(dhcp_options_id=id))["Vpcs"]]
    ec2.associate_dhcp_options(DhcpOptionsId=id, VpcId=vpc)
    assert mine() == [vpc] and code(ec2.delete_dhcp_options, DhcpOptionsId=id) == "DependencyViolation"
    ec2.associate_dhcp_options(DhcpOptionsId="default", VpcId=vpc)
    assert mine() == [] and the(ec2.describe_vpcs, "Vpcs", VpcIds=[vpc])["DhcpOptionsId"] == "default"
    ec2.delete_dhcp_options(DhcpOptionsId=id)
    assert code(ec2.describe_dhcp_options, DhcpOptionsIds=[id]) == code(ec2.delete_dhcp_options, DhcpOptionsId=id) == (
        "InvalidDhcpOptionID.NotFound")
    by = [{"Name": name, "Values": [value]} for name, value in [
        ("key", "domain-name"), ("value", "ec2.internal"), ("key", "domain-name-servers"), ("value", "AmazonProvidedDNS")]]
    assert the(ec2.describe_dhcp_options, "DhcpOptions", Filters=by)["DhcpOptionsId"].startswith("dopt-"), "aws_default_vpc_dhcp_options"


def test_aws_internet_gateway(ec2, vpc):
    made = ec2.create_internet_gateway(TagSpecifications=tagged("internet-gateway"))["InternetGateway"]
    id = made["InternetGatewayId"]
    read = lambda: the(ec2.describe_internet_gateways, "InternetGateways", InternetGatewayIds=[id])
    steady(read, {"Attachments": []}, "OwnerId Tags")
    pair = {"InternetGatewayId": id, "VpcId": vpc}
    ec2.attach_internet_gateway(**pair)
    steady(read, {"Attachments": [{"VpcId": vpc, "State": "available"}]})
    assert code(ec2.attach_internet_gateway, **pair) == "Resource.AlreadyAssociated"
    retagged(ec2, id, read)
    ec2.detach_internet_gateway(**pair)
    assert code(ec2.detach_internet_gateway, **pair) == "Gateway.NotAttached" and read()["Attachments"] == []
    ec2.delete_internet_gateway(InternetGatewayId=id)
    gone = {code(ec2.describe_internet_gateways, InternetGatewayIds=[id]), code(ec2.delete_internet_gateway, InternetGatewayId=id)}
    assert gone == {"InvalidInternetGatewayID.NotFound"}


def test_aws_route_table(ec2, vpc, subnet):
    """With aws_route, aws_route_table_association and aws_main_route_table_association."""
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    card = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    id = ec2.create_route_table(VpcId=vpc, TagSpecifications=tagged("route-table"))["RouteTable"]["RouteTableId"]
    read = lambda: the(ec2.describe_route_tables, "RouteTables", RouteTableIds=[id])
    local = {"GatewayId": "local", "DestinationCidrBlock": "10.30.0.0/16", "Origin": "CreateRouteTable", "State": "active"}
    steady(read, {"VpcId": vpc, "PropagatingVgws": [], "Associations": [], "Routes": [local]}, "OwnerId Tags")
    route = {"RouteTableId": id, "DestinationCidrBlock": ALL}
    others = {"NetworkInterfaceId": None, "InstanceId": None, "NatGatewayId": None, "VpcPeeringConnectionId": None,
              "TransitGatewayId": None, "EgressOnlyInternetGatewayId": None, "DestinationIpv6CidrBlock": None}
    ec2.create_route(**route, GatewayId=gateway)
    steady(read, {"Routes": [local, {"DestinationCidrBlock": ALL, "Origin": "CreateRoute", "State": "active", **others, "GatewayId": gateway}]})
    assert code(ec2.create_route, **route, GatewayId=gateway) == "RouteAlreadyExists"
    ec2.replace_route(**route, NetworkInterfaceId=card)
    steady(read, {"Routes": [local, {"DestinationCidrBlock": ALL, "Origin": "CreateRoute", **others, "NetworkInterfaceId": card, "GatewayId": None}]})
    ec2.delete_route(**route)
    assert code(ec2.delete_route, **route) == "InvalidRoute.NotFound"
    with pytest.raises(ec2.exceptions.ClientError, match="InvalidParameterValue.*cannot remove local route"):
        ec2.delete_route(RouteTableId=id, DestinationCidrBlock="10.30.0.0/16")
    retagged(ec2, id, read)

    made = ec2.associate_route_table(RouteTableId=id, SubnetId=subnet)
    assert made["AssociationState"]["State"] == "associated"
    of = lambda association: [a for t in ec2.describe_route_tables(Filters=filters(association__route_table_association_id=association))["RouteTables"]
                              for a in t["Associations"] if a["RouteTableAssociationId"] == association]
    holds(of(made["AssociationId"]), [{"RouteTableId": id, "SubnetId": subnet, "Main": False, "GatewayId": None,
                                       "AssociationState": {"State": "associated"}}])
    assert code(ec2.delete_route_table, RouteTableId=id) == "DependencyViolation"
    original = main_table(ec2, vpc)["RouteTableId"]
    moved = ec2.replace_route_table_association(AssociationId=made["AssociationId"], RouteTableId=original)["NewAssociationId"]
    assert of(moved)[0]["RouteTableId"] == original and not of(made["AssociationId"])
    ec2.disassociate_route_table(AssociationId=moved)
    assert not of(moved) and code(ec2.disassociate_route_table, AssociationId=moved) == "InvalidAssociationID.NotFound"
    again = {"AssociationId": moved, "RouteTableId": id}
    assert code(ec2.replace_route_table_association, **again) == "InvalidAssociationID.NotFound"

    main = next(a["RouteTableAssociationId"] for a in main_table(ec2, vpc)["Associations"] if a["Main"])
    main = ec2.replace_route_table_association(AssociationId=main, RouteTableId=id)["NewAssociationId"]
    holds(of(main), [{"Main": True, "RouteTableId": id, "AssociationState": {"State": "associated"}}])
    ec2.replace_route_table_association(AssociationId=main, RouteTableId=original)
    assert main_table(ec2, vpc)["RouteTableId"] == original
    ec2.delete_route_table(RouteTableId=id)
    gone = {code(ec2.describe_route_tables, RouteTableIds=[id]), code(ec2.delete_route_table, RouteTableId=id)}
    assert gone == {"InvalidRouteTableID.NotFound"}
    ec2.delete_network_interface(NetworkInterfaceId=card)
    ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    ec2.delete_internet_gateway(InternetGatewayId=gateway)


def entry(number, egress, protocol, action="allow", **more):
    """aws_network_acl_rule always sends ports, even for protocols that have none."""
    return {"RuleNumber": number, "Egress": egress, "Protocol": protocol, "RuleAction": action, "PortRange": {"From": 0, "To": 0}, **more}


def test_aws_network_acl(ec2, vpc, subnet):
    """With aws_network_acl_rule and aws_network_acl_association."""
    made = ec2.create_network_acl(VpcId=vpc, TagSpecifications=tagged("network-acl"))["NetworkAcl"]
    id = made["NetworkAclId"]
    read = lambda: the(ec2.describe_network_acls, "NetworkAcls", NetworkAclIds=[id])
    steady(read, {"VpcId": vpc, "IsDefault": False, "Associations": []}, "OwnerId Tags Entries")
    assert {e["RuleNumber"] for e in read()["Entries"]} == {32767}, "what is not looked at"
    rules = [entry(100, False, "6", CidrBlock="10.3.0.0/18", PortRange={"From": 80, "To": 80}),
             entry(200, True, "-1", CidrBlock=ALL),
             entry(300, False, "1", CidrBlock=ALL, IcmpTypeCode={"Code": -1, "Type": -1}),
             entry(400, True, "58", "deny", Ipv6CidrBlock="::/0", IcmpTypeCode={"Code": 0, "Type": 8}),
             entry(500, False, "17", CidrBlock=ALL, PortRange={"From": 53, "To": 53})]
    for rule in rules:
        ec2.create_network_acl_entry(NetworkAclId=id, **rule)
        number = {"entry__egress": str(rule["Egress"]).lower(), "entry__rule_number": rule["RuleNumber"]}
        found = the(ec2.describe_network_acls, "NetworkAcls", NetworkAclIds=[id], Filters=filters(**number))
        [seen] = [e for e in found["Entries"] if (e["Egress"], e["RuleNumber"]) == (rule["Egress"], rule["RuleNumber"])]
        ports = seen.pop("PortRange", {"From": 0, "To": 0})
        assert ports == rule["PortRange"] and seen == {k: v for k, v in rule.items() if k != "PortRange"}
    assert code(ec2.create_network_acl_entry, NetworkAclId=id, **rules[0]) == "NetworkAclEntryAlreadyExists"
    steady(read, {})

    by_subnet = lambda: next(a for n in ec2.describe_network_acls(Filters=filters(association__subnet_id=subnet))["NetworkAcls"]
                             for a in n["Associations"] if a["SubnetId"] == subnet)
    default = by_subnet()["NetworkAclId"]
    new = ec2.replace_network_acl_association(AssociationId=by_subnet()["NetworkAclAssociationId"], NetworkAclId=id)["NewAssociationId"]
    assert the(ec2.describe_network_acls, "NetworkAcls", Filters=filters(association__association_id=new))["NetworkAclId"] == id
    holds(read()["Associations"], [{"SubnetId": subnet, "NetworkAclId": id, "NetworkAclAssociationId": new}])
    assert code(ec2.delete_network_acl, NetworkAclId=id) == "DependencyViolation"
    ec2.replace_network_acl_association(AssociationId=new, NetworkAclId=default)
    assert code(ec2.replace_network_acl_association, AssociationId=new, NetworkAclId=id) == "InvalidAssociationID.NotFound"
    for rule in rules[:2]:
        ec2.delete_network_acl_entry(NetworkAclId=id, Egress=rule["Egress"], RuleNumber=rule["RuleNumber"])
    gone = {"NetworkAclId": id, "Egress": False, "RuleNumber": 100}
    assert code(ec2.delete_network_acl_entry, **gone) == "InvalidNetworkAclEntry.NotFound"
    retagged(ec2, id, read)
    ec2.delete_network_acl(NetworkAclId=id)
    assert code(ec2.describe_network_acls, NetworkAclIds=[id]) == code(ec2.delete_network_acl, NetworkAclId=id) == (
        "InvalidNetworkAclID.NotFound")


def test_aws_default_network_acl_and_route_table(ec2, vpc):
    """They are emptied when they are taken over."""
    acl = the(ec2.describe_network_acls, "NetworkAcls", Filters=filters(default="true", vpc_id=vpc))
    for rule in acl["Entries"]:
        if rule["RuleNumber"] not in [32767, 32768]:
            ec2.delete_network_acl_entry(NetworkAclId=acl["NetworkAclId"], Egress=rule["Egress"], RuleNumber=rule["RuleNumber"])
    left = the(ec2.describe_network_acls, "NetworkAcls", NetworkAclIds=[acl["NetworkAclId"]])["Entries"]
    assert [e["RuleAction"] for e in left] == ["deny", "deny"]
    table = main_table(ec2, vpc)
    assert [r["GatewayId"] for r in table["Routes"]] == ["local"]
    ec2.create_tags(Resources=[table["RouteTableId"]], Tags=[{"Key": "Name", "Value": "mine"}])
    assert main_table(ec2, vpc)["Tags"] == [{"Key": "Name", "Value": "mine"}]


def test_aws_flow_log(server, ec2, fresh_bucket):
    """By group as the VPC module makes it, and into a bucket; it is read by its id until nothing is found."""
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    server.client("s3").create_bucket(Bucket=fresh_bucket)
    role = "arn:aws:iam::111122223333:role/flows"
    for wanted in [
        {"LogDestinationType": "cloud-watch-logs", "LogDestination": "arn:aws:logs:us-east-1:111122223333:log-group:flows",
         "DeliverLogsPermissionArn": role, "MaxAggregationInterval": 60},
        {"LogDestinationType": "s3", "LogDestination": f"arn:aws:s3:::{fresh_bucket}/flows/",
         "DestinationOptions": {"FileFormat": "plain-text", "HiveCompatiblePartitions": False, "PerHourPartition": True}},
    ]:
        tags = [{"ResourceType": "vpc-flow-log", "Tags": [{"Key": "Name", "Value": "tf"}]}]
        made = ec2.create_flow_logs(ResourceType="VPC", ResourceIds=[vpc], TrafficType="ALL", TagSpecifications=tags, ClientToken=wanted["LogDestinationType"], **wanted)
        assert made["Unsuccessful"] == []
        [id] = made["FlowLogIds"]
        [seen] = ec2.describe_flow_logs(FlowLogIds=[id])["FlowLogs"]
        assert seen.items() >= {"ResourceId": vpc, "TrafficType": "ALL", **wanted}.items() and seen["LogFormat"].startswith("${version}")
        assert seen["Tags"] == tags[0]["Tags"]
        assert (seen["FlowLogStatus"], seen["DeliverLogsStatus"]) == ("ACTIVE", "FAILED"), "no packets are logged"
        assert ec2.delete_flow_logs(FlowLogIds=[id])["Unsuccessful"] == []
        assert ec2.describe_flow_logs(FlowLogIds=[id])["FlowLogs"] == []
    with pytest.raises(ec2.exceptions.ClientError, match="InvalidFlowLogId.NotFound"):
        ec2.delete_flow_logs(FlowLogIds=[id])
