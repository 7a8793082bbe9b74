"""What Terraform's AWS provider calls, in its order, for resources whose making it reads back field by field.

The provider itself cannot be had everywhere, so its calls are replayed: create, read, refresh (which must show no difference),
update, destroy. Every field that it reads without asking is looked at.
"""

import uuid

import pytest
from botocore.exceptions import ClientError

import cloud


@pytest.fixture(scope="module")
def ec2(server):
    return server.client("ec2")


@pytest.fixture
def subnet(ec2):
    zone = [{"Name": "availability-zone", "Values": ["us-east-1a"]}, {"Name": "default-for-az", "Values": ["true"]}]
    return ec2.describe_subnets(Filters=zone)["Subnets"][0]


@pytest.fixture
def group(ec2, subnet):
    made = ec2.create_security_group(GroupName=f"tf-{uuid.uuid4().hex[:8]}", Description="Managed by Terraform", VpcId=subnet["VpcId"])
    yield made["GroupId"]
    ec2.delete_security_group(GroupId=made["GroupId"])


@pytest.fixture
def instance(ec2, tiny_ami, subnet):
    launched = ec2.run_instances(ImageId=tiny_ami, InstanceType="t3.small", MinCount=1, MaxCount=1, SubnetId=subnet["SubnetId"])
    id = launched["Instances"][0]["InstanceId"]
    cloud.await_state(ec2, id, "running")
    yield id
    ec2.terminate_instances(InstanceIds=[id])
    cloud.await_state(ec2, id, "terminated")


def code(call, **arguments):
    with pytest.raises(ClientError) as refused:
        call(**arguments)
    return refused.value.response["Error"]["Code"]


def tagged(kind, name):
    return [{"ResourceType": kind, "Tags": [{"Key": "Name", "Value": name}]}]


def test_aws_network_interface(ec2, subnet, group, instance):
    made = ec2.create_network_interface(
        SubnetId=subnet["SubnetId"], ClientToken=str(uuid.uuid4()), Description="tf", Groups=[group],
        SecondaryPrivateIpAddressCount=1, TagSpecifications=tagged("network-interface", "tf"))["NetworkInterface"]
    id = made["NetworkInterfaceId"]
    read = lambda: ec2.describe_network_interfaces(NetworkInterfaceIds=[id])["NetworkInterfaces"][0]
    ec2.get_waiter("network_interface_available").wait(NetworkInterfaceIds=[id])
    ec2.modify_network_interface_attribute(NetworkInterfaceId=id, SourceDestCheck={"Value": False})
    seen = read()
    for field in ["Description", "Groups", "InterfaceType", "MacAddress", "OwnerId", "PrivateDnsName", "PrivateIpAddress",
                  "PrivateIpAddresses", "SourceDestCheck", "SubnetId", "TagSet", "VpcId", "AvailabilityZone", "Status"]:
        assert field in seen, field
    assert (seen["SourceDestCheck"], [g["GroupId"] for g in seen["Groups"]]) == (False, [group])
    assert [a["Primary"] for a in seen["PrivateIpAddresses"]] == [True, False] and "Attachment" not in seen
    assert read() == seen, "a refresh shows no difference"

    attachment = ec2.attach_network_interface(NetworkInterfaceId=id, InstanceId=instance, DeviceIndex=1)["AttachmentId"]
    attached = read()
    assert attached["Status"] == "in-use" and attached["Attachment"]["Status"] == "attached", attached
    wanted = {"AttachmentId": attachment, "InstanceId": instance, "DeviceIndex": 1, "DeleteOnTermination": False}
    assert attached["Attachment"].items() >= wanted.items()
    mine = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    assert [n["Attachment"]["DeviceIndex"] for n in mine["NetworkInterfaces"]] == [0, 1]
    assert code(ec2.delete_network_interface, NetworkInterfaceId=id) == "InvalidParameterValue"
    assert code(ec2.delete_security_group, GroupId=group) == "DependencyViolation"
    again = {"NetworkInterfaceId": id, "InstanceId": instance, "DeviceIndex": 2}
    assert code(ec2.attach_network_interface, **again) == "InvalidNetworkInterface.InUse"

    ec2.assign_private_ip_addresses(NetworkInterfaceId=id, SecondaryPrivateIpAddressCount=1, AllowReassignment=False)
    secondary = [a["PrivateIpAddress"] for a in read()["PrivateIpAddresses"] if not a["Primary"]]
    assert len(secondary) == 2, secondary
    ec2.unassign_private_ip_addresses(NetworkInterfaceId=id, PrivateIpAddresses=secondary[:1])
    default = mine["NetworkInterfaces"][0]["Groups"][0]["GroupId"]
    ec2.modify_network_interface_attribute(NetworkInterfaceId=id, Groups=[default])
    ec2.modify_network_interface_attribute(NetworkInterfaceId=id, Description={"Value": "changed"})
    seen = read()
    assert (seen["Description"], seen["Groups"][0]["GroupId"], len(seen["PrivateIpAddresses"])) == ("changed", default, 2)

    ec2.detach_network_interface(AttachmentId=attachment, Force=True)
    assert "Attachment" not in read()
    ec2.delete_network_interface(NetworkInterfaceId=id)
    assert code(ec2.describe_network_interfaces, NetworkInterfaceIds=[id]) == "InvalidNetworkInterfaceID.NotFound"


