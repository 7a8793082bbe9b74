"""Terraform's calls, as in ec2_terraform.py, for launch templates, and for what launches of them or for a price: fleets, spot requests."""

import pytest

import cloud
from terraform import code, filters, holds, retagged, steady, tagged, token


@pytest.fixture
def group(ec2):
    id = ec2.create_security_group(GroupName=f"tf-{token()}", Description="tf")["GroupId"]
    yield id
    ec2.delete_security_group(GroupId=id)


@pytest.fixture
def subnet(ec2):
    return ec2.describe_subnets(Filters=filters(availability_zone="us-east-1a", default_for_az="true"))["Subnets"][0]


# What an argument of aws_launch_template becomes; every one is to be read back as it was sent, what is false included.
ARGUMENTS = [
    {"UserData": ""},
    {"UserData": "aGVsbG8=", "KeyName": "tf", "EbsOptimized": False, "InstanceInitiatedShutdownBehavior": "terminate"},
    {"DisableApiTermination": True, "DisableApiStop": True, "EbsOptimized": True},
    {"BlockDeviceMappings": [
        {"DeviceName": "/dev/sdf", "Ebs": {"DeleteOnTermination": False, "Encrypted": False, "Iops": 3000, "Throughput": 125, "VolumeSize": 20,
                                           "VolumeType": "gp3"}},
        {"DeviceName": "/dev/sdb", "VirtualName": "ephemeral0"}, {"DeviceName": "/dev/sdc", "NoDevice": "true"}]},
    {"CapacityReservationSpecification": {"CapacityReservationPreference": "open"}},
    {"CpuOptions": {"CoreCount": 1, "ThreadsPerCore": 2}, "InstanceType": "t3.micro", "CreditSpecification": {"CpuCredits": "standard"}},
    {"EnclaveOptions": {"Enabled": False}, "HibernationOptions": {"Configured": False}, "Monitoring": {"Enabled": False}},
    {"IamInstanceProfile": {"Name": "web"}, "ImageId": "ami-12345678"},
    {"InstanceMarketOptions": {"MarketType": "spot", "SpotOptions": {"MaxPrice": "0.5", "SpotInstanceType": "one-time",
                                                                     "InstanceInterruptionBehavior": "terminate"}}},
    {"InstanceRequirements": {"MemoryMiB": {"Min": 512, "Max": 4096}, "VCpuCount": {"Min": 1, "Max": 2}, "BurstablePerformance": "included",
                              "BareMetal": "excluded", "MemoryGiBPerVCpu": {"Min": 0.5, "Max": 8.0}, "RequireHibernateSupport": False,
                              "AcceleratorCount": {"Min": 0, "Max": 0}, "LocalStorageTypes": ["ssd"], "CpuManufacturers": ["intel", "amd"]}},
    {"MaintenanceOptions": {"AutoRecovery": "disabled"}, "PrivateDnsNameOptions": {
        "EnableResourceNameDnsAAAARecord": False, "EnableResourceNameDnsARecord": True, "HostnameType": "resource-name"}},
    {"MetadataOptions": {"HttpEndpoint": "enabled", "HttpTokens": "required", "HttpPutResponseHopLimit": 2, "HttpProtocolIpv6": "disabled",
                         "InstanceMetadataTags": "enabled"}},
    {"MetadataOptions": {"HttpEndpoint": "disabled"}},
    {"NetworkInterfaces": [{"DeviceIndex": 0, "AssociatePublicIpAddress": False, "DeleteOnTermination": True, "Description": "first",
                            "NetworkCardIndex": 0, "PrivateIpAddress": "10.0.0.5",
                            "PrivateIpAddresses": [{"Primary": True, "PrivateIpAddress": "10.0.0.5"}, {"Primary": False, "PrivateIpAddress": "10.0.0.6"}]},
                           {"DeviceIndex": 1, "SecondaryPrivateIpAddressCount": 2}]},
    {"Placement": {"AvailabilityZone": "us-east-1a", "Tenancy": "default", "GroupName": "tf"}},
    {"TagSpecifications": tagged("instance", "a") + tagged("volume", "b")},
]


