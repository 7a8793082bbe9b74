#!/usr/bin/env python3
"""Every EC2 answer against the public EC2 model that ships with botocore.

    ec2_model.py path/to/novella

Starts a server with the simulated driver in a temporary folder, goes through the life of an image, a key pair and some
instances, and walks every answer along the model's output shape. Failures: an element that the model does not know, a
value of the wrong type, a member that AWS always returns and we do not, an action of docs/coverage.md that was not called.
The same answers are read again by every older version of the model that botocore has.

Needs boto3 and pytest.
"""
import collections, os, pathlib, re, signal, subprocess, sys, tempfile
import xml.etree.ElementTree as ET

import boto3
import botocore.config

import ec2_images
import ec2_model_account
import ec2_model_capacity
import ec2_model_launches
import ec2_model_storage
import ec2_model_vpc
from cloud import until
from ec2_model_given import ACCOUNT, KERNEL, RAMDISK, REGION, WINDOWS, tags

ROOT = pathlib.Path(__file__).resolve().parent.parent
KEY, SECRET = "AKIAMODELTEST0000000", "model-secret"

# What AWS puts into every answer, however empty: clients read it without asking. Instances are running ones.
ALWAYS = {
    "DescribeInstances.reservationSet[]": "reservationId ownerId groupSet instancesSet",
    "DescribeInstances.reservationSet[].instancesSet[]": """
        amiLaunchIndex architecture blockDeviceMapping bootMode capacityReservationSpecification clientToken cpuOptions
        currentInstanceBootMode dnsName ebsOptimized enaSupport enclaveOptions groupSet hibernationOptions hypervisor imageId
        instanceId instanceState instanceType keyName launchTime maintenanceOptions metadataOptions monitoring
        networkInterfaceSet placement platformDetails privateDnsName privateDnsNameOptions privateIpAddress productCodes reason
        rootDeviceName rootDeviceType sourceDestCheck subnetId usageOperation usageOperationUpdateTime virtualizationType
        vpcId tagSet""",
    "DescribeInstances.reservationSet[].instancesSet[].placement": "availabilityZone availabilityZoneId groupName tenancy",
    "DescribeInstances.reservationSet[].instancesSet[].metadataOptions": """
        state httpTokens httpPutResponseHopLimit httpEndpoint httpProtocolIpv6 instanceMetadataTags""",
    "DescribeInstances.reservationSet[].instancesSet[].networkInterfaceSet[]": """
        attachment description groupSet interfaceType ipv6AddressesSet macAddress networkInterfaceId ownerId privateDnsName
        privateIpAddress privateIpAddressesSet sourceDestCheck status subnetId vpcId""",
    "DescribeInstances.reservationSet[].instancesSet[].networkInterfaceSet[].attachment": """
        attachTime attachmentId deleteOnTermination deviceIndex networkCardIndex status""",
    "DescribeInstanceStatus.instanceStatusSet[]": """
        availabilityZone instanceId instanceState instanceStatus systemStatus""",
    "DescribeImages.imagesSet[]": """
        architecture blockDeviceMapping creationDate enaSupport hypervisor imageId imageLocation imageOwnerId imageState
        imageType isPublic name platformDetails rootDeviceName rootDeviceType usageOperation virtualizationType""",
    "DescribeKeyPairs.keySet[]": "createTime keyFingerprint keyName keyPairId keyType tagSet",
    "DescribeAvailabilityZones.availabilityZoneInfo[]": """
        groupName messageSet networkBorderGroup optInStatus regionName zoneId zoneName zoneState zoneType""",
    "DescribeRegions.regionInfo[]": "optInStatus regionEndpoint regionName",
    "DescribeInstanceTypes.instanceTypeSet[]": """
        autoRecoverySupported bareMetal burstablePerformanceSupported currentGeneration dedicatedHostsSupported ebsInfo
        freeTierEligible hibernationSupported hypervisor instanceStorageSupported instanceType memoryInfo networkInfo
        placementGroupInfo processorInfo supportedBootModes supportedRootDeviceTypes supportedUsageClasses
        supportedVirtualizationTypes vCpuInfo""",
    "DescribeVpcs.vpcSet[]": "cidrBlock cidrBlockAssociationSet dhcpOptionsId instanceTenancy isDefault ownerId state vpcId",
    "DescribeSubnets.subnetSet[]": """
        assignIpv6AddressOnCreation availabilityZone availabilityZoneId availableIpAddressCount cidrBlock defaultForAz
        ipv6CidrBlockAssociationSet mapPublicIpOnLaunch ownerId state subnetArn subnetId vpcId""",
    "DescribeSecurityGroups.securityGroupInfo[]": """
        groupDescription groupId groupName ipPermissions ipPermissionsEgress ownerId vpcId""",
    "DescribeSecurityGroups.securityGroupInfo[].ipPermissions[]": "groups ipProtocol ipRanges ipv6Ranges prefixListIds",
    "DescribeNetworkInterfaces.networkInterfaceSet[]": """
        availabilityZone availabilityZoneId description groupSet interfaceType ipv6AddressesSet macAddress networkInterfaceId
        ownerId privateIpAddress privateIpAddressesSet requesterManaged sourceDestCheck status subnetId tagSet
        vpcId""",
    "DescribeNetworkInterfaces.networkInterfaceSet[].attachment": """
        attachTime attachmentId deleteOnTermination deviceIndex instanceOwnerId networkCardIndex status""",
    "DescribeAddresses.addressesSet[]": """
        allocationId associationId domain instanceId networkBorderGroup networkInterfaceId networkInterfaceOwnerId
        privateIpAddress publicIp publicIpv4Pool tagSet""",
    "DescribeLaunchTemplates.launchTemplates[]": """
        createTime createdBy defaultVersionNumber latestVersionNumber launchTemplateId launchTemplateName""",
    "DescribeLaunchTemplateVersions.launchTemplateVersionSet[]": """
        createTime createdBy defaultVersion launchTemplateData launchTemplateId launchTemplateName versionNumber""",
    "DescribePlacementGroups.placementGroupSet[]": "groupArn groupId groupName state strategy",
    "DescribeVolumes.volumeSet[]": """
        attachmentSet availabilityZone availabilityZoneId createTime encrypted multiAttachEnabled operator size snapshotId status
        volumeId volumeType""",
    "DescribeVolumes.volumeSet[].attachmentSet[]": "attachTime deleteOnTermination device instanceId status volumeId",
    "DescribeVolumesModifications.volumeModificationSet[]": """
        modificationState originalSize originalVolumeType progress startTime targetSize targetVolumeType volumeId""",
    "DescribeVolumeStatus.volumeStatusSet[]": "actionsSet availabilityZone eventsSet volumeId volumeStatus",
    "DescribeSnapshots.snapshotSet[]": """
        description encrypted ownerId progress snapshotId startTime status storageTier volumeId volumeSize""",
    "DescribeVpcPeeringConnections.vpcPeeringConnectionSet[]": """
        accepterVpcInfo requesterVpcInfo status tagSet vpcPeeringConnectionId""",
    "DescribeNatGateways.natGatewaySet[]": """
        connectivityType createTime natGatewayAddressSet natGatewayId state subnetId tagSet vpcId""",
    "DescribeManagedPrefixLists.prefixListSet[]": """
        addressFamily ownerId prefixListArn prefixListId prefixListName state tagSet""",
    "DescribeVpcEndpoints.vpcEndpointSet[]": """
        creationTimestamp dnsEntrySet groupSet networkInterfaceIdSet ownerId policyDocument privateDnsEnabled requesterManaged
        routeTableIdSet serviceName state subnetIdSet tagSet vpcEndpointId vpcEndpointType vpcId""",
    "DescribeEgressOnlyInternetGateways.egressOnlyInternetGatewaySet[]": "attachmentSet egressOnlyInternetGatewayId tagSet",
    "DescribeTags.tagSet[]": "key resourceId resourceType value",
    **ec2_model_capacity.ALWAYS,
}