def test_interfaces_and_their_instances_end(ec2, tiny_ami, subnet, server):
    """What is to go with its instance goes; what is not is there for the next one."""
    id = ec2.create_network_interface(SubnetId=subnet["SubnetId"])["NetworkInterface"]["NetworkInterfaceId"]
    launch = {"ImageId": tiny_ami, "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1}
    card = [{"DeviceIndex": 0, "NetworkInterfaceId": id}]
    for _ in range(2):
        instance = ec2.run_instances(**launch, NetworkInterfaces=card)["Instances"][0]
        assert instance["NetworkInterfaces"][0]["NetworkInterfaceId"] == id
        cloud.await_state(ec2, instance["InstanceId"], "running")
        ec2.terminate_instances(InstanceIds=[instance["InstanceId"]])
        cloud.await_state(ec2, instance["InstanceId"], "terminated")
        seen = ec2.describe_network_interfaces(NetworkInterfaceIds=[id])["NetworkInterfaces"][0]
        assert (seen["Status"], "Attachment" in seen) == ("available", False)
        gone = ec2.describe_instances(InstanceIds=[instance["InstanceId"]])["Reservations"][0]["Instances"][0]
        assert not gone["NetworkInterfaces"]
    ec2.delete_network_interface(NetworkInterfaceId=id)

    card = [{"DeviceIndex": 0, "SubnetId": subnet["SubnetId"], "Description": "kept", "DeleteOnTermination": False,
             "SecondaryPrivateIpAddressCount": 1}]
    instance = ec2.run_instances(**launch, NetworkInterfaces=card)["Instances"][0]
    kept = instance["NetworkInterfaces"][0]
    assert (kept["Description"], kept["Attachment"]["DeleteOnTermination"], len(kept["PrivateIpAddresses"])) == ("kept", False, 2)
    of_it = [{"Name": "attachment.instance-id", "Values": [instance["InstanceId"]]}]
    assert len(ec2.describe_network_interfaces(Filters=of_it)["NetworkInterfaces"]) == 1
    pages = ec2.get_paginator("describe_network_interfaces").paginate(PaginationConfig={"PageSize": 5})
    assert kept["NetworkInterfaceId"] in [n["NetworkInterfaceId"] for page in pages for n in page["NetworkInterfaces"]]
    cloud.await_state(ec2, instance["InstanceId"], "running")
    ec2.terminate_instances(InstanceIds=[instance["InstanceId"]])
    cloud.await_state(ec2, instance["InstanceId"], "terminated")
    shown = server.aws("ec2", "describe-network-interfaces", "--network-interface-ids", kept["NetworkInterfaceId"], "--query",
                       "NetworkInterfaces[0].Status", "--output", "text")
    assert shown == "available"
    ec2.delete_network_interface(NetworkInterfaceId=kept["NetworkInterfaceId"])


def test_aws_instance_with_interfaces(ec2, tiny_ami, subnet, group):
    """aws_instance with network_interface blocks: its own ones by device index, made by the launch."""
    kept = ec2.create_network_interface(SubnetId=subnet["SubnetId"], Groups=[group])["NetworkInterface"]["NetworkInterfaceId"]
    cards = [{"DeviceIndex": 1, "NetworkInterfaceId": kept, "DeleteOnTermination": False},
             {"DeviceIndex": 0, "SubnetId": subnet["SubnetId"], "Groups": [group], "SecondaryPrivateIpAddressCount": 1}]
    launch = {"ImageId": tiny_ami, "InstanceType": "t3.small", "MinCount": 1, "MaxCount": 1}
    id = ec2.run_instances(**launch, NetworkInterfaces=cards)["Instances"][0]["InstanceId"]
    cloud.await_state(ec2, id, "running")
    read = lambda: ec2.describe_instances(InstanceIds=[id])["Reservations"][0]["Instances"][0]
    seen = read()
    assert [n["Attachment"]["DeviceIndex"] for n in seen["NetworkInterfaces"]] == [0, 1]
    assert [n["Attachment"]["DeleteOnTermination"] for n in seen["NetworkInterfaces"]] == [True, False]
    assert [a["Primary"] for a in seen["NetworkInterfaces"][0]["PrivateIpAddresses"]] == [True, False]
    assert "PublicIpAddress" not in seen and read() == seen, "a refresh shows no difference"
    ec2.terminate_instances(InstanceIds=[id])
    cloud.await_state(ec2, id, "terminated")
    assert ec2.describe_network_interfaces(NetworkInterfaceIds=[kept])["NetworkInterfaces"][0]["Status"] == "available"
    ec2.delete_network_interface(NetworkInterfaceId=kept)


def test_associate_public_ip_address(ec2, tiny_ami, subnet):
    """What aws_instance's associate_public_ip_address says is read back from the first interface's association."""
    launch = {"ImageId": tiny_ami, "InstanceType": "t3.small", "MinCount": 1, "MaxCount": 1}
    for asked in [True, False]:
        card = [{"DeviceIndex": 0, "SubnetId": subnet["SubnetId"], "AssociatePublicIpAddress": asked}]
        id = ec2.run_instances(**launch, NetworkInterfaces=card)["Instances"][0]["InstanceId"]
        cloud.await_state(ec2, id, "running")
        read = lambda: ec2.describe_instances(InstanceIds=[id])["Reservations"][0]["Instances"][0]
        seen = read()
        assert ("Association" in seen["NetworkInterfaces"][0], bool(seen.get("PublicIpAddress"))) == (asked, asked)
        if asked:
            assert seen["NetworkInterfaces"][0]["Association"]["IpOwnerId"] == "amazon" and seen["PublicDnsName"]
            ec2.stop_instances(InstanceIds=[id])
            cloud.await_state(ec2, id, "stopped")
            assert "PublicIpAddress" not in read()
            ec2.start_instances(InstanceIds=[id])
            cloud.await_state(ec2, id, "running")
            assert read()["PublicIpAddress"]
        ec2.terminate_instances(InstanceIds=[id])
        cloud.await_state(ec2, id, "terminated")


def test_aws_eip(ec2, instance):
    """aws_eip and aws_eip_association: allocate, describe, associate, read by each side, move, let go."""
    made = ec2.allocate_address(Domain="vpc", TagSpecifications=tagged("elastic-ip", "tf"))
    id = made["AllocationId"]
    assert made["Domain"] == "vpc" and made["NetworkBorderGroup"] and made["PublicIpv4Pool"] == "amazon", made
    read = lambda: ec2.describe_addresses(AllocationIds=[id])["Addresses"][0]
    fresh = read()
    assert fresh["Tags"] == [{"Key": "Name", "Value": "tf"}] and "AssociationId" not in fresh
    assert ec2.describe_addresses_attribute(AllocationIds=[id], Attribute="domain-name")["Addresses"][0]["AllocationId"] == id
    association = ec2.associate_address(AllocationId=id, InstanceId=instance, AllowReassociation=True)["AssociationId"]
    seen = ec2.describe_addresses(Filters=[{"Name": "association-id", "Values": [association]}])["Addresses"][0]
    mine = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    card = mine["NetworkInterfaces"][0]
    assert (seen["InstanceId"], seen["NetworkInterfaceId"]) == (instance, card["NetworkInterfaceId"])
    assert seen["PrivateIpAddress"] == mine["PrivateIpAddress"]
    assert mine["PublicIpAddress"] == card["Association"]["PublicIp"] == made["PublicIp"] and mine["PublicDnsName"]
    assert read() == read() == seen, "a refresh shows no difference"
    interface = ec2.describe_network_interfaces(NetworkInterfaceIds=[card["NetworkInterfaceId"]])["NetworkInterfaces"][0]
    assert (interface["Association"]["AllocationId"], interface["Association"]["AssociationId"]) == (id, association)
    assert code(ec2.release_address, AllocationId=id) == "InvalidIPAddress.InUse"
    ec2.disassociate_address(AssociationId=association)
    assert code(ec2.disassociate_address, AssociationId=association) == "InvalidAssociationID.NotFound"
    again = ec2.associate_address(PublicIp=made["PublicIp"], InstanceId=instance)["AssociationId"]
    ec2.disassociate_address(PublicIp=made["PublicIp"])
    assert again != association and "PublicIpAddress" not in ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    ec2.release_address(AllocationId=id)
    assert code(ec2.describe_addresses, AllocationIds=[id]) == "InvalidAllocationID.NotFound"
    assert code(ec2.describe_addresses, PublicIps=[made["PublicIp"]]) == "InvalidAddress.NotFound"


def test_addresses_with_older_clients(server, instance):
    """boto 2.49 and aws-cli on the same address."""
    old = server.boto2_ec2()
    address = old.allocate_address(domain="vpc")
    assert old.associate_address(instance_id=instance, allocation_id=address.allocation_id)
    [seen] = old.get_all_addresses(allocation_ids=[address.allocation_id])
    assert (seen.instance_id, seen.public_ip) == (instance, address.public_ip)
    assert old.disassociate_address(association_id=seen.association_id)
    text = ["--query", "Addresses[0].PublicIp", "--output", "text"]
    shown = server.aws("ec2", "describe-addresses", "--allocation-ids", address.allocation_id, *text)
    assert shown == address.public_ip
    server.aws("ec2", "release-address", "--allocation-id", address.allocation_id)


def test_aws_launch_template(ec2, server, tiny_ami, group, subnet):
    """aws_launch_template, and an aws_instance that is launched from it."""
    card = {"DeviceIndex": 0, "SubnetId": subnet["SubnetId"], "Groups": [group], "DeleteOnTermination": True}
    data = {"ImageId": tiny_ami, "InstanceType": "t3.micro", "NetworkInterfaces": [card], "UserData": "aGVsbG8=",
            "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 2}, "Monitoring": {"Enabled": True},
            "TagSpecifications": tagged("instance", "from template")}
    made = ec2.create_launch_template(ClientToken=str(uuid.uuid4()), LaunchTemplateName="tf-web", LaunchTemplateData=data,
                                      VersionDescription="first", TagSpecifications=tagged("launch-template", "tf"))["LaunchTemplate"]
    id = made["LaunchTemplateId"]
    read = lambda: ec2.describe_launch_templates(LaunchTemplateIds=[id])["LaunchTemplates"][0]
    seen = read()
    assert (seen["LatestVersionNumber"], seen["DefaultVersionNumber"], seen["LaunchTemplateName"]) == (1, 1, "tf-web")
    assert seen["Tags"] == [{"Key": "Name", "Value": "tf"}] and seen["CreateTime"] and seen["CreatedBy"]
    version = lambda n: ec2.describe_launch_template_versions(LaunchTemplateId=id, Versions=[n])["LaunchTemplateVersions"][0]
    assert version("1")["LaunchTemplateData"] == data and version("1")["VersionDescription"] == "first"
    assert (read(), version("1")) == (seen, version("$Latest")), "a refresh shows no difference"

    launched = ec2.run_instances(LaunchTemplate={"LaunchTemplateId": id, "Version": "$Latest"}, MinCount=1, MaxCount=1)["Instances"][0]
    cloud.await_state(ec2, launched["InstanceId"], "running")
    mine = ec2.describe_instances(InstanceIds=[launched["InstanceId"]])["Reservations"][0]["Instances"][0]
    assert (mine["InstanceType"], mine["MetadataOptions"]["HttpTokens"], mine["SubnetId"]) == ("t3.micro", "required", subnet["SubnetId"])
    assert {t["Key"]: t["Value"] for t in mine["Tags"]} == {
        "Name": "from template", "aws:ec2launchtemplate:id": id, "aws:ec2launchtemplate:version": "1"}

    data["InstanceType"] = "t3.small"
    newer = ec2.create_launch_template_version(ClientToken=str(uuid.uuid4()), LaunchTemplateId=id, LaunchTemplateData=data)
    assert newer["LaunchTemplateVersion"]["VersionNumber"] == 2 and not newer["LaunchTemplateVersion"]["DefaultVersion"]
    ec2.modify_launch_template(LaunchTemplateId=id, DefaultVersion="2")
    assert (read()["DefaultVersionNumber"], version("$Default")["LaunchTemplateData"]["InstanceType"]) == (2, "t3.small")
    older = server.aws("ec2", "run-instances", "--launch-template", "LaunchTemplateName=tf-web,Version=1", "--instance-type", "t3.nano",
                       "--query", "Instances[0].[InstanceId,InstanceType]", "--output", "text").split()
    assert older[1] == "t3.nano", "what the request says wins"
    both = [launched["InstanceId"], older[0]]
    ec2.terminate_instances(InstanceIds=both)
    for instance in both:
        cloud.await_state(ec2, instance, "terminated")
    ec2.delete_launch_template(LaunchTemplateId=id)
    assert code(ec2.describe_launch_templates, LaunchTemplateIds=[id]) == "InvalidLaunchTemplateId.NotFound"


def test_aws_placement_group(ec2, tiny_ami):
    """aws_placement_group with an instance in it, which leaves it while it is stopped."""
    name = f"tf-{uuid.uuid4().hex[:8]}"
    made = ec2.create_placement_group(GroupName=name, Strategy="cluster", TagSpecifications=tagged("placement-group", "tf"))["PlacementGroup"]
    read = lambda: ec2.describe_placement_groups(GroupNames=[name])["PlacementGroups"][0]
    assert (read()["State"], read()["Strategy"], read()["GroupArn"], read()["GroupId"]) == (
        "available", "cluster", made["GroupArn"], made["GroupId"])
    assert code(ec2.run_instances, ImageId=tiny_ami, InstanceType="t3.micro", MinCount=1, MaxCount=1,
                Placement={"GroupName": name}) == "InvalidParameterCombination"
    inside = ec2.run_instances(ImageId=tiny_ami, InstanceType="c5.large", MinCount=1, MaxCount=1, Placement={"GroupName": name})
    inside = inside["Instances"][0]
    assert inside["Placement"]["GroupName"] == name
    assert code(ec2.delete_placement_group, GroupName=name) == "InvalidPlacementGroup.InUse"
    cloud.await_state(ec2, inside["InstanceId"], "running")
    assert code(ec2.modify_instance_placement, InstanceId=inside["InstanceId"], GroupName="") == "IncorrectInstanceState"
    ec2.stop_instances(InstanceIds=[inside["InstanceId"]])
    cloud.await_state(ec2, inside["InstanceId"], "stopped")
    ec2.modify_instance_placement(InstanceId=inside["InstanceId"], GroupName="")
    ec2.delete_placement_group(GroupName=name)
    assert code(ec2.describe_placement_groups, GroupNames=[name]) == "InvalidPlacementGroup.Unknown"
    ec2.terminate_instances(InstanceIds=[inside["InstanceId"]])


def attached(ec2, volume, instance, device):
    """What aws_volume_attachment looks for."""
    found = ec2.describe_volumes(VolumeIds=[volume], Filters=[
        {"Name": "attachment.device", "Values": [device]}, {"Name": "attachment.instance-id", "Values": [instance]}])["Volumes"]
    return found[0]["Attachments"][0]["State"] if found else None


def test_aws_ebs_volume_and_attachment(ec2, server, instance):
    """aws_ebs_volume, changed in place, and aws_volume_attachment; euca2ools' and boto 2's way to see them."""
    zone = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]["Placement"]["AvailabilityZone"]
    made = ec2.create_volume(AvailabilityZone=zone, Size=10, VolumeType="gp3", Encrypted=False, ClientToken=str(uuid.uuid4()),
                             TagSpecifications=tagged("volume", "tf"))
    id = made["VolumeId"]
    wait(ec2, "volume_available", VolumeIds=[id])
    read = lambda: ec2.describe_volumes(VolumeIds=[id])["Volumes"][0]
    seen = read()
    for field in ["AvailabilityZone", "CreateTime", "Encrypted", "Iops", "MultiAttachEnabled", "Size", "SnapshotId", "State", "Tags",
                  "Throughput", "VolumeId", "VolumeType", "Attachments"]:
        assert field in seen, field
    assert (seen["Iops"], seen["Throughput"], seen["Tags"]) == (3000, 125, [{"Key": "Name", "Value": "tf"}])
    assert read() == seen, "a refresh shows no difference"

    change = ec2.modify_volume(VolumeId=id, Size=20, Iops=4000, Throughput=200)["VolumeModification"]
    assert (change["OriginalSize"], change["TargetSize"], change["ModificationState"]) == (10, 20, "modifying")
    until = lambda: ec2.describe_volumes_modifications(VolumeIds=[id])["VolumesModifications"][0]["ModificationState"]
    assert until() in ["optimizing", "completed"]
    assert (read()["Size"], read()["Iops"], read()["Throughput"]) == (20, 4000, 200)
    assert code(ec2.modify_volume, VolumeId=id, Size=10) == "InvalidParameterValue"

    assert attached(ec2, id, instance, "/dev/sdh") is None
    ec2.attach_volume(VolumeId=id, InstanceId=instance, Device="/dev/sdh")
    assert attached(ec2, id, instance, "/dev/sdh") == "attached" and read()["State"] == "in-use"
    mine = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    assert mine["BlockDeviceMappings"][0]["Ebs"].items() >= {"VolumeId": id, "Status": "attached", "DeleteOnTermination": False}.items()
    assert code(ec2.attach_volume, VolumeId=id, InstanceId=instance, Device="/dev/sdi") == "VolumeInUse"
    assert code(ec2.delete_volume, VolumeId=id) == "VolumeInUse"
    [old] = server.boto2_ec2().get_all_volumes(volume_ids=[id])
    assert (old.size, old.status, old.zone, old.attach_data.instance_id, old.attach_data.device) == (
        20, "in-use", zone, instance, "/dev/sdh")
    shown = server.aws("ec2", "describe-volumes", "--volume-ids", id, "--query", "Volumes[0].Attachments[0].Device", "--output", "text")
    assert shown == "/dev/sdh"
    ec2.detach_volume(VolumeId=id, InstanceId=instance, Device="/dev/sdh", Force=False)
    assert attached(ec2, id, instance, "/dev/sdh") is None
    wait(ec2, "volume_available", VolumeIds=[id])
    assert code(ec2.detach_volume, VolumeId=id) == "IncorrectState"
    ec2.delete_volume(VolumeId=id)
    wait(ec2, "volume_deleted", VolumeIds=[id])


