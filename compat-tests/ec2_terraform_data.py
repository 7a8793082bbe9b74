"""Terraform's data sources, as in ec2_terraform.py: what they ask, by which filters, and what they dereference of the answer."""

import pytest

import cloud
from terraform import code, filters, holds, steady, tagged, token


@pytest.fixture(scope="module")
def made(ec2, tiny_ami):
    """A little of everything, with one tag that is asked for."""
    vpc = ec2.create_vpc(CidrBlock="10.40.0.0/16", TagSpecifications=tagged("vpc", "tf-data"))["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.40.1.0/24", AvailabilityZone="us-east-1a",
                               TagSpecifications=tagged("subnet", "tf-data"))["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="tf-data", Description="tf", VpcId=vpc,
                                      TagSpecifications=tagged("security-group", "tf-data"))["GroupId"]
    card = [{"DeviceIndex": 0, "SubnetId": subnet, "Groups": [group]}]
    launched = ec2.run_instances(ImageId=tiny_ami, InstanceType="t3.micro", MinCount=1, MaxCount=1, NetworkInterfaces=card,
                                 TagSpecifications=tagged("instance", "tf-data"))["Instances"][0]["InstanceId"]
    cloud.await_state(ec2, launched, "running")
    address = ec2.allocate_address(Domain="vpc", TagSpecifications=tagged("elastic-ip", "tf-data"))
    yield {"vpc": vpc, "subnet": subnet, "group": group, "instance": launched, "address": address, "image": tiny_ami}
    ec2.release_address(AllocationId=address["AllocationId"])
    ec2.terminate_instances(InstanceIds=[launched])
    cloud.await_state(ec2, launched, "terminated")
    ec2.delete_security_group(GroupId=group)
    ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_vpc(VpcId=vpc)


def named(pairs):
    return [{"Name": name, "Values": values if isinstance(values, list) else [values]} for name, values in pairs]


BY_TAG = ("tag:Name", "tf-data")


def test_one_is_found_by_everything_that_is_known_of_it(ec2, made):
    """Data sources of one thing; all that it has is sent as one set of filters, under the names that the provider gives them."""
    cases = [
        (ec2.describe_vpcs, "Vpcs", "VpcId", made["vpc"], [
            ("cidr", "10.40.0.0/16"), ("dhcp-options-id", "dopt-*"), ("state", "available"), BY_TAG]),
        (ec2.describe_subnets, "Subnets", "SubnetId", made["subnet"], [
            ("availabilityZone", "us-east-1a"), ("availabilityZoneId", "*"), ("cidrBlock", "10.40.1.0/24"), ("state", "available"),
            ("vpc-id", made["vpc"]), BY_TAG]),
        (ec2.describe_security_groups, "SecurityGroups", "GroupId", made["group"], [("group-name", "tf-data"), ("vpc-id", made["vpc"]), BY_TAG]),
        (ec2.describe_addresses, "Addresses", "AllocationId", made["address"]["AllocationId"], [
            ("public-ip", made["address"]["PublicIp"]), ("domain", "vpc"), BY_TAG]),
        (ec2.describe_route_tables, "RouteTables", "VpcId", made["vpc"], [("vpc-id", made["vpc"]), ("association.main", "true")]),
        (ec2.describe_network_acls, "NetworkAcls", "VpcId", made["vpc"], [("vpc-id", made["vpc"]), ("association.subnet-id", made["subnet"])]),
        (ec2.describe_network_interfaces, "NetworkInterfaces", "SubnetId", made["subnet"], [
            ("subnet-id", made["subnet"]), ("group-id", made["group"]), ("attachment.instance-id", made["instance"]), ("status", "in-use")]),
        (ec2.describe_images, "Images", "ImageId", made["image"], [
            ("image-id", made["image"]), ("state", ["available", "pending"]), ("is-public", "false"), ("architecture", "x86_64")]),
    ]
    for call, kind, name, wanted, by in cases:
        found = call(Filters=named(by))[kind]
        assert [one[name] for one in found] == [wanted], (kind, by)
        assert [one[name] for one in call(Filters=named([by[0]]))[kind] if one[name] == wanted] == [wanted]


def test_aws_instance_and_instances(ec2, made):
    found = ec2.describe_instances(InstanceIds=[made["instance"]], Filters=named([BY_TAG]))["Reservations"][0]["Instances"][0]
    holds(found, {"Placement": {"AvailabilityZone": "us-east-1a", "Tenancy": "default"}, "State": {"Name": "running"}})
    by = named([("instance-state-name", ["running", "stopped"]), BY_TAG, ("instance.group-id", made["group"]), ("availability-zone", "us-east-1?")])
    assert [i["InstanceId"] for r in ec2.describe_instances(Filters=by)["Reservations"] for i in r["Instances"]] == [made["instance"]]
    assert ec2.describe_instances(Filters=named([("instance-state-name", "running"), ("tag:Name", "nothing")]))["Reservations"] == []