@pytest.fixture(scope="module")
def empty(ec2):
    """A template that grows a version for every argument."""
    name = f"tf-{token()}"
    made = ec2.create_launch_template(ClientToken=token(), LaunchTemplateName=name, LaunchTemplateData={"UserData": ""},
                                      TagSpecifications=tagged("launch-template"))["LaunchTemplate"]
    yield made["LaunchTemplateId"]
    ec2.delete_launch_template(LaunchTemplateId=made["LaunchTemplateId"])


@pytest.mark.parametrize("arguments", ARGUMENTS, ids=lambda a: "-".join(a))
def test_aws_launch_template_of(ec2, empty, arguments):
    made = ec2.create_launch_template_version(ClientToken=token(), LaunchTemplateId=empty, LaunchTemplateData=arguments)["LaunchTemplateVersion"]
    number = str(made["VersionNumber"])
    version = lambda: ec2.describe_launch_template_versions(LaunchTemplateId=empty, Versions=[number])["LaunchTemplateVersions"][0]
    wanted = {k: v for k, v in arguments.items() if v != ""}
    steady(version, {"LaunchTemplateData": wanted, "VersionDescription": None}, "LaunchTemplateName CreateTime DefaultVersion")
    assert set(version()["LaunchTemplateData"]) - {"UserData"} == set(wanted) - {"UserData"}, "nothing that was not sent"


def test_aws_launch_template_changes(ec2, empty):
    read = lambda: ec2.describe_launch_templates(LaunchTemplateIds=[empty])["LaunchTemplates"][0]
    retagged(ec2, empty, read)
    for version in ["2", str(read()["LatestVersionNumber"]), "1"]:
        ec2.modify_launch_template(LaunchTemplateId=empty, DefaultVersion=version)
        assert read()["DefaultVersionNumber"] == int(version)
    default = ec2.describe_launch_template_versions(LaunchTemplateId=empty, Filters=filters(is_default_version="true"))["LaunchTemplateVersions"]
    assert [v["VersionNumber"] for v in default] == [1]
    gone = {"LaunchTemplateId": "lt-0123456789abcdef0"}
    assert code(ec2.delete_launch_template, **gone) == code(ec2.describe_launch_template_versions, **gone, Versions=["1"]) == (
        "InvalidLaunchTemplateId.NotFound")
    assert code(ec2.describe_launch_template_versions, LaunchTemplateId=empty, Versions=["999"]) == "InvalidLaunchTemplateId.VersionNotFound"


def test_aws_instance_of_a_template(ec2, tiny_ami, group):
    """What the instance is given itself is sent beside the template; the template is read back from the instance's tags."""
    data = {"ImageId": tiny_ami, "InstanceType": "t3.micro", "SecurityGroupIds": [group], "UserData": "aGVsbG8="}
    made = ec2.create_launch_template(LaunchTemplateName=f"tf-{token()}", LaunchTemplateData=data)["LaunchTemplate"]
    by = {"LaunchTemplateId": made["LaunchTemplateId"], "Version": "$Default"}
    id = ec2.run_instances(LaunchTemplate=by, MinCount=1, MaxCount=1, DisableApiTermination=False, EbsOptimized=False, Monitoring={"Enabled": False},
                           IamInstanceProfile={"Name": ""}, HibernationOptions={"Configured": False})["Instances"][0]["InstanceId"]
    cloud.await_state(ec2, id, "running")
    one = lambda key: [t["Value"] for t in ec2.describe_tags(Filters=filters(resource_id=id, key=f"aws:ec2launchtemplate:{key}"))["Tags"]]
    assert (one("id"), one("version")) == ([made["LaunchTemplateId"]], ["1"])
    assert ec2.describe_instance_attribute(InstanceId=id, Attribute="userData")["UserData"]["Value"] == "aGVsbG8="
    ec2.terminate_instances(InstanceIds=[id])
    cloud.await_state(ec2, id, "terminated")
    ec2.delete_launch_template(LaunchTemplateId=made["LaunchTemplateId"])


