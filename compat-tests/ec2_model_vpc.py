"""What ec2_model.py calls of a VPC beyond subnets, groups, tables and internet gateways."""

from ec2_model_given import tags


def quick(waiter):
    waiter.config.delay = 0.1
    return waiter


def life(ec2):
    mine, other = [ec2.create_vpc(CidrBlock=cidr)["Vpc"]["VpcId"] for cidr in ["10.1.0.0/16", "10.2.0.0/16"]]
    table = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [mine]}])["RouteTables"][0]["RouteTableId"]
    peering(ec2, mine, other, table)
    egress_only(ec2, mine, table)
    nat(ec2, mine, table)
    ranges(ec2, mine)
    prefix_lists(ec2)
    endpoints(ec2, mine, table)
    for kind in """vpn_gateways vpn_connections customer_gateways transit_gateways transit_gateway_attachments
            transit_gateway_vpc_attachments carrier_gateways fast_snapshot_restores fast_launch_images""".split():
        getattr(ec2, f"describe_{kind}")(Filters=[{"Name": "state", "Values": ["available"]}])
    for kind in """classic_link_instances mac_hosts moving_addresses public_ipv4_pools vpc_classic_link
            vpc_classic_link_dns_support""".split():
        getattr(ec2, f"describe_{kind}")()
    for vpc in [mine, other]:
        ec2.delete_vpc(VpcId=vpc)