def test_aws_ebs_snapshot_and_copy(ec2, server, subnet):
    """aws_ebs_snapshot, aws_ebs_snapshot_copy from another region, and a volume of the copy."""
    zone = subnet["AvailabilityZone"]
    volume = ec2.create_volume(AvailabilityZone=zone, Size=3)["VolumeId"]
    wait(ec2, "volume_available", VolumeIds=[volume])
    made = ec2.create_snapshot(VolumeId=volume, Description="tf", TagSpecifications=tagged("snapshot", "tf"))
    id = made["SnapshotId"]
    assert (made["State"], made["VolumeId"], made["VolumeSize"]) == ("pending", volume, 3)
    wait(ec2, "snapshot_completed", SnapshotIds=[id])
    read = lambda: ec2.describe_snapshots(SnapshotIds=[id])["Snapshots"][0]
    seen = read()
    for field in ["Description", "Encrypted", "OwnerId", "Progress", "StartTime", "State", "StorageTier", "VolumeId", "VolumeSize", "Tags"]:
        assert field in seen, field
    assert read() == seen, "a refresh shows no difference"
    ec2.modify_snapshot_attribute(SnapshotId=id, Attribute="createVolumePermission",
                                  CreateVolumePermission={"Add": [{"UserId": "210987654321"}]})
    shared = ec2.describe_snapshot_attribute(SnapshotId=id, Attribute="createVolumePermission")["CreateVolumePermissions"]
    assert shared == [{"UserId": "210987654321"}]
    copy = ec2.copy_snapshot(SourceRegion=ec2.meta.region_name, SourceSnapshotId=id, Description="copy")["SnapshotId"]
    wait(ec2, "snapshot_completed", SnapshotIds=[copy])
    [old] = server.boto2_ec2().get_all_snapshots(snapshot_ids=[copy])
    assert (old.status, old.progress, old.volume_size, old.description) == ("completed", "100%", 3, "copy")
    ec2.delete_volume(VolumeId=volume)
    ec2.delete_snapshot(SnapshotId=id)
    assert code(ec2.describe_snapshots, SnapshotIds=[id]) == "InvalidSnapshot.NotFound"
    again = ec2.create_volume(AvailabilityZone=zone, SnapshotId=copy)
    assert (again["Size"], again["SnapshotId"]) == (3, copy)
    ec2.delete_snapshot(SnapshotId=copy)
    ec2.delete_volume(VolumeId=again["VolumeId"])


