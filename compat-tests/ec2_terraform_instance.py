"""Terraform's calls, as in ec2_terraform.py, for aws_instance, which sends and reads the most, and for what it is given: keys, addresses."""

import base64

import pytest

import cloud
from terraform import code, filters, holds, retagged, steady, tagged, token


@pytest.fixture
def subnet(ec2):
    by = filters(availability_zone="us-east-1a", default_for_az="true")
    return ec2.describe_subnets(Filters=by)["Subnets"][0]["SubnetId"]


@pytest.fixture
def group(ec2, subnet):
    vpc = ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["VpcId"]
    id = ec2.create_security_group(GroupName=f"tf-{token()}", Description="Managed by Terraform", VpcId=vpc)["GroupId"]
    yield id
    ec2.delete_security_group(GroupId=id)


# What it sends of every instance, whether its arguments are set or not.
ALWAYS = {"InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1, "DisableApiTermination": False, "DisableApiStop": False, "EbsOptimized": False,
          "Monitoring": {"Enabled": False}, "IamInstanceProfile": {"Name": ""}, "HibernationOptions": {"Configured": False},
          "Placement": {"AvailabilityZone": "", "GroupName": ""}, "CreditSpecification": {"CpuCredits": "unlimited"}}

READ = """AmiLaunchIndex Architecture BlockDeviceMappings CapacityReservationSpecification CpuOptions EbsOptimized EnclaveOptions
    HibernationOptions ImageId InstanceId InstanceType LaunchTime MaintenanceOptions MetadataOptions Monitoring NetworkInterfaces Placement
    PrivateDnsName PrivateDnsNameOptions PrivateIpAddress PublicDnsName RootDeviceType SecurityGroups SourceDestCheck State SubnetId Tags
    VirtualizationType VpcId CurrentInstanceBootMode""".split()


def instance_of(ec2, id):
    return ec2.describe_instances(InstanceIds=[id])["Reservations"][0]["Instances"][0]


@pytest.fixture
def launch(ec2, tiny_ami, group):
    """Launch one as create does, until it runs; destroy turns its protection off first."""
    made = []

    def make(**arguments):
        wanted = {k: v for k, v in {**ALWAYS, "ImageId": tiny_ami, "ClientToken": token(), **arguments}.items() if v is not None}
        id = ec2.run_instances(**wanted)["Instances"][0]["InstanceId"]
        made.append(id)
        cloud.await_state(ec2, id, "running")
        return id

    yield make
    for id in made:
        for protection in ["DisableApiTermination", "DisableApiStop"]:
            ec2.modify_instance_attribute(InstanceId=id, **{protection: {"Value": False}})
        ec2.terminate_instances(InstanceIds=[id])
        cloud.await_state(ec2, id, "terminated")


def attribute(ec2, id, name):
    return ec2.describe_instance_attribute(InstanceId=id, Attribute=name)[name[0].upper() + name[1:]].get("Value")


def refresh(ec2, id):
    """Everything that a refresh asks for."""
    one = instance_of(ec2, id)
    ec2.describe_vpcs(VpcIds=[one["VpcId"]])
    ec2.describe_instance_types(InstanceTypes=[one["InstanceType"]])
    volumes = ec2.describe_volumes(Filters=filters(attachment__instance_id=id))["Volumes"]
    attributes = ["instanceInitiatedShutdownBehavior", "disableApiStop", "disableApiTermination", "userData"]
    credit = ec2.describe_instance_credit_specifications(InstanceIds=[id])["InstanceCreditSpecifications"]
    template = ec2.describe_tags(Filters=filters(resource_id=id, key="aws:ec2launchtemplate:id"))["Tags"]
    return {"it": one, "volumes": volumes, "credit": [c["CpuCredits"] for c in credit], "template": template,
            **{name: attribute(ec2, id, name) for name in attributes}}


def changed_while_stopped(ec2, id, **change):
    """A change that needs a stop: the provider stops, changes, starts."""
    ec2.stop_instances(InstanceIds=[id])
    cloud.await_state(ec2, id, "stopped")
    ec2.modify_instance_attribute(InstanceId=id, **change)
    ec2.start_instances(InstanceIds=[id])
    cloud.await_state(ec2, id, "running")


