"""What ec2_model.py calls of a VPC beyond subnets, groups, tables and internet gateways."""


def tags(kind):
    return {"ResourceType": kind, "Tags": [{"Key": "Name", "Value": "model & co"}]}


def quick(waiter):
    waiter.config.delay = 0.1
    return waiter


def life(ec2):
    mine, other = [ec2.create_vpc(CidrBlock=cidr)["Vpc"]["VpcId"] for cidr in ["10.1.0.0/16", "10.2.0.0/16"]]
    table = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [mine]}])["RouteTables"][0]["RouteTableId"]
    peering(ec2, mine, other, table)
    egress_only(ec2, mine, table)
    nat(ec2, mine, table)
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
    ec2.delete_vpc_peering_connection(**one)
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