def test_aws_ebs_encryption_by_default_and_key(ec2):
    """aws_ebs_encryption_by_default and aws_ebs_default_kms_key."""
    ec2.enable_ebs_encryption_by_default()
    assert ec2.get_ebs_encryption_by_default()["EbsEncryptionByDefault"]
    key = f"arn:aws:kms:{ec2.meta.region_name}:123456789012:key/{uuid.uuid4()}"
    ec2.modify_ebs_default_kms_key_id(KmsKeyId=key)
    assert ec2.get_ebs_default_kms_key_id()["KmsKeyId"] == key
    ec2.reset_ebs_default_kms_key_id()
    assert ec2.get_ebs_default_kms_key_id()["KmsKeyId"] == "alias/aws/ebs"
    assert not ec2.disable_ebs_encryption_by_default()["EbsEncryptionByDefault"]


def wait(ec2, waiter, **arguments):
    """boto3's own waiter, impatient."""
    waiter = ec2.get_waiter(waiter)
    waiter.config.delay = 0.1
    waiter.wait(**arguments)


def test_iam_instance_profile_of_aws_instance(ec2, tiny_ami, subnet):
    """aws_instance's iam_instance_profile, which the operator declares: at launch, changed, taken away."""
    launch = {"ImageId": tiny_ami, "InstanceType": "t3.small", "MinCount": 1, "MaxCount": 1, "SubnetId": subnet["SubnetId"]}
    id = ec2.run_instances(**launch, IamInstanceProfile={"Name": "web"})["Instances"][0]["InstanceId"]
    cloud.await_state(ec2, id, "running")
    read = lambda: ec2.describe_instances(InstanceIds=[id])["Reservations"][0]["Instances"][0]
    assert read()["IamInstanceProfile"]["Arn"].split(":instance-profile/")[1] == "web" and read() == read()
    of_it = [{"Name": "instance-id", "Values": [id]}]
    associations = lambda: ec2.describe_iam_instance_profile_associations(Filters=of_it)["IamInstanceProfileAssociations"]
    [seen] = associations()
    assert (seen["State"], seen["InstanceId"]) == ("associated", id)
    assert code(ec2.associate_iam_instance_profile, InstanceId=id, IamInstanceProfile={"Name": "web"}) == "IncorrectState"
    ec2.replace_iam_instance_profile_association(AssociationId=seen["AssociationId"], IamInstanceProfile={"Name": "web"})
    [again] = associations()
    assert again["AssociationId"] != seen["AssociationId"]
    ec2.disassociate_iam_instance_profile(AssociationId=again["AssociationId"])
    assert not associations() and "IamInstanceProfile" not in read()
    ec2.associate_iam_instance_profile(InstanceId=id, IamInstanceProfile={"Name": "web"})
    assert read()["IamInstanceProfile"]["Id"].startswith("AIPA")
    ec2.terminate_instances(InstanceIds=[id])
    cloud.await_state(ec2, id, "terminated")
    assert not associations()


