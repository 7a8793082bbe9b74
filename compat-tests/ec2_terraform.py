"""What Terraform's AWS provider calls, in its order, for resources whose making it reads back field by field.

The provider itself cannot be had everywhere, so its calls are replayed: create, read, refresh (which must show no difference),
update, destroy. Every field that it reads without asking is looked at.
"""

import uuid

import pytest

import cloud
from terraform import code, tagged


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
    assert again != association
    left = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]["NetworkInterfaces"][0]["Association"]
    assert left["PublicIp"] != made["PublicIp"] and left["IpOwnerId"] == "amazon", "one of its own, as at its launch"
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
