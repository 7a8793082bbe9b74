"""Other ways to launch, for ec2_model.py: spot requests, fleets, templates, placement groups; each action once or more."""

from cloud import until
from ec2_model_given import ACCOUNT, KERNEL, RAMDISK, REGION, tags


def spot(ec2, image):
    card = {"DeviceIndex": 0, "SubnetId": ec2.describe_subnets()["Subnets"][0]["SubnetId"], "SecondaryPrivateIpAddressCount": 1}
    wanted = {"ImageId": image, "KeyName": "mine", "KernelId": KERNEL, "RamdiskId": RAMDISK, "InstanceType": "t3.micro", "NetworkInterfaces": [card], "Monitoring": {"Enabled": True},
              "IamInstanceProfile": {"Name": "web"}, "Placement": {"Tenancy": "default"}, "UserData": "aGk="}
    made = ec2.request_spot_instances(LaunchSpecification=wanted, SpotPrice="0.02", ValidUntil="2100-01-01T00:00:00Z",
                                      TagSpecifications=[tags("spot-instances-request")])["SpotInstanceRequests"]
    group = ec2.describe_security_groups(GroupNames=["default"])["SecurityGroups"][0]["GroupId"]
    arn = f"arn:aws:iam::{ACCOUNT}:instance-profile/web"
    plain = {"ImageId": image, "KernelId": KERNEL, "RamdiskId": RAMDISK, "InstanceType": "t3.micro", "SecurityGroupIds": [group], "IamInstanceProfile": {"Arn": arn},
             "BlockDeviceMappings": [{"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 1, "VolumeType": "gp2", "DeleteOnTermination": True}}]}
    later = ec2.request_spot_instances(LaunchSpecification=plain, ValidFrom="2100-01-01T00:00:00Z", LaunchGroup="together",
                                       AvailabilityZoneGroup=REGION, ClientToken="later")["SpotInstanceRequests"][0]
    ec2.describe_spot_instance_requests()
    ec2.cancel_spot_instance_requests(SpotInstanceRequestIds=[later["SpotInstanceRequestId"]])
    launch = {"KeyName": "mine", "KernelId": KERNEL, "RamdiskId": RAMDISK, "MinCount": 1, "MaxCount": 1, "ImageId": image}
    run = ec2.run_instances(**launch, InstanceMarketOptions={"MarketType": "spot"}, IamInstanceProfile={"Name": "web"})
    ec2.terminate_instances(InstanceIds=[run["Instances"][0]["InstanceId"]])
    one = {"SpotInstanceRequestIds": [made[0]["SpotInstanceRequestId"]]}
    waiter = ec2.get_waiter("spot_instance_request_fulfilled")
    waiter.config.delay = 0.1
    waiter.wait(**one)
    seen = ec2.describe_spot_instance_requests(**one)["SpotInstanceRequests"][0]
    assert seen["LaunchSpecification"]["NetworkInterfaces"][0]["SubnetId"] == card["SubnetId"], seen
    launched = ec2.describe_instances(InstanceIds=[seen["InstanceId"]])["Reservations"][0]["Instances"][0]
    assert (launched["InstanceLifecycle"], launched["SpotInstanceRequestId"]) == ("spot", seen["SpotInstanceRequestId"]), launched
    ec2.cancel_spot_instance_requests(**one)
    ec2.terminate_instances(InstanceIds=[seen["InstanceId"]])
    ec2.describe_spot_price_history(InstanceTypes=["t3.micro"], ProductDescriptions=["Linux/UNIX (Amazon VPC)"])


def fleets(ec2, image):
    requirements = {"VCpuCount": {"Min": 2, "Max": 2}, "MemoryMiB": {"Min": 4096, "Max": 8192}, "InstanceGenerations": ["previous"]}
    found = ec2.get_instance_types_from_instance_requirements(
        ArchitectureTypes=["x86_64"], VirtualizationTypes=["hvm"], InstanceRequirements=requirements)["InstanceTypes"]
    assert {"InstanceType": "m5.large"} in found, found
    data = {"ImageId": image, "KeyName": "mine", "KernelId": KERNEL, "RamDiskId": RAMDISK, "InstanceType": "t3.micro"}
    template = ec2.create_launch_template(LaunchTemplateName="fleet", LaunchTemplateData=data)["LaunchTemplate"]["LaunchTemplateId"]
    overrides = [{"InstanceType": "t3.nano", "SubnetId": "subnet-12345678", "Priority": 1.0},
                 {"InstanceType": "t3.small", "WeightedCapacity": 2.0, "AvailabilityZone": f"{REGION}a"}]
    configs = [{"LaunchTemplateSpecification": {"LaunchTemplateId": template, "Version": "1"}, "Overrides": overrides}]
    target = {"TotalTargetCapacity": 3, "OnDemandTargetCapacity": 1, "DefaultTargetCapacityType": "spot"}
    instant = ec2.create_fleet(Type="instant", LaunchTemplateConfigs=configs, TargetCapacitySpecification=target,
                               SpotOptions={"AllocationStrategy": "lowest-price"}, TagSpecifications=[tags("fleet"), tags("instance")])
    assert instant["Errors"] and len(instant["Instances"]) == 2, instant
    kept = ec2.create_fleet(LaunchTemplateConfigs=configs, TargetCapacitySpecification=target)["FleetId"]
    for page in ec2.get_paginator("describe_fleets").paginate(FleetIds=[instant["FleetId"], kept]):
        assert len(page["Fleets"]) == 2, page
    assert len(ec2.describe_fleet_instances(FleetId=kept)["ActiveInstances"]) == 2
    ec2.modify_fleet(FleetId=kept, TargetCapacitySpecification={"TotalTargetCapacity": 1})
    ec2.delete_fleets(FleetIds=[instant["FleetId"], kept, "fleet-0"], TerminateInstances=True)
    gone = lambda: {f["FleetState"] for f in ec2.describe_fleets(FleetIds=[instant["FleetId"], kept])["Fleets"]} == {"deleted"}
    until("the end of fleets", gone)
    ec2.delete_launch_template(LaunchTemplateId=template)


def launch_templates(ec2, instance):
    data = ec2.get_launch_template_data(InstanceId=instance)["LaunchTemplateData"]
    assert data["NetworkInterfaces"][0]["Groups"] and data["TagSpecifications"], data
    data |= {"BlockDeviceMappings": [{"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 8, "DeleteOnTermination": True}}],
             "CreditSpecification": {"CpuCredits": "standard"}, "MaintenanceOptions": {"AutoRecovery": "default"},
             "InstanceMarketOptions": {"MarketType": "spot", "SpotOptions": {"MaxPrice": "0.1"}}, "SecurityGroups": ["default"]}
    made = ec2.create_launch_template(LaunchTemplateName="model", LaunchTemplateData=data, VersionDescription="first",
                                      TagSpecifications=[tags("launch-template")])["LaunchTemplate"]
    one = {"LaunchTemplateId": made["LaunchTemplateId"]}
    ec2.create_launch_template_version(**one, SourceVersion="1", LaunchTemplateData={"InstanceType": "t3.small"})
    ec2.modify_launch_template(**one, DefaultVersion="2")
    ec2.describe_launch_templates()
    seen = ec2.describe_launch_template_versions(Versions=["$Latest"])["LaunchTemplateVersions"]
    assert seen[0]["LaunchTemplateData"] == data | {"InstanceType": "t3.small"}, seen
    ec2.delete_launch_template_versions(**one, Versions=["1", "2", "3"])
    ec2.delete_launch_template(**one)


def placement_groups(ec2, stopped):
    for name, more in {"apart": {"Strategy": "spread"}, "parts": {"Strategy": "partition", "PartitionCount": 3}}.items():
        ec2.create_placement_group(GroupName=name, **more, TagSpecifications=[tags("placement-group")])
    ec2.describe_placement_groups()
    ec2.modify_instance_attribute(InstanceId=stopped, InstanceType={"Value": "m5.large"})
    ec2.modify_instance_placement(InstanceId=stopped, GroupName="parts", PartitionNumber=2)
    placement = ec2.describe_instances(InstanceIds=[stopped])["Reservations"][0]["Instances"][0]["Placement"]
    assert (placement["GroupName"], placement["PartitionNumber"]) == ("parts", 2), placement
    ec2.modify_instance_placement(InstanceId=stopped, GroupName="", Tenancy="default")
    for name in ["apart", "parts"]:
        ec2.delete_placement_group(GroupName=name)