def test_aws_spot_instance_request(ec2, tiny_ami, subnet):
    """aws_spot_instance_request with wait_for_fulfillment: its instance is read through it, and both go."""
    wanted = {"ImageId": tiny_ami, "InstanceType": "t3.small", "Placement": {"AvailabilityZone": "us-east-1a"}, "UserData": ""}
    made = ec2.request_spot_instances(
        ClientToken=str(uuid.uuid4()), InstanceCount=1, LaunchSpecification=wanted, SpotPrice="0.03", Type="persistent",
        InstanceInterruptionBehavior="stop", TagSpecifications=tagged("spot-instances-request", "tf"))["SpotInstanceRequests"][0]
    id = made["SpotInstanceRequestId"]
    assert (made["State"], made["Status"]["Code"]) == ("open", "pending-evaluation")
    read = lambda: ec2.describe_spot_instance_requests(SpotInstanceRequestIds=[id])["SpotInstanceRequests"][0]
    cloud.until("it is fulfilled", lambda: read()["Status"]["Code"] == "fulfilled")
    seen = read()
    assert (seen["State"], seen["SpotPrice"], seen["Type"], seen["InstanceInterruptionBehavior"]) == ("active", "0.030000", "persistent", "stop")
    assert seen["Tags"] == [{"Key": "Name", "Value": "tf"}] and seen["LaunchedAvailabilityZone"] == "us-east-1a"
    assert read() == seen, "a refresh shows no difference"
    instance = seen["InstanceId"]
    cloud.await_state(ec2, instance, "running")
    ec2.stop_instances(InstanceIds=[instance])
    cloud.until("its request is disabled", lambda: read()["Status"]["Code"] == "instance-stopped-by-user")
    cloud.await_state(ec2, instance, "stopped")
    ec2.start_instances(InstanceIds=[instance])
    cloud.until("its request is active", lambda: read()["State"] == "active")
    ec2.terminate_instances(InstanceIds=[instance])
    cloud.until("another instance", lambda: read().get("InstanceId", instance) != instance)
    instance = read()["InstanceId"]
    assert ec2.cancel_spot_instance_requests(SpotInstanceRequestIds=[id])["CancelledSpotInstanceRequests"][0]["State"] == "cancelled"
    assert read()["Status"]["Code"] == "request-canceled-and-instance-running"
    ec2.terminate_instances(InstanceIds=[instance])
    cloud.await_state(ec2, instance, "terminated")
    cloud.until("the request knows", lambda: read()["Status"]["Code"] == "instance-terminated-by-user")