def test_aws_availability_zones(ec2):
    zones = ec2.describe_availability_zones(AllAvailabilityZones=True, Filters=named([("state", "available"), ("opt-in-status", "opt-in-not-required")]))
    for zone in zones["AvailabilityZones"]:
        holds(zone, {"State": "available", "RegionName": "us-east-1", "OptInStatus": "opt-in-not-required", "ZoneType": "availability-zone",
                     "NetworkBorderGroup": "us-east-1"})
        assert zone["GroupName"] and zone["ZoneName"].startswith("us-east-1") and zone["ZoneId"]
    names = [z["ZoneName"] for z in zones["AvailabilityZones"]]
    one = ec2.describe_availability_zones(ZoneNames=names[:1], Filters=named([("state", "available")]))["AvailabilityZones"]
    assert [z["ZoneName"] for z in one] == names[:1]
    by_id = ec2.describe_availability_zones(ZoneIds=[one[0]["ZoneId"]])["AvailabilityZones"]
    assert by_id == one


def test_aws_region_and_caller_identity(ec2, server):
    for region in ec2.describe_regions(AllRegions=True)["Regions"]:
        assert region["RegionName"] and region["Endpoint"] and region["OptInStatus"] in ["opt-in-not-required", "opted-in", "not-opted-in"]
    here = ec2.describe_regions(AllRegions=False, Filters=named([("opt-in-status", ["opt-in-not-required", "opted-in"])]))["Regions"]
    assert "us-east-1" in [r["RegionName"] for r in here]
    caller = server.client("sts").get_caller_identity()
    assert caller["Account"] == cloud.MAIN.id and caller["Arn"].startswith(f"arn:aws:iam::{cloud.MAIN.id}:") and caller["UserId"]


@pytest.mark.parametrize("type", ["t3.micro", "m1.small", "c5.large", "m6i.xlarge", "r6i.32xlarge"])
def test_aws_ec2_instance_type(ec2, type):
    """Structures that it goes into without asking."""
    [seen] = ec2.describe_instance_types(InstanceTypes=[type])["InstanceTypes"]
    wanted = {
        "": """AutoRecoverySupported BareMetal BurstablePerformanceSupported CurrentGeneration DedicatedHostsSupported FreeTierEligible
            HibernationSupported InstanceStorageSupported InstanceType SupportedRootDeviceTypes SupportedUsageClasses SupportedVirtualizationTypes""",
        "EbsInfo": "EncryptionSupport NvmeSupport EbsOptimizedSupport",
        "MemoryInfo": "SizeInMiB",
        "NetworkInfo": """EfaSupported EnaSupport EncryptionInTransitSupported Ipv4AddressesPerInterface Ipv6AddressesPerInterface Ipv6Supported
            MaximumNetworkCards MaximumNetworkInterfaces NetworkCards NetworkPerformance DefaultNetworkCardIndex""",
        "PlacementGroupInfo": "SupportedStrategies",
        "ProcessorInfo": "SupportedArchitectures",
        "VCpuInfo": "DefaultVCpus DefaultCores DefaultThreadsPerCore",
    }
    for part, fields in wanted.items():
        for field in fields.split():
            assert field in (seen[part] if part else seen), f"{part}.{field}"
    if seen["CurrentGeneration"]:
        assert seen["VCpuInfo"]["ValidCores"] and seen["VCpuInfo"]["ValidThreadsPerCore"] and seen["ProcessorInfo"]["SustainedClockSpeedInGhz"]
        assert seen["Hypervisor"]
    assert code(ec2.describe_instance_types, InstanceTypes=["no.such"]) == "InvalidInstanceType"


def test_aws_ec2_instance_types_and_offerings(ec2):
    by = named([("instance-type", "t3.*"), ("current-generation", "true"), ("processor-info.supported-architecture", "x86_64"),
                ("burstable-performance-supported", "true")])
    pages = ec2.get_paginator("describe_instance_types").paginate(Filters=by)
    assert "t3.micro" in [t["InstanceType"] for page in pages for t in page["InstanceTypes"]]
    for kind, place in [("region", "us-east-1"), ("availability-zone", "us-east-1a")]:
        by = named([("instance-type", ["t3.micro", "t2.micro"]), ("location", place)])
        offered = ec2.describe_instance_type_offerings(LocationType=kind, Filters=by)["InstanceTypeOfferings"]
        assert {o["InstanceType"] for o in offered} == {"t3.micro", "t2.micro"}
        assert {(o["Location"], o["LocationType"]) for o in offered} == {(place, kind)}