INSTANCE = "DescribeInstances.reservationSet[].instancesSet[]"
# A terminated instance has given its interface back.
GONE_WITH_THE_INTERFACE = "privateDnsNameOptions privateIpAddress sourceDestCheck subnetId vpcId".split()

Finding = collections.namedtuple("Finding", "kind path detail")

# Findings that are meant, with the reason. One that does not come is a finding itself.
EXPECTED = {
    Finding("enum", "DescribeInstanceTypes.instanceTypeSet[].instanceType", "m1.tiny"): "nova's smallest type",
    Finding("enum", "DescribeInstanceTypeOfferings.instanceTypeOfferingSet[].instanceType", "m1.tiny"): "nova's smallest type",
    Finding("enum", "DescribeInternetGateways.internetGatewaySet[].attachmentSet[].state", "available"):
        "AWS's documentation: `available` when attached, though the model's list lacks it",
    Finding("enum", "CreateNetworkInterface.networkInterface.status", "pending"):
        "AWS's documented answer says so, though the model's list lacks it",
    Finding("enum", "DescribeNetworkInterfaces.networkInterfaceSet[].interfaceType", "nat_gateway"):
        "AWS writes it so; the model's list has natGateway",
    Finding("enum", "DescribeVpcEndpoints.vpcEndpointSet[].state", "available"): "AWS writes it so; the model's list has Available",
    Finding("enum", "CreateVpcEndpoint.vpcEndpoint.state", "available"): "the same",
    Finding("enum", "CreateVpcEndpoint.vpcEndpoint.state", "pending"): "the same",
    **{
        Finding("unknown", f"{path}.{name}", ""): "models later than the pinned botocore's have it"
        for path in ("CreateVolume", "DescribeVolumes.volumeSet[]")
        for name in ("ownerId", "volumeArn")
    },
    Finding("unknown", "AssociateAddress.return", ""):
        "AWS's documented answer has it, the model has not",
    Finding("unknown", "CreatePlacementGroup.return", ""):
        "AWS's documented answer has it, the model has not",
    Finding("unknown", "CreateSecurityGroup.return", ""): "AWS's documented answer has it, the model has not",
}