def test_spot_requests_end(ec2, tiny_ami):
    """One whose time has passed is closed, and a one-time one with its instance."""
    big = {"ImageId": tiny_ami, "InstanceType": "r6i.32xlarge"}
    read = lambda id: ec2.describe_spot_instance_requests(SpotInstanceRequestIds=[id])["SpotInstanceRequests"][0]
    late = {"LaunchSpecification": big, "ValidUntil": "2020-01-01T00:00:00Z"}
    [made] = ec2.request_spot_instances(**late)["SpotInstanceRequests"]
    cloud.until("it is too late", lambda: read(made["SpotInstanceRequestId"])["Status"]["Code"] == "schedule-expired")
    one = ec2.run_instances(ImageId=tiny_ami, InstanceType="t3.micro", MinCount=1, MaxCount=1, InstanceMarketOptions={"MarketType": "spot"})
    one = one["Instances"][0]
    cloud.await_state(ec2, one["InstanceId"], "running")
    assert code(ec2.stop_instances, InstanceIds=[one["InstanceId"]]) == "UnsupportedOperation"
    ec2.terminate_instances(InstanceIds=[one["InstanceId"]])
    cloud.until("it is closed", lambda: read(one["SpotInstanceRequestId"])["State"] == "closed")


@pytest.fixture
def template(ec2, tiny_ami):
    data = {"ImageId": tiny_ami, "InstanceType": "t3.micro"}
    made = ec2.create_launch_template(LaunchTemplateName=f"tf-{uuid.uuid4().hex[:8]}", LaunchTemplateData=data)["LaunchTemplate"]
    yield {"LaunchTemplateId": made["LaunchTemplateId"], "Version": "1"}
    ec2.delete_launch_template(LaunchTemplateId=made["LaunchTemplateId"])