@pytest.mark.parametrize("type, more", [
    ("request", {}), ("instant", {}),
    ("maintain", {"SpotOptions": {"AllocationStrategy": "lowestPrice", "InstanceInterruptionBehavior": "terminate", "InstancePoolsToUseCount": 1,
                                  "MaintenanceStrategies": {"CapacityRebalance": {"ReplacementStrategy": "launch"}}}})])
def test_aws_ec2_fleet(ec2, tiny_ami, type, more):
    """All that is sent of one even if nothing is set: the strategies have a name of their own here, which is to be read back."""
    data = {"ImageId": tiny_ami, "InstanceType": "t3.micro"}
    template = ec2.create_launch_template(LaunchTemplateName=f"tf-{token()}", LaunchTemplateData=data)["LaunchTemplate"]["LaunchTemplateId"]
    configs = [{"LaunchTemplateSpecification": {"LaunchTemplateId": template, "Version": "1"}}]
    wanted = {"ExcessCapacityTerminationPolicy": "termination", "LaunchTemplateConfigs": configs, "OnDemandOptions": {"AllocationStrategy": "lowestPrice"},
              "ReplaceUnhealthyInstances": False, "TerminateInstancesWithExpiration": False, "Type": type,
              "SpotOptions": {"AllocationStrategy": "lowestPrice", "InstanceInterruptionBehavior": "terminate", "InstancePoolsToUseCount": 1}, **more}
    id = ec2.create_fleet(**wanted, TagSpecifications=tagged("fleet"), TargetCapacitySpecification={
        "TotalTargetCapacity": 0, "DefaultTargetCapacityType": "spot"})["FleetId"]
    read = lambda: ec2.describe_fleets(FleetIds=[id])["Fleets"][0]
    cloud.until("it is active", lambda: read()["FleetState"] == "active")
    steady(read, {**wanted, "TargetCapacitySpecification": {"TotalTargetCapacity": 0, "DefaultTargetCapacityType": "spot"}},
           "CreateTime Tags FulfilledCapacity FulfilledOnDemandCapacity")
    retagged(ec2, id, read)
    if type == "maintain":
        ec2.modify_fleet(Context="", ExcessCapacityTerminationPolicy="no-termination", LaunchTemplateConfigs=configs, FleetId=id,
                         TargetCapacitySpecification={"TotalTargetCapacity": 0})
        cloud.until("it is active", lambda: read()["FleetState"] == "active")
        steady(read, {"ExcessCapacityTerminationPolicy": "no-termination", "Context": None})
    ec2.delete_fleets(FleetIds=[id], TerminateInstances=True)
    cloud.until("it is deleted", lambda: read()["FleetState"] == "deleted")
    assert code(ec2.describe_fleets, FleetIds=["fleet-12345678-1234-1234-1234-123456789012"]) == "InvalidFleetId.NotFound"
    ec2.delete_launch_template(LaunchTemplateId=template)


@pytest.mark.parametrize("price", ["0.03", ""])
def test_aws_spot_instance_request_of_little(ec2, tiny_ami, price):
    """Every string that is not set is sent as an empty one; it is destroyed with its instance."""
    launch = {"ImageId": tiny_ami, "InstanceType": "t3.micro", "EbsOptimized": False, "Monitoring": {"Enabled": False}, "IamInstanceProfile": {"Name": ""},
              "Placement": {"AvailabilityZone": "", "GroupName": ""}}
    [made] = ec2.request_spot_instances(SpotPrice=price, Type="persistent", InstanceInterruptionBehavior="terminate", InstanceCount=1,
                                        LaunchSpecification=launch, TagSpecifications=tagged("spot-instances-request"))["SpotInstanceRequests"]
    id = made["SpotInstanceRequestId"]
    read = lambda: ec2.describe_spot_instance_requests(SpotInstanceRequestIds=[id])["SpotInstanceRequests"][0]
    cloud.until("it is fulfilled", lambda: read()["Status"]["Code"] == "fulfilled")
    seen = steady(read, {"State": "active", "Type": "persistent", "InstanceInterruptionBehavior": "terminate",
                         "LaunchSpecification": {"ImageId": tiny_ami, "InstanceType": "t3.micro", "KeyName": None}}, "SpotPrice Tags InstanceId")
    retagged(ec2, id, read)
    cloud.await_state(ec2, seen["InstanceId"], "running")
    one = ec2.describe_instances(InstanceIds=[seen["InstanceId"]])["Reservations"][0]["Instances"][0]
    holds(one, {"InstanceLifecycle": "spot", "SpotInstanceRequestId": id, "SourceDestCheck": True})
    ec2.cancel_spot_instance_requests(SpotInstanceRequestIds=[id])
    assert read()["State"] == "cancelled"
    ec2.terminate_instances(InstanceIds=[seen["InstanceId"]])
    cloud.await_state(ec2, seen["InstanceId"], "terminated")
    assert code(ec2.describe_spot_instance_requests, SpotInstanceRequestIds=["sir-12345678"]) == "InvalidSpotInstanceRequestID.NotFound"