def tag(element):
    return element.tag.split("}")[-1]


def walk(shape, element, path, found):
    """Compare an element with the shape that the model gives it."""
    text = (element.text or "").strip()
    if shape.type_name == "structure":
        members = {m.serialization.get("name", name): m for name, m in shape.members.items()}
        seen = set()
        for child in element:
            name = tag(child)
            if name == "requestId" and "." not in path:
                continue
            if name in seen:
                found.append(Finding("twice", f"{path}.{name}", ""))
            seen.add(name)
            if name not in members:
                found.append(Finding("unknown", f"{path}.{name}", text))
            else:
                walk(members[name], child, f"{path}.{name}", found)
        terminated = any(tag(e) == "name" and e.text == "terminated" for c in element if tag(c) == "instanceState" for e in c)
        for name in ALWAYS.get(path, "").split():
            if name not in seen and not (path == INSTANCE and terminated and name in GONE_WITH_THE_INTERFACE):
                found.append(Finding("missing", f"{path}.{name}", ""))
    elif shape.type_name == "list":
        for child in element:
            if tag(child) != "item":
                found.append(Finding("unknown", f"{path}.{tag(child)}", "a list holds items"))
            walk(shape.member, child, f"{path}[]", found)
    elif len(element):
        found.append(Finding("type", path, "elements where the model has a " + shape.type_name))
    elif shape.type_name == "boolean" and text not in ("true", "false"):
        found.append(Finding("type", path, text))
    elif shape.type_name in ("integer", "long") and not re.fullmatch(r"-?\d+", text):
        found.append(Finding("type", path, text))
    elif shape.type_name in ("double", "float") and not re.fullmatch(r"-?\d+(\.\d+)?", text):
        found.append(Finding("type", path, text))
    elif shape.type_name == "timestamp" and not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", text):
        found.append(Finding("type", path, text))
    elif getattr(shape, "enum", None) and text not in shape.enum:
        found.append(Finding("enum", path, text))