def fleet_of(ec2, id):
    return ec2.describe_fleets(FleetIds=[id])["Fleets"][0]


def test_aws_ec2_fleet_instant(ec2, template):
    """aws_ec2_fleet of the type instant: made, read back field by field, taken down with its instances."""
    made = ec2.create_fleet(
        ClientToken=str(uuid.uuid4()), ExcessCapacityTerminationPolicy="termination", Type="instant", ReplaceUnhealthyInstances=False,
        LaunchTemplateConfigs=[{"LaunchTemplateSpecification": template, "Overrides": [{"InstanceType": "t3.small"}]}],
        TargetCapacitySpecification={"DefaultTargetCapacityType": "on-demand", "TotalTargetCapacity": 2},
        OnDemandOptions={"AllocationStrategy": "lowest-price"}, TagSpecifications=tagged("fleet", "tf"))
    id = made["FleetId"]
    seen = fleet_of(ec2, id)
    for field in ["ExcessCapacityTerminationPolicy", "FulfilledCapacity", "FulfilledOnDemandCapacity", "LaunchTemplateConfigs",
                  "OnDemandOptions", "ReplaceUnhealthyInstances", "TargetCapacitySpecification", "TerminateInstancesWithExpiration",
                  "Type", "Tags", "CreateTime", "Instances"]:
        assert field in seen, field
    assert (seen["FleetState"], seen["Type"], seen["FulfilledCapacity"]) == ("active", "instant", 2.0)
    assert seen["LaunchTemplateConfigs"][0]["LaunchTemplateSpecification"] == template
    assert seen["LaunchTemplateConfigs"][0]["Overrides"] == [{"InstanceType": "t3.small"}]
    [launched] = seen["Instances"]
    assert launched["InstanceIds"] == made["Instances"][0]["InstanceIds"] and launched["InstanceType"] == "t3.small"
    assert fleet_of(ec2, id) == seen, "a refresh shows no difference"
    deleted = ec2.delete_fleets(FleetIds=[id], TerminateInstances=True)
    assert deleted["SuccessfulFleetDeletions"][0]["CurrentFleetState"] == "deleted_terminating"
    cloud.until("it is deleted", lambda: fleet_of(ec2, id)["FleetState"] == "deleted")
    for instance in launched["InstanceIds"]:
        cloud.await_state(ec2, instance, "terminated")