def test_aws_ami_and_ami_ids(ec2, made):
    by = named([("name", "*"), ("root-device-type", ["ebs", "instance-store"]), ("virtualization-type", "hvm")])
    found = ec2.describe_images(Owners=["self"], Filters=by, IncludeDeprecated=True)["Images"]
    mine = next(i for i in found if i["ImageId"] == made["image"])
    for field in ["BlockDeviceMappings", "CreationDate", "ProductCodes", "RootDeviceType", "RootDeviceName", "State", "PlatformDetails"]:
        assert field in mine, field
    assert ec2.describe_images(Owners=["amazon", "099720109477"], ExecutableUsers=["self"], Filters=by)["Images"] == []


def test_aws_ec2_spot_price_and_serial_console(ec2):
    by = named([("product-description", "Linux/UNIX")])
    prices = ec2.describe_spot_price_history(InstanceTypes=["t3.micro"], AvailabilityZone="us-east-1a", Filters=by,
                                             StartTime="2030-01-01T00:00:00Z")["SpotPriceHistory"]
    assert prices and prices[0]["SpotPrice"] and prices[0]["Timestamp"]
    for on in [True, False]:
        (ec2.enable_serial_console_access if on else ec2.disable_serial_console_access)()
        assert ec2.get_serial_console_access_status()["SerialConsoleAccessEnabled"] is on


def test_aws_vpc_endpoint_service_and_prefix_list(ec2):
    for name, kind in [("s3", "Gateway"), ("ec2", "Interface")]:
        service = f"com.amazonaws.us-east-1.{name}"
        answer = ec2.describe_vpc_endpoint_services(ServiceNames=[service], Filters=named([("service-type", kind)]))
        assert service in answer["ServiceNames"]
        [seen] = answer["ServiceDetails"]
        for field in ["AcceptanceRequired", "AvailabilityZones", "BaseEndpointDnsNames", "ManagesVpcEndpoints", "Owner", "ServiceId", "ServiceName",
                      "VpcEndpointPolicySupported", "Tags"]:
            assert field in seen, field
        assert seen["ServiceType"][0]["ServiceType"] == kind
    assert code(ec2.describe_vpc_endpoint_services, ServiceNames=["com.amazonaws.us-east-1.nothing"]) == "InvalidServiceName"
    [found] = ec2.describe_prefix_lists(Filters=named([("prefix-list-name", "com.amazonaws.us-east-1.s3")]))["PrefixLists"]
    assert "Cidrs" in found and found["PrefixListId"].startswith("pl-")
    by = named([("prefix-list-name", "com.amazonaws.us-east-1.s3"), ("owner-id", "AWS")])
    [managed] = ec2.describe_managed_prefix_lists(Filters=by)["PrefixLists"]
    assert managed["PrefixListId"] == found["PrefixListId"] and managed["AddressFamily"] == "IPv4" and managed["PrefixListArn"]
    assert [e["Cidr"] for e in ec2.get_managed_prefix_list_entries(PrefixListId=found["PrefixListId"])["Entries"]] == found["Cidrs"]


def test_aws_ec2_subnet_cidr_reservation_and_tag(ec2, made):
    wanted = {"Cidr": "10.40.1.64/28", "ReservationType": "prefix", "SubnetId": made["subnet"], "Description": "tf"}
    id = ec2.create_subnet_cidr_reservation(**wanted)["SubnetCidrReservation"]["SubnetCidrReservationId"]
    read = lambda: ec2.get_subnet_cidr_reservations(SubnetId=made["subnet"])
    steady(lambda: read()["SubnetIpv4CidrReservations"][0], {**wanted, "SubnetCidrReservationId": id}, "OwnerId")
    assert read()["SubnetIpv6CidrReservations"] == []
    ec2.delete_subnet_cidr_reservation(SubnetCidrReservationId=id)
    assert code(ec2.delete_subnet_cidr_reservation, SubnetCidrReservationId=id) == "InvalidSubnetCidrReservationID.NotFound"
    # aws_ec2_tag: one tag of something that is another's to keep.
    of_it = filters(resource_id=made["vpc"], key="extra")
    ec2.create_tags(Resources=[made["vpc"]], Tags=[{"Key": "extra", "Value": "1"}])
    assert [t["Value"] for t in ec2.describe_tags(Filters=of_it)["Tags"]] == ["1"]
    ec2.delete_tags(Resources=[made["vpc"]], Tags=[{"Key": "extra", "Value": "1"}])
    assert ec2.describe_tags(Filters=of_it)["Tags"] == []


def test_aws_launch_template_by_name(ec2, made):
    name = f"tf-{token()}"
    id = ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData={"ImageId": made["image"]})["LaunchTemplate"]["LaunchTemplateId"]
    for by in [{"LaunchTemplateNames": [name]}, {"Filters": named([("launch-template-name", name)])}]:
        assert [t["LaunchTemplateId"] for t in ec2.describe_launch_templates(**by)["LaunchTemplates"]] == [id]
    ec2.delete_launch_template(LaunchTemplateId=id)
    assert code(ec2.describe_launch_templates, LaunchTemplateNames=[name]) == "InvalidLaunchTemplateName.NotFoundException"