class Server:
    def __init__(self, program):
        self.dir = tempfile.TemporaryDirectory()
        path = pathlib.Path(self.dir.name)
        (path / "data/keys").mkdir(parents=True)
        (path / "data/keys/cloud-key.pem").write_bytes((ROOT / "fixtures/bundle/ec2-key.pem").read_bytes())
        (path / "config.toml").write_text(
            f'regions = ["{REGION}"]\n[[accounts]]\nid = "{ACCOUNT}"\nname = "model"\n'
            f'[[accounts.keys]]\naccess_key_id = "{KEY}"\nsecret_access_key = "{SECRET}"\n'
            '[[instance_profiles]]\nname = "web"\n'
        )
        # What the bundle boots with, and what ec2_recorded.py launches; any file will do for the simulated driver.
        for id, *more in [[KERNEL], [RAMDISK], [WINDOWS, "--platform", "windows"]]:
            subprocess.run([program, "image", "--data-dir", path / "data", "import", ROOT / "fixtures/bundle/tiny.img",
                            "--id", id, "--owner", ACCOUNT, "--public", *more], check=True, stdout=subprocess.DEVNULL)
        self.process = subprocess.Popen(
            [program, "serve", "--config", path / "config.toml", "--data-dir", path / "data", "--driver", "simulated",
             "--listen", "127.0.0.1:0"],
            stdout=subprocess.PIPE, text=True, env=os.environ | {"NOVELLA_LOG": os.environ.get("NOVELLA_LOG", "warn")},
        )
        for line in self.process.stdout:
            if match := re.search(r"http://[0-9.:]+", line):
                self.url = match[0]
                return
        raise SystemExit("the server did not start")

    def client(self, service, **options):
        config = botocore.config.Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
        return boto3.client(service, region_name=REGION, endpoint_url=self.url, aws_access_key_id=KEY,
                            aws_secret_access_key=SECRET, config=config, **options)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=30)


def life(server, ec2):
    """Call every action while there is something to tell."""
    s3 = server.client("s3")
    s3.create_bucket(Bucket="images")
    for part in sorted((ROOT / "fixtures/bundle/ami").iterdir()):
        s3.put_object(Bucket="images", Key=part.name, Body=part.read_bytes())
    manifest = next((ROOT / "fixtures/bundle/ami").glob("*.manifest.xml")).name
    image = ec2.register_image(ImageLocation=f"images/{manifest}", Name="model test", Description="x & <y>",
                               TagSpecifications=[tags("image")])["ImageId"]
    until("the image", lambda: ec2.describe_images(ImageIds=[image])["Images"][0]["State"] != "pending")
    state = ec2.describe_images(ImageIds=[image])["Images"][0]
    assert state["State"] == "available", state

    ec2.create_key_pair(KeyName="made", KeyType="ed25519", TagSpecifications=[tags("key-pair")])
    ec2.import_key_pair(KeyName="mine", PublicKeyMaterial=(ROOT / "fixtures/keys/rsa.pub").read_bytes())
    ec2.describe_key_pairs(IncludePublicKey=True)
    ec2.describe_regions()
    ec2.describe_availability_zones()
    ec2.describe_account_attributes()
    ec2.describe_vpcs()
    ec2.describe_subnets()
    security_groups(ec2)
    vpc_family(ec2)
    ec2_model_vpc.life(ec2)
    for page in ec2.get_paginator("describe_instance_types").paginate(PaginationConfig={"PageSize": 20}):
        assert page["InstanceTypes"]

    launched = ec2.run_instances(
        ImageId=image, KernelId=KERNEL, RamdiskId=RAMDISK, InstanceType="t3.micro", KeyName="mine", MinCount=2,
        MaxCount=2, UserData="#!/bin/sh\n", TagSpecifications=[tags("instance"), tags("network-interface")],
        MetadataOptions={"HttpTokens": "required", "HttpPutResponseHopLimit": 2},
        BlockDeviceMappings=[{"DeviceName": "/dev/sdb", "Ebs": {"VolumeSize": 4, "VolumeType": "gp3"}}],
        Monitoring={"Enabled": True}, Placement={"AvailabilityZone": f"{REGION}b"},
    )
    ids = [i["InstanceId"] for i in launched["Instances"]]

    def states():
        reservations = ec2.describe_instances(InstanceIds=ids)["Reservations"]
        return {i["State"]["Name"] for r in reservations for i in r["Instances"]}

    until("running instances", lambda: states() == {"running"})
    ec2.describe_instance_status()
    ec2.describe_instance_credit_specifications(InstanceIds=ids)
    ec2.get_console_output(InstanceId=ids[0])
    ec2.get_password_data(InstanceId=ids[0])
    ec2.create_tags(Resources=ids, Tags=[{"Key": "more", "Value": ""}])
    ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": ids}])
    ec2.delete_tags(Resources=ids, Tags=[{"Key": "more"}])
    instance_attributes(ec2, ids)
    image_attributes(ec2, image)
    ec2_images.life(ec2, image, REGION)
    ec2_images.of_instance(ec2, ids[0])
    ec2_images.tasks(ec2, s3, image, ids[0])
    ec2_model_account.settings(ec2, image, ids[0])
    ec2_model_account.datafeed(ec2, "tasks")
    ec2_model_account.flow_logs(ec2, "tasks")
    network_interfaces(ec2, ids[0])
    ec2_model_storage.volumes(ec2, ids[0])
    instance_profiles(ec2, ids[0])
    ec2_model_launches.spot(ec2, image)
    ec2_model_launches.fleets(ec2, image)
    launch = {"ImageId": image, "KernelId": KERNEL, "RamdiskId": RAMDISK}
    ec2_model_capacity.hosts(ec2, launch, f"{REGION}c")
    ec2_model_capacity.reservations(ec2, launch, f"{REGION}a")
    of_the_account(ec2, ids[0])
    ec2_model_launches.launch_templates(ec2, ids[0])
    ec2.reboot_instances(InstanceIds=ids)
    ec2.stop_instances(InstanceIds=ids)
    until("stopped instances", lambda: states() == {"stopped"})
    ec2_model_launches.placement_groups(ec2, ids[0])
    ec2_images.of_stopped(ec2, ids[0])
    ec2_model_capacity.of_stopped(ec2, ids[0])
    ec2.modify_instance_cpu_options(InstanceId=ids[0], CoreCount=1, ThreadsPerCore=1)
    ec2.start_instances(InstanceIds=ids)
    until("running instances", lambda: states() == {"running"})
    old_versions(server)
    ec2.terminate_instances(InstanceIds=ids)
    until("terminated instances", lambda: states() == {"terminated"})
    ec2.describe_instance_status(IncludeAllInstances=True)
    ec2.delete_key_pair(KeyName="made")
    ec2.deregister_image(ImageId=image)
    server.client("sts").get_caller_identity()