def test_aws_ec2_fleet_maintained(ec2, template):
    """One that is maintained launches what is lost and what a higher target asks for, and ends what is too much."""
    target = {"DefaultTargetCapacityType": "spot", "TotalTargetCapacity": 2}
    id = ec2.create_fleet(Type="maintain", LaunchTemplateConfigs=[{"LaunchTemplateSpecification": template}],
                          TargetCapacitySpecification=target)["FleetId"]
    living = lambda: [i["InstanceId"] for i in ec2.describe_fleet_instances(FleetId=id)["ActiveInstances"]]
    before = living()
    assert len(before) == 2 and fleet_of(ec2, id)["ActivityStatus"] == "fulfilled"
    ec2.terminate_instances(InstanceIds=before[:1])
    cloud.until("what is lost is replaced", lambda: len(living()) == 2)
    for total in [4, 1]:
        ec2.modify_fleet(FleetId=id, TargetCapacitySpecification={"TotalTargetCapacity": total})
        cloud.until(f"{total} instances", lambda: len(living()) == total)
    last = living()
    assert ec2.delete_fleets(FleetIds=[id], TerminateInstances=False)["SuccessfulFleetDeletions"][0]["CurrentFleetState"] == "deleted_running"
    ec2.terminate_instances(InstanceIds=last)
    cloud.until("it is deleted", lambda: fleet_of(ec2, id)["FleetState"] == "deleted")
