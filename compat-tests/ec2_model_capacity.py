"""Dedicated hosts and capacity reservations, for ec2_model.py: each action once or more."""

from ec2_model_given import tags


# What AWS puts into every answer, however empty.
ALWAYS = {
    "DescribeHosts.hostSet[]": """
        allocationTime allowsMultipleInstanceTypes autoPlacement availabilityZone availabilityZoneId availableCapacity
        hostId hostMaintenance hostProperties hostRecovery instances memberOfServiceLinkedResourceGroup ownerId state tagSet""",
    "DescribeCapacityReservations.capacityReservationSet[]": """
        availabilityZone availabilityZoneId availableInstanceCount capacityReservationArn capacityReservationId createDate ebsOptimized
        endDateType ephemeralStorage instanceMatchCriteria instancePlatform instanceType ownerId startDate state tagSet tenancy
        totalInstanceCount""",
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


def reservations(ec2, launch, zone):
    made = ec2.create_capacity_reservation(InstanceType="m5.large", InstancePlatform="Linux/UNIX", AvailabilityZone=zone, InstanceCount=2,
                                           TagSpecifications=[tags("capacity-reservation")])["CapacityReservation"]
    one = {"CapacityReservationId": made["CapacityReservationId"]}
    run = {**launch, "InstanceType": "m5.large", "MinCount": 1, "MaxCount": 1}
    there = ec2.run_instances(**run, CapacityReservationSpecification={"CapacityReservationTarget": one})["Instances"][0]
    assert there["CapacityReservationId"] == one["CapacityReservationId"], there
    elsewhere = ec2.run_instances(**run, Placement={"AvailabilityZone": zone},
                                  CapacityReservationSpecification={"CapacityReservationPreference": "none"})["Instances"][0]
    assert "CapacityReservationId" not in elsewhere, elsewhere
    ec2.modify_capacity_reservation(**one, InstanceCount=3, EndDateType="unlimited")
    usage = ec2.get_capacity_reservation_usage(**one)
    assert usage["InstanceUsages"][0]["UsedInstanceCount"] == 1 and usage["AvailableInstanceCount"] == 2, usage
    [seen] = ec2.describe_capacity_reservations(CapacityReservationIds=list(one.values()))["CapacityReservations"]
    assert (seen["TotalInstanceCount"], seen["AvailableInstanceCount"]) == (3, 2), seen
    ec2.cancel_capacity_reservation(**one)
    ec2.terminate_instances(InstanceIds=[there["InstanceId"], elsewhere["InstanceId"]])


def of_stopped(ec2, instance):
    ec2.modify_instance_capacity_reservation_attributes(
        InstanceId=instance, CapacityReservationSpecification={"CapacityReservationPreference": "open"})