def instance_attributes(ec2, ids):
    one = ids[0]
    for name in """instanceType kernel ramdisk userData disableApiTermination disableApiStop instanceInitiatedShutdownBehavior
            rootDeviceName blockDeviceMapping productCodes sourceDestCheck groupSet ebsOptimized sriovNetSupport enaSupport
            enclaveOptions""".split():
        ec2.describe_instance_attribute(InstanceId=one, Attribute=name)
    ec2.modify_instance_attribute(InstanceId=one, DisableApiTermination={"Value": True})
    ec2.modify_instance_attribute(InstanceId=one, Attribute="disableApiTermination", Value="false")
    ec2.modify_instance_attribute(InstanceId=one, SourceDestCheck={"Value": False})
    ec2.reset_instance_attribute(InstanceId=one, Attribute="sourceDestCheck")
    ec2.modify_instance_metadata_options(InstanceId=one, HttpTokens="optional", InstanceMetadataTags="enabled")
    ec2.unmonitor_instances(InstanceIds=ids)
    ec2.monitor_instances(InstanceIds=ids)
    ec2.describe_instance_type_offerings(LocationType="availability-zone")
    ec2.get_ebs_encryption_by_default()


def network_interfaces(ec2, instance):
    subnet = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]["SubnetId"]
    made = ec2.create_network_interface(SubnetId=subnet, Description="model test", SecondaryPrivateIpAddressCount=1,
                                        TagSpecifications=[tags("network-interface")])["NetworkInterface"]
    one = {"NetworkInterfaceId": made["NetworkInterfaceId"]}
    attachment = ec2.attach_network_interface(**one, InstanceId=instance, DeviceIndex=1)["AttachmentId"]
    for name in ["description", "groupSet", "sourceDestCheck", "attachment", "associatePublicIpAddress"]:
        ec2.describe_network_interface_attribute(**one, Attribute=name)
    ec2.modify_network_interface_attribute(**one, Attachment={"AttachmentId": attachment, "DeleteOnTermination": True})
    ec2.reset_network_interface_attribute(**one, SourceDestCheck="true")
    ec2.unassign_private_ip_addresses(**one, PrivateIpAddresses=[made["PrivateIpAddresses"][1]["PrivateIpAddress"]])
    ec2.assign_private_ip_addresses(**one, SecondaryPrivateIpAddressCount=1)
    elastic_addresses(ec2, made["NetworkInterfaceId"], attachment)
    ec2.detach_network_interface(AttachmentId=attachment)
    ec2.delete_network_interface(**one)