def test_aws_instance(ec2, launch, subnet, group, tiny_ami):
    """With nothing set but a subnet, its groups and user data."""
    text = b"#!/bin/sh\necho terraform\n"
    card = [{"DeviceIndex": 0, "SubnetId": subnet, "Groups": [group]}]
    id = launch(NetworkInterfaces=card, UserData=text.decode(), TagSpecifications=tagged("instance") + tagged("volume"))
    seen = refresh(ec2, id)
    for field in READ:
        assert field in seen["it"], field
    holds(seen["it"], {
        "State": {"Name": "running"}, "ImageId": tiny_ami, "InstanceType": "t3.micro", "SubnetId": subnet, "EbsOptimized": False,
        "SourceDestCheck": True, "SecurityGroups": [{"GroupId": group}], "Monitoring": {"State": "disabled"}, "KeyName": None,
        "IamInstanceProfile": None, "HibernationOptions": {"Configured": False}, "EnclaveOptions": {"Enabled": False},
        "CpuOptions": {"CoreCount": 1, "ThreadsPerCore": 2}, "MaintenanceOptions": {"AutoRecovery": "default"},
        "CapacityReservationSpecification": {"CapacityReservationPreference": "open", "CapacityReservationTarget": None},
        "Placement": {"AvailabilityZone": "us-east-1a", "Tenancy": "default", "HostId": None, "Affinity": None, "PartitionNumber": None},
        "MetadataOptions": {"State": "applied", "HttpEndpoint": "enabled", "HttpTokens": "optional", "HttpPutResponseHopLimit": 1,
                            "HttpProtocolIpv6": "disabled", "InstanceMetadataTags": "disabled"},
        "PrivateDnsNameOptions": {"HostnameType": "ip-name", "EnableResourceNameDnsARecord": False, "EnableResourceNameDnsAAAARecord": False},
        "NetworkInterfaces": [{"SubnetId": subnet, "SourceDestCheck": True, "Ipv6Addresses": [], "Groups": [{"GroupId": group}],
                               "PrivateIpAddresses": [{"Primary": True}],
                               "Attachment": {"DeviceIndex": 0, "NetworkCardIndex": 0, "DeleteOnTermination": True}}]})
    assert not seen["it"]["Placement"].get("GroupName")
    assert base64.b64decode(seen["userData"]) == text
    holds(seen, {"instanceInitiatedShutdownBehavior": "stop", "disableApiStop": False, "disableApiTermination": False, "credit": ["unlimited"],
                 "template": []})
    assert refresh(ec2, id) == seen, "a refresh shows no difference"

    read = lambda: instance_of(ec2, id)
    retagged(ec2, id, read)
    changes = [
        ({"SourceDestCheck": {"Value": False}}, {"SourceDestCheck": False, "NetworkInterfaces": [{"SourceDestCheck": False}]}),
        ({"SourceDestCheck": {"Value": True}}, {"SourceDestCheck": True}),
    ]
    for change, wanted in changes:
        ec2.modify_instance_attribute(InstanceId=id, **change)
        steady(read, wanted)
    for name, value in [("instanceInitiatedShutdownBehavior", "terminate"), ("disableApiTermination", True), ("disableApiStop", True)]:
        ec2.modify_instance_attribute(InstanceId=id, **{name[0].upper() + name[1:]: {"Value": value}})
        assert attribute(ec2, id, name) == value
    assert code(ec2.terminate_instances, InstanceIds=[id]) == code(ec2.stop_instances, InstanceIds=[id]) == "OperationNotPermitted"
    ec2.modify_instance_attribute(InstanceId=id, DisableApiStop={"Value": False})
    ec2.modify_instance_maintenance_options(InstanceId=id, AutoRecovery="disabled")
    ec2.modify_instance_metadata_options(InstanceId=id, HttpEndpoint="enabled", HttpTokens="required", HttpPutResponseHopLimit=2,
                                         HttpProtocolIpv6="disabled", InstanceMetadataTags="enabled")
    ec2.monitor_instances(InstanceIds=[id])
    ec2.modify_instance_credit_specification(InstanceCreditSpecifications=[{"InstanceId": id, "CpuCredits": "standard"}])
    ec2.modify_private_dns_name_options(InstanceId=id, EnableResourceNameDnsARecord=True, EnableResourceNameDnsAAAARecord=False)
    steady(read, {"MaintenanceOptions": {"AutoRecovery": "disabled"}, "Monitoring": {"State": "enabled"},
                  "MetadataOptions": {"State": "applied", "HttpTokens": "required", "HttpPutResponseHopLimit": 2, "InstanceMetadataTags": "enabled"},
                  "PrivateDnsNameOptions": {"EnableResourceNameDnsARecord": True}})
    ec2.unmonitor_instances(InstanceIds=[id])
    assert refresh(ec2, id)["credit"] == ["standard"] and read()["Monitoring"]["State"] == "disabled"
    ec2.modify_instance_metadata_options(InstanceId=id, HttpEndpoint="disabled")
    holds(read()["MetadataOptions"], {"HttpEndpoint": "disabled", "HttpTokens": "required"})

    eni = read()["NetworkInterfaces"][0]
    taken = eni["PrivateIpAddress"].rsplit(".", 1)[0] + ".199"
    ec2.assign_private_ip_addresses(NetworkInterfaceId=eni["NetworkInterfaceId"], PrivateIpAddresses=[taken])
    assert [a["PrivateIpAddress"] for a in read()["NetworkInterfaces"][0]["PrivateIpAddresses"] if not a["Primary"]] == [taken]
    ec2.unassign_private_ip_addresses(NetworkInterfaceId=eni["NetworkInterfaceId"], PrivateIpAddresses=[taken])
    default = ec2.describe_security_groups(Filters=filters(group_name="default", vpc_id=read()["VpcId"]))["SecurityGroups"][0]["GroupId"]
    ec2.modify_network_interface_attribute(NetworkInterfaceId=eni["NetworkInterfaceId"], Groups=[default])
    holds(read(), {"SecurityGroups": [{"GroupId": default}], "NetworkInterfaces": [{"Groups": [{"GroupId": default}]}]})
    changed_while_stopped(ec2, id, InstanceType={"Value": "t3.small"})
    changed_while_stopped(ec2, id, UserData={"Value": b"other"})
    assert (read()["InstanceType"], base64.b64decode(attribute(ec2, id, "userData"))) == ("t3.small", b"other")
    changed_while_stopped(ec2, id, UserData={"Value": b""})
    assert not attribute(ec2, id, "userData")