def peering(ec2, mine, other, table):
    ask = lambda: ec2.create_vpc_peering_connection(
        VpcId=mine, PeerVpcId=other, TagSpecifications=[tags("vpc-peering-connection")])["VpcPeeringConnection"]
    refused = {"VpcPeeringConnectionId": ask()["VpcPeeringConnectionId"]}
    ec2.describe_vpc_peering_connections()
    ec2.reject_vpc_peering_connection(**refused)
    one = {"VpcPeeringConnectionId": ask()["VpcPeeringConnectionId"]}
    quick(ec2.get_waiter("vpc_peering_connection_exists")).wait(VpcPeeringConnectionIds=[*one.values()])
    ec2.accept_vpc_peering_connection(**one)
    yes = {"AllowDnsResolutionFromRemoteVpc": True}
    ec2.modify_vpc_peering_connection_options(**one, RequesterPeeringConnectionOptions=yes, AccepterPeeringConnectionOptions=yes)
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="10.2.0.0/16", **one)
    ec2.describe_route_tables(RouteTableIds=[table])
    ec2.describe_vpc_peering_connections()
    groups = [ec2.create_security_group(GroupName="peer", Description="model test", VpcId=vpc)["GroupId"] for vpc in [mine, other]]
    ec2.authorize_security_group_ingress(GroupId=groups[0], IpPermissions=[
        {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": groups[1]}]}])
    ec2.describe_security_groups(GroupIds=groups)
    ec2.describe_security_group_rules()
    assert ec2.describe_security_group_references(GroupId=[groups[1]])["SecurityGroupReferenceSet"][0]["ReferencingVpcId"] == mine
    ec2.get_security_groups_for_vpc(VpcId=mine)
    ec2.describe_security_group_vpc_associations()
    ec2.delete_vpc_peering_connection(**one)
    assert ec2.describe_stale_security_groups(VpcId=mine)["StaleSecurityGroupSet"][0]["GroupId"] == groups[0]
    for group in groups:
        ec2.delete_security_group(GroupId=group)
    quick(ec2.get_waiter("vpc_peering_connection_deleted")).wait(VpcPeeringConnectionIds=[*one.values()])


def egress_only(ec2, vpc, table):
    made = ec2.create_egress_only_internet_gateway(VpcId=vpc, ClientToken="t", TagSpecifications=[tags("egress-only-internet-gateway")])
    one = {"EgressOnlyInternetGatewayId": made["EgressOnlyInternetGateway"]["EgressOnlyInternetGatewayId"]}
    ec2.create_route(RouteTableId=table, DestinationIpv6CidrBlock="::/0", **one)
    ec2.describe_egress_only_internet_gateways()
    ec2.describe_route_tables(RouteTableIds=[table])
    ec2.delete_egress_only_internet_gateway(**one)


def nat(ec2, vpc, table):
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.1.1.0/24")["Subnet"]["SubnetId"]
    gateway = {"InternetGatewayId": ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"], "VpcId": vpc}
    ec2.attach_internet_gateway(**gateway)
    first, second = [ec2.allocate_address(Domain="vpc")["AllocationId"] for _ in range(2)]
    public, private = [
        ec2.create_nat_gateway(SubnetId=subnet, TagSpecifications=[tags("natgateway")], **more)["NatGateway"]["NatGatewayId"]
        for more in [{"AllocationId": first, "ClientToken": "t"}, {"ConnectivityType": "private"}]]
    failed = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=first)["NatGateway"]["NatGatewayId"]
    quick(ec2.get_waiter("nat_gateway_available")).wait(NatGatewayIds=[public, private])
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=public)
    ec2.describe_route_tables(RouteTableIds=[table])
    addresses = ec2.associate_nat_gateway_address(NatGatewayId=public, AllocationIds=[second])["NatGatewayAddresses"]
    ec2.disassociate_nat_gateway_address(NatGatewayId=public, AssociationIds=[addresses[1]["AssociationId"]])
    addresses = ec2.assign_private_nat_gateway_address(NatGatewayId=private, PrivateIpAddressCount=1)["NatGatewayAddresses"]
    ec2.unassign_private_nat_gateway_address(NatGatewayId=private, PrivateIpAddresses=[addresses[1]["PrivateIp"]])
    ec2.describe_nat_gateways()
    ec2.describe_network_interfaces(Filters=[{"Name": "interface-type", "Values": ["nat_gateway"]}])
    for one in [public, private, failed]:
        ec2.delete_nat_gateway(NatGatewayId=one)
    quick(ec2.get_waiter("nat_gateway_deleted")).wait(NatGatewayIds=[public, private])
    ec2.describe_nat_gateways()
    for address in [first, second]:
        ec2.release_address(AllocationId=address)
    ec2.detach_internet_gateway(**gateway)
    ec2.delete_internet_gateway(InternetGatewayId=gateway["InternetGatewayId"])
    ec2.delete_subnet(SubnetId=subnet)


def ranges(ec2, vpc):
    made = ec2.associate_vpc_cidr_block(VpcId=vpc, CidrBlock="100.64.0.0/16")["CidrBlockAssociation"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="100.64.1.0/24")["Subnet"]["SubnetId"]
    reserved = ec2.create_subnet_cidr_reservation(SubnetId=subnet, Cidr="100.64.1.0/28", ReservationType="explicit", Description="mine",
                                                  TagSpecifications=[tags("subnet-cidr-reservation")])["SubnetCidrReservation"]
    ec2.get_subnet_cidr_reservations(SubnetId=subnet)
    ec2.delete_subnet_cidr_reservation(SubnetCidrReservationId=reserved["SubnetCidrReservationId"])
    ec2.describe_vpcs(VpcIds=[vpc])
    ec2.delete_subnet(SubnetId=subnet)
    ec2.disassociate_vpc_cidr_block(AssociationId=made["AssociationId"])
    ec2.modify_vpc_tenancy(VpcId=vpc, InstanceTenancy="default")


def prefix_lists(ec2):
    made = ec2.create_managed_prefix_list(
        PrefixListName="offices", MaxEntries=5, AddressFamily="IPv4", Entries=[{"Cidr": "10.9.0.0/16", "Description": "Ulm"}],
        ClientToken="t", TagSpecifications=[tags("prefix-list")])["PrefixList"]
    one = {"PrefixListId": made["PrefixListId"]}
    ec2.modify_managed_prefix_list(**one, CurrentVersion=1, AddEntries=[{"Cidr": "10.8.0.0/16"}], RemoveEntries=[{"Cidr": "10.9.0.0/16"}])
    ec2.restore_managed_prefix_list_version(**one, PreviousVersion=1, CurrentVersion=2)
    group = ec2.create_security_group(GroupName="lists", Description="model test")["GroupId"]
    ssh = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "PrefixListIds": [{**one, "Description": "offices"}]}
    rule = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[ssh])["SecurityGroupRules"][0]
    assert rule["PrefixListId"] == made["PrefixListId"], rule
    ec2.describe_security_groups(GroupIds=[group])
    ec2.describe_managed_prefix_lists()
    ec2.describe_prefix_lists()
    ec2.get_managed_prefix_list_entries(**one)
    assert ec2.get_managed_prefix_list_associations(**one)["PrefixListAssociations"][0]["ResourceId"] == group
    ec2.delete_security_group(GroupId=group)
    ec2.delete_managed_prefix_list(**one)


def endpoints(ec2, vpc, table):
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.1.2.0/24")["Subnet"]["SubnetId"]
    service = lambda name: f"com.amazonaws.{ec2.meta.region_name}.{name}"
    ec2.describe_vpc_endpoint_services()
    gateway, interface = [
        ec2.create_vpc_endpoint(VpcId=vpc, TagSpecifications=[tags("vpc-endpoint")], **more)["VpcEndpoint"]["VpcEndpointId"]
        for more in [
            {"ServiceName": service("s3"), "RouteTableIds": [table], "ClientToken": "t"},
            {"ServiceName": service("ec2"), "VpcEndpointType": "Interface", "SubnetIds": [subnet], "PrivateDnsEnabled": False},
        ]]
    routes = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
    assert any(r.get("GatewayId") == gateway and r.get("DestinationPrefixListId") for r in routes), routes
    ec2.modify_vpc_endpoint(VpcEndpointId=gateway, ResetPolicy=True, RemoveRouteTableIds=[table])
    ec2.describe_vpc_endpoints()
    ec2.describe_network_interfaces(Filters=[{"Name": "interface-type", "Values": ["vpc_endpoint"]}])
    ec2.delete_vpc_endpoints(VpcEndpointIds=[gateway, interface, "vpce-12345678"])
    ec2.delete_subnet(SubnetId=subnet)