def instance_profiles(ec2, instance):
    association = ec2.associate_iam_instance_profile(InstanceId=instance, IamInstanceProfile={"Name": "web"})
    one = {"AssociationId": association["IamInstanceProfileAssociation"]["AssociationId"]}
    ec2.describe_instances()
    ec2.describe_iam_instance_profile_associations()
    again = ec2.replace_iam_instance_profile_association(**one, IamInstanceProfile={"Name": "web"})
    ec2.disassociate_iam_instance_profile(AssociationId=again["IamInstanceProfileAssociation"]["AssociationId"])


def of_the_account(ec2, instance):
    """What an account says of all its instances, small changes of one, and what there is none of."""
    ec2.modify_instance_metadata_defaults(HttpTokens="required", HttpPutResponseHopLimit=2, InstanceMetadataTags="enabled")
    assert ec2.get_instance_metadata_defaults()["AccountLevel"]["HttpTokens"] == "required"
    ec2.modify_instance_metadata_defaults(HttpTokens="no-preference", HttpPutResponseHopLimit=-1, InstanceMetadataTags="no-preference")
    for call in [ec2.enable_serial_console_access, ec2.get_serial_console_access_status, ec2.disable_serial_console_access]:
        call()
    ec2.modify_instance_maintenance_options(InstanceId=instance, AutoRecovery="disabled")
    ec2.modify_private_dns_name_options(InstanceId=instance, PrivateDnsHostnameType="resource-name")
    ec2.modify_instance_credit_specification(InstanceCreditSpecifications=[
        {"InstanceId": instance, "CpuCredits": "standard"}, {"InstanceId": "i-12345678", "CpuCredits": "standard"}])
    assert ec2.describe_instance_credit_specifications(InstanceIds=[instance])["InstanceCreditSpecifications"][0]["CpuCredits"] == "standard"
    ec2.report_instance_status(Instances=[instance], Status="impaired", ReasonCodes=["other"])
    ec2.confirm_product_instance(InstanceId=instance, ProductCode="774F4FF8")
    for name in ["reserved_instances", "reserved_instances_offerings", "reserved_instances_modifications", "scheduled_instances",
                 "capacity_reservations", "instance_event_windows", "id_format", "aggregate_id_format", "principal_id_format"]:
        getattr(ec2, f"describe_{name}")()
    ec2.describe_identity_id_format(PrincipalArn="all", Resource="vpc")
    ec2.modify_id_format(Resource="instance", UseLongIds=True)
    ec2.modify_identity_id_format(Resource="instance", UseLongIds=True, PrincipalArn="all")


def elastic_addresses(ec2, interface, attachment):
    """While an address leads to an interface of an instance."""
    address = ec2.allocate_address(Domain="vpc", TagSpecifications=[tags("elastic-ip")])["AllocationId"]
    association = ec2.associate_address(AllocationId=address, NetworkInterfaceId=interface)["AssociationId"]
    ec2.modify_address_attribute(AllocationId=address, DomainName="www.example.org")
    ec2.describe_addresses()
    ec2.describe_addresses_attribute(Attribute="domain-name")
    ec2.reset_address_attribute(AllocationId=address, Attribute="domain-name")
    ec2.describe_network_interfaces()
    ec2.describe_instances()
    ec2.disassociate_address(AssociationId=association)
    ec2.release_address(AllocationId=address)