def test_aws_instance_with_everything(ec2, launch, subnet, group):
    card = [{"DeviceIndex": 0, "SubnetId": subnet, "Groups": [group], "AssociatePublicIpAddress": True, "PrivateIpAddress": "172.31.15.77",
             "PrivateIpAddresses": [{"PrivateIpAddress": "172.31.15.78"}]}]
    ec2.delete_key_pair(KeyName="tf-all")
    ec2.create_key_pair(KeyName="tf-all")
    wanted = {"DisableApiTermination": True, "Monitoring": {"Enabled": True}, "IamInstanceProfile": {"Name": "web"},
              "EnclaveOptions": {"Enabled": False}, "MaintenanceOptions": {"AutoRecovery": "default"}, "KeyName": "tf-all",
              "CapacityReservationSpecification": {"CapacityReservationPreference": "open"}, "InstanceInitiatedShutdownBehavior": "terminate",
              "Placement": {"AvailabilityZone": "us-east-1a", "Tenancy": "default"}, "CreditSpecification": {"CpuCredits": "standard"},
              "MetadataOptions": {"HttpEndpoint": "enabled", "HttpTokens": "required", "HttpPutResponseHopLimit": 3, "HttpProtocolIpv6": "disabled",
                                  "InstanceMetadataTags": "enabled"},
              "CpuOptions": {"CoreCount": 1, "ThreadsPerCore": 1}, "NetworkInterfaces": card,
              "PrivateDnsNameOptions": {"HostnameType": "resource-name", "EnableResourceNameDnsARecord": True,
                                        "EnableResourceNameDnsAAAARecord": False}}
    id = launch(**wanted)
    seen = refresh(ec2, id)
    holds(seen["it"], {
        "Monitoring": {"State": "enabled"}, "KeyName": "tf-all", "PrivateIpAddress": "172.31.15.77", "MaintenanceOptions": {"AutoRecovery": "default"},
        "MetadataOptions": wanted["MetadataOptions"], "CpuOptions": wanted["CpuOptions"], "PrivateDnsNameOptions": wanted["PrivateDnsNameOptions"],
        "NetworkInterfaces": [{"PrivateIpAddresses": [{"PrivateIpAddress": "172.31.15.77", "Primary": True},
                                                      {"PrivateIpAddress": "172.31.15.78", "Primary": False}]}]})
    assert seen["it"]["IamInstanceProfile"]["Arn"].endswith(":instance-profile/web") and seen["it"]["PublicIpAddress"]
    holds(seen, {"disableApiTermination": True, "instanceInitiatedShutdownBehavior": "terminate", "credit": ["standard"]})
    assert refresh(ec2, id) == seen, "a refresh shows no difference"
    ec2.delete_key_pair(KeyName="tf-all")


def test_aws_instance_without_a_subnet(ec2, launch, group):
    """Groups by id or, in the default VPC, by name; and of an older provider, every string that is not set."""
    id = launch(SecurityGroupIds=[group], PrivateIpAddress=None)
    holds(instance_of(ec2, id), {"SecurityGroups": [{"GroupId": group}], "NetworkInterfaces": [{"Attachment": {"DeviceIndex": 0}}]})
    name = instance_of(ec2, launch(SecurityGroups=["default"], KeyName=None))["SecurityGroups"][0]["GroupName"]
    assert name == "default"


