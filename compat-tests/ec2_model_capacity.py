"""Dedicated hosts, for ec2_model.py: each action once or more."""


def tags(kind):
    return {"ResourceType": kind, "Tags": [{"Key": "Name", "Value": "model test"}]}


# What AWS puts into every answer, however empty.
ALWAYS = {
    "DescribeHosts.hostSet[]": """
        allocationTime allowsMultipleInstanceTypes autoPlacement availabilityZone availabilityZoneId availableCapacity
        hostId hostMaintenance hostProperties hostRecovery instances memberOfServiceLinkedResourceGroup ownerId state tagSet""",
    "DescribeHosts.hostSet[].hostProperties": "cores sockets totalVCpus",
}


def hosts(ec2, launch, zone):
    [one, two] = ec2.allocate_hosts(AvailabilityZone=zone, InstanceFamily="m5", Quantity=2, AutoPlacement="off",
                                    TagSpecifications=[tags("dedicated-host")])["HostIds"]
    placement = {"Tenancy": "host", "HostId": one, "Affinity": "host"}
    launched = ec2.run_instances(**launch, InstanceType="m5.large", MinCount=1, MaxCount=1, Placement=placement)["Instances"][0]
    assert launched["Placement"].items() >= (placement | {"AvailabilityZone": zone}).items(), launched["Placement"]
    seen = ec2.describe_hosts(HostIds=[one])["Hosts"][0]
    assert [i["InstanceId"] for i in seen["Instances"]] == [launched["InstanceId"]], seen
    assert seen["AvailableCapacity"]["AvailableVCpus"] == seen["HostProperties"]["TotalVCpus"] - 2, seen
    ec2.modify_hosts(HostIds=[two], HostRecovery="on", InstanceType="m5.large")
    assert ec2.release_hosts(HostIds=[one, two])["Successful"] == [two]
    ec2.terminate_instances(InstanceIds=[launched["InstanceId"]])
    assert ec2.release_hosts(HostIds=[one])["Successful"] == [one]
    ec2.describe_host_reservations()
    ec2.describe_host_reservation_offerings()