def security_groups(ec2):
    group = ec2.create_security_group(GroupName="web", Description="model test", TagSpecifications=[tags("security-group")])["GroupId"]
    https = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "all"}],
             "Ipv6Ranges": [{"CidrIpv6": "::/0"}], "UserIdGroupPairs": [{"GroupId": group}]}
    rules = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[https], TagSpecifications=[tags("security-group-rule")])
    ids = [r["SecurityGroupRuleId"] for r in rules["SecurityGroupRules"]]
    assert len(ids) == 3, rules
    ec2.authorize_security_group_ingress(GroupName="web", IpProtocol="tcp", FromPort=22, ToPort=22, CidrIp="10.0.0.0/8")
    ec2.authorize_security_group_egress(GroupId=group, IpPermissions=[https])
    ec2.update_security_group_rule_descriptions_ingress(GroupId=group, IpPermissions=[https])
    ec2.update_security_group_rule_descriptions_egress(GroupId=group, IpPermissions=[https])
    ec2.modify_security_group_rules(GroupId=group, SecurityGroupRules=[
        {"SecurityGroupRuleId": ids[0], "SecurityGroupRule": {"IpProtocol": "udp", "FromPort": 1, "ToPort": 2, "CidrIpv4": "10.0.0.0/8"}}])
    ec2.describe_security_groups()
    ec2.describe_security_group_rules()
    ec2.revoke_security_group_ingress(GroupId=group, SecurityGroupRuleIds=ids)
    ec2.revoke_security_group_egress(GroupId=group, IpPermissions=[https])
    ec2.delete_security_group(GroupId=group)


def vpc_family(ec2):
    """A VPC as Terraform builds it, reads it back and takes it down."""
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=[tags("vpc")])["Vpc"]["VpcId"]
    here = [{"Name": "vpc-id", "Values": [vpc]}]
    for name in ["enableDnsSupport", "enableDnsHostnames", "enableNetworkAddressUsageMetrics"]:
        ec2.describe_vpc_attribute(VpcId=vpc, Attribute=name)
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    acl = ec2.describe_network_acls(Filters=[*here, {"Name": "default", "Values": ["true"]}])["NetworkAcls"][0]
    main = ec2.describe_route_tables(Filters=[*here, {"Name": "association.main", "Values": ["true"]}])["RouteTables"][0]
    assert main["Routes"][0]["GatewayId"] == "local" and main["Associations"][0]["Main"], main
    assert ec2.describe_security_groups(Filters=[*here, {"Name": "group-name", "Values": ["default"]}])["SecurityGroups"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24", TagSpecifications=[tags("subnet")])["Subnet"]["SubnetId"]
    ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
    assert ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["MapPublicIpOnLaunch"]

    gateway = ec2.create_internet_gateway(TagSpecifications=[tags("internet-gateway")])["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    found = ec2.describe_internet_gateways(Filters=[{"Name": "attachment.vpc-id", "Values": [vpc]}])["InternetGateways"]
    assert found[0]["Attachments"] == [{"State": "available", "VpcId": vpc}], found
    table = ec2.create_route_table(VpcId=vpc, TagSpecifications=[tags("route-table")])["RouteTable"]["RouteTableId"]
    route = {"RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0"}
    ec2.create_route(**route, GatewayId=gateway)
    ec2.replace_route(**route, GatewayId=gateway)
    association = ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)["AssociationId"]
    ec2.describe_route_tables(RouteTableIds=[table])
    again = ec2.replace_route_table_association(AssociationId=association, RouteTableId=main["RouteTableId"])["NewAssociationId"]
    ec2.disassociate_route_table(AssociationId=again)

    own = ec2.create_network_acl(VpcId=vpc, TagSpecifications=[tags("network-acl")])["NetworkAcl"]["NetworkAclId"]
    entry = {"NetworkAclId": own, "RuleNumber": 100, "Egress": False}
    ssh = {"Protocol": "6", "RuleAction": "allow", "CidrBlock": "0.0.0.0/0", "PortRange": {"From": 22, "To": 22}}
    ec2.create_network_acl_entry(**entry, **ssh)
    ec2.replace_network_acl_entry(**entry, **ssh | {"RuleAction": "deny"})
    acl = ec2.describe_network_acls(NetworkAclIds=[acl["NetworkAclId"]])["NetworkAcls"][0]
    moved = ec2.replace_network_acl_association(
        AssociationId=acl["Associations"][0]["NetworkAclAssociationId"], NetworkAclId=own)["NewAssociationId"]
    ec2.describe_network_acls()
    ec2.replace_network_acl_association(AssociationId=moved, NetworkAclId=acl["NetworkAclId"])
    ec2.delete_network_acl_entry(**entry)
    ec2.delete_network_acl(NetworkAclId=own)

    options = ec2.create_dhcp_options(DhcpConfigurations=[{"Key": "domain-name", "Values": ["example.org"]}],
                                      TagSpecifications=[tags("dhcp-options")])["DhcpOptions"]["DhcpOptionsId"]
    ec2.associate_dhcp_options(DhcpOptionsId=options, VpcId=vpc)
    ec2.describe_dhcp_options()
    ec2.associate_dhcp_options(DhcpOptionsId="default", VpcId=vpc)
    ec2.delete_dhcp_options(DhcpOptionsId=options)

    ec2.delete_route(**route)
    ec2.delete_route_table(RouteTableId=table)
    ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    ec2.delete_internet_gateway(InternetGatewayId=gateway)
    ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_vpc(VpcId=vpc)
    default_vpc_again(ec2)


def default_vpc_again(ec2):
    """The default VPC goes when it is taken down, and comes back when it is asked for."""
    default = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]["VpcId"]
    here = [{"Name": "vpc-id", "Values": [default]}]
    for subnet in ec2.describe_subnets(Filters=here)["Subnets"]:
        ec2.delete_subnet(SubnetId=subnet["SubnetId"])
    ec2.create_default_subnet(AvailabilityZone=f"{REGION}a")
    ec2.delete_subnet(SubnetId=ec2.describe_subnets(Filters=here)["Subnets"][0]["SubnetId"])
    gateway = ec2.describe_internet_gateways(Filters=[{"Name": "attachment.vpc-id", "Values": [default]}])["InternetGateways"][0]
    ec2.detach_internet_gateway(InternetGatewayId=gateway["InternetGatewayId"], VpcId=default)
    ec2.delete_vpc(VpcId=default)
    assert not ec2.describe_vpcs()["Vpcs"]
    ec2.create_default_vpc()