def test_aws_instance_is_refused_as_its_create_expects(ec2, tiny_ami):
    """It tries again if a profile is not there yet, and knows that by these words."""
    with pytest.raises(ec2.exceptions.ClientError, match="InvalidParameterValue.*Invalid IAM Instance Profile"):
        ec2.run_instances(**{**ALWAYS, "ImageId": tiny_ami, "IamInstanceProfile": {"Name": "not-yet"}})
    for call in [ec2.describe_instances, ec2.terminate_instances, ec2.describe_instance_credit_specifications]:
        assert code(call, InstanceIds=["i-12345678"]) == "InvalidInstanceID.NotFound"


def test_aws_key_pair(ec2, tmp_path):
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEbEGnLsTw9EDDK7KLFh10f4AO0UWMkrIPv8kTPFBHzE tf@example"
    made = ec2.import_key_pair(KeyName="tf-deployer", PublicKeyMaterial=key.encode(), TagSpecifications=tagged("key-pair"))
    read = lambda: ec2.describe_key_pairs(KeyNames=["tf-deployer"], IncludePublicKey=True)["KeyPairs"][0]
    seen = steady(read, {"KeyName": "tf-deployer", "KeyPairId": made["KeyPairId"], "KeyFingerprint": made["KeyFingerprint"], "KeyType": "ed25519"},
                  "Tags CreateTime")
    assert seen["PublicKey"].split()[:2] == key.split()[:2]
    retagged(ec2, made["KeyPairId"], read)
    again = {"KeyName": "tf-deployer", "PublicKeyMaterial": key.encode()}
    assert code(ec2.import_key_pair, **again) == "InvalidKeyPair.Duplicate"
    for by in [{"KeyPairIds": [made["KeyPairId"]]}, {"Filters": filters(key_name="tf-deployer")}, {"Filters": filters(key_pair_id=made["KeyPairId"])}]:
        assert ec2.describe_key_pairs(**by)["KeyPairs"][0]["KeyName"] == "tf-deployer", "its data source"
    ec2.delete_key_pair(KeyName="tf-deployer")
    assert code(ec2.describe_key_pairs, KeyNames=["tf-deployer"]) == "InvalidKeyPair.NotFound"
    ec2.delete_key_pair(KeyName="tf-deployer")


@pytest.mark.parametrize("domain", ["vpc", ""])
def test_aws_eip(ec2, launch, domain):
    """In the words of today's provider and in those of before 5.0, which sends every string that is not set."""
    id = ec2.allocate_address(Domain=domain, TagSpecifications=tagged("elastic-ip"))["AllocationId"]
    read = lambda: ec2.describe_addresses(AllocationIds=[id])["Addresses"][0]
    seen = steady(read, {"Domain": "vpc", "PublicIpv4Pool": "amazon", "NetworkBorderGroup": "us-east-1", "AssociationId": None, "InstanceId": None,
                         "NetworkInterfaceId": None, "PrivateIpAddress": None, "CarrierIp": None, "CustomerOwnedIp": None}, "PublicIp Tags")
    [name] = ec2.describe_addresses_attribute(AllocationIds=[id], Attribute="domain-name")["Addresses"]
    assert not name.get("PtrRecord")
    instance = launch()
    spare = {} if domain else {"NetworkInterfaceId": ""}
    ec2.associate_address(AllocationId=id, InstanceId=instance, **spare)
    card = instance_of(ec2, instance)["NetworkInterfaces"][0]
    seen = steady(read, {"InstanceId": instance, "NetworkInterfaceId": card["NetworkInterfaceId"], "PrivateIpAddress": card["PrivateIpAddress"]})
    by = filters(association_id=seen["AssociationId"])
    assert ec2.describe_addresses(Filters=by)["Addresses"][0]["AllocationId"] == id
    ec2.disassociate_address(AssociationId=seen["AssociationId"])
    assert code(ec2.disassociate_address, AssociationId=seen["AssociationId"]) == "InvalidAssociationID.NotFound"
    spare = {} if domain else {"InstanceId": ""}
    ec2.associate_address(AllocationId=id, NetworkInterfaceId=card["NetworkInterfaceId"], PrivateIpAddress=card["PrivateIpAddress"], **spare)
    ec2.disassociate_address(AssociationId=read()["AssociationId"])
    retagged(ec2, id, read)
    ec2.release_address(AllocationId=id, NetworkBorderGroup="us-east-1")
    gone = {code(ec2.describe_addresses, AllocationIds=[id]), code(ec2.release_address, AllocationId=id)}
    assert gone == {"InvalidAllocationID.NotFound"}
    assert ec2.describe_addresses(Filters=by)["Addresses"] == []
