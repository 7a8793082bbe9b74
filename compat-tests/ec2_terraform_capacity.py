"""What Terraform's AWS provider calls for capacity that an account keeps to itself, as in ec2_terraform.py."""

import datetime
import uuid

import cloud
from terraform import tagged


def test_aws_ec2_host(ec2, tiny_ami):
    id = ec2.allocate_hosts(AutoPlacement="on", AvailabilityZone="us-east-1a", ClientToken=str(uuid.uuid4()), HostRecovery="off", Quantity=1,
                            TagSpecifications=tagged("dedicated-host", "tf"), InstanceType="m5.large")["HostIds"][0]
    read = lambda: ec2.describe_hosts(HostIds=[id])["Hosts"][0]
    seen = read()
    assert (seen["State"], seen["AutoPlacement"], seen["HostRecovery"], seen["AvailabilityZone"]) == ("available", "on", "off", "us-east-1a")
    assert seen["HostProperties"]["InstanceType"] == "m5.large" and "InstanceFamily" not in seen["HostProperties"]
    assert seen["OwnerId"] and seen["Tags"] == tagged("dedicated-host", "tf")[0]["Tags"]
    assert read() == seen, "a refresh shows no difference"
    changed = ec2.modify_hosts(HostIds=[id], AutoPlacement="off", HostRecovery="on", InstanceFamily="m5")
    assert (changed["Successful"], changed["Unsuccessful"]) == ([id], [])
    seen = read()
    assert (seen["HostProperties"]["InstanceFamily"], seen["AllowsMultipleInstanceTypes"]) == ("m5", "on")
    # aws_instance with host_id, which it reads back with the tenancy.
    launched = ec2.run_instances(ImageId=tiny_ami, InstanceType="m5.large", MinCount=1, MaxCount=1, Placement={"HostId": id})["Instances"][0]
    cloud.await_state(ec2, launched["InstanceId"], "running")
    assert (launched["Placement"]["HostId"], launched["Placement"]["Tenancy"]) == (id, "host")
    refused = ec2.release_hosts(HostIds=[id])["Unsuccessful"]
    assert [(r["ResourceId"], r["Error"]["Code"]) for r in refused] == [(id, "Client.InvalidHost.Occupied")]
    ec2.terminate_instances(InstanceIds=[launched["InstanceId"]])
    cloud.await_state(ec2, launched["InstanceId"], "terminated")
    assert ec2.release_hosts(HostIds=[id])["Successful"] == [id]
    assert read()["State"] == "released"
    assert ec2.release_hosts(HostIds=[id])["Unsuccessful"][0]["Error"]["Code"] == "Client.InvalidHostID.NotFound"


def test_aws_ec2_capacity_reservation(ec2):
    id = ec2.create_capacity_reservation(
        AvailabilityZone="us-east-1a", ClientToken=str(uuid.uuid4()), EndDateType="unlimited", InstanceCount=1, InstancePlatform="Linux/UNIX",
        InstanceType="t3.micro", TagSpecifications=tagged("capacity-reservation", "tf"), InstanceMatchCriteria="open",
        Tenancy="default")["CapacityReservation"]["CapacityReservationId"]
    read = lambda: ec2.describe_capacity_reservations(CapacityReservationIds=[id])["CapacityReservations"][0]
    seen = read()
    expected = {"State": "active", "AvailabilityZone": "us-east-1a", "EbsOptimized": False, "EphemeralStorage": False, "EndDateType": "unlimited",
                "TotalInstanceCount": 1, "InstanceMatchCriteria": "open", "InstancePlatform": "Linux/UNIX", "InstanceType": "t3.micro",
                "Tenancy": "default", "Tags": tagged("capacity-reservation", "tf")[0]["Tags"]}
    assert {name: seen[name] for name in expected} == expected
    assert seen["CapacityReservationArn"].endswith(f":capacity-reservation/{id}") and seen["OwnerId"] and "EndDate" not in seen
    assert read() == seen, "a refresh shows no difference"
    ends = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0) + datetime.timedelta(days=1)
    ec2.modify_capacity_reservation(CapacityReservationId=id, EndDateType="limited", EndDate=ends, InstanceCount=2)
    seen = read()
    assert (seen["EndDate"], seen["EndDateType"], seen["TotalInstanceCount"], seen["State"]) == (ends, "limited", 2, "active")
    ec2.cancel_capacity_reservation(CapacityReservationId=id)
    assert read()["State"] == "cancelled"