def image_attributes(ec2, image):
    ec2.modify_image_attribute(ImageId=image, Description={"Value": "better"})
    ec2.modify_image_attribute(ImageId=image, LaunchPermission={"Add": [{"Group": "all"}, {"UserId": "210987654321"}]})
    for name in """description kernel ramdisk launchPermission productCodes blockDeviceMapping sriovNetSupport bootMode
            tpmSupport uefiData lastLaunchedTime imdsSupport deregistrationProtection""".split():
        ec2.describe_image_attribute(ImageId=image, Attribute=name)
    ec2.reset_image_attribute(ImageId=image, Attribute="launchPermission")


def old_versions(server):
    """What the models of the last ten years make of today's answers: they must read them, and see the instances."""
    loader = boto3.session.Session()._session.get_component("data_loader")
    for version in loader.list_api_versions("ec2", "service-2"):
        ec2 = server.client("ec2", api_version=version)
        assert 2 in [len(r["Instances"]) for r in ec2.describe_instances()["Reservations"]], version
        assert ec2.describe_images(Owners=["self"])["Images"] and ec2.describe_key_pairs()["KeyPairs"], version
        assert ec2.describe_vpcs()["Vpcs"] and ec2.describe_subnets()["Subnets"], version
        assert ec2.describe_availability_zones()["AvailabilityZones"], version


def main(program):
    server = Server(program)
    found, called = [], {"GetCallerIdentity"}
    try:
        ec2 = server.client("ec2")

        def check(http_response, model, **_):
            called.add(model.name)
            if http_response.status_code == 200:
                root = ET.fromstring(http_response.content)
                if model.output_shape is not None:
                    walk(model.output_shape, root, model.name, found)
                elif [tag(c) for c in root] != ["requestId", "return"]:
                    found.append(Finding("void", model.name, "expected requestId and return only"))

        ec2.meta.events.register("after-call.ec2.*", check)
        life(server, ec2)
    finally:
        server.stop()
    coverage = (ROOT / "docs/coverage.md").read_text()
    for action in re.findall(r"^\| \[(\w+)\]", coverage, re.M):
        if action not in called:
            found.append(Finding("not called", action, "add it to this test"))
    for finding, reason in EXPECTED.items():
        if finding not in found:
            found.append(Finding("expected", finding.path, f"{finding.kind} {finding.detail}: {reason}"))
    counts = collections.Counter(f for f in found if f not in EXPECTED)
    for finding, times in sorted(counts.items()):
        print(f"{finding.kind:10} {finding.path}  {finding.detail!r} x{times}")
    print(f"{len(called)} actions called, {len(counts)} findings")
    return 1 if counts else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    sys.exit(main(sys.argv[1]))