@pytest.mark.parametrize("more", [{"Strategy": "cluster"}, {"Strategy": "partition", "PartitionCount": 4}, {"Strategy": "spread", "SpreadLevel": "rack"}])
def test_aws_placement_group_of(ec2, more):
    name = f"tf-{token()}"
    id = ec2.create_placement_group(GroupName=name, TagSpecifications=tagged("placement-group"), **more)["PlacementGroup"]["GroupId"]
    read = lambda: ec2.describe_placement_groups(GroupNames=[name])["PlacementGroups"][0]
    steady(read, {"GroupName": name, "GroupId": id, "State": "available", **more}, "GroupArn Tags")
    retagged(ec2, id, read)
    ec2.delete_placement_group(GroupName=name)
    assert code(ec2.describe_placement_groups, GroupNames=[name]) == code(ec2.delete_placement_group, GroupName=name) == (
        "InvalidPlacementGroup.Unknown")


def test_aws_launch_template(ec2, server, tiny_ami, group, subnet):
    """aws_launch_template, and an aws_instance that is launched from it."""
    card = {"DeviceIndex": 0, "SubnetId": subnet["SubnetId"], "Groups": [group], "DeleteOnTermination": True}
    data = {"ImageId": tiny_ami, "InstanceType": "t3.micro", "NetworkInterfaces": [card], "UserData": "aGVsbG8=",
            "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 2}, "Monitoring": {"Enabled": True},
            "TagSpecifications": tagged("instance", "from template")}
    made = ec2.create_launch_template(ClientToken=token(), LaunchTemplateName="tf-web", LaunchTemplateData=data,
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
    newer = ec2.create_launch_template_version(ClientToken=token(), LaunchTemplateId=id, LaunchTemplateData=data)
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
    name = f"tf-{token()[:8]}"
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


def test_aws_spot_instance_request(ec2, tiny_ami, subnet):
    """aws_spot_instance_request with wait_for_fulfillment: its instance is read through it, and both go."""
    wanted = {"ImageId": tiny_ami, "InstanceType": "t3.small", "Placement": {"AvailabilityZone": "us-east-1a"}, "UserData": ""}
    made = ec2.request_spot_instances(
        ClientToken=token(), InstanceCount=1, LaunchSpecification=wanted, SpotPrice="0.03", Type="persistent",
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
    made = ec2.create_launch_template(LaunchTemplateName=f"tf-{token()[:8]}", LaunchTemplateData=data)["LaunchTemplate"]
    yield {"LaunchTemplateId": made["LaunchTemplateId"], "Version": "1"}
    ec2.delete_launch_template(LaunchTemplateId=made["LaunchTemplateId"])


def fleet_of(ec2, id):
    return ec2.describe_fleets(FleetIds=[id])["Fleets"][0]


def test_aws_ec2_fleet_instant(ec2, template):
    """aws_ec2_fleet of the type instant: made, read back field by field, taken down with its instances."""
    made = ec2.create_fleet(
        ClientToken=token(), ExcessCapacityTerminationPolicy="termination", Type="instant", ReplaceUnhealthyInstances=False,
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
