"""What an account says of a region as a whole, for ec2_model.py: each action once or more."""


def settings(ec2, image, instance):
    for state in ["block-new-sharing", "block-all-sharing"]:
        assert ec2.enable_snapshot_block_public_access(State=state)["State"] == state
    assert ec2.get_snapshot_block_public_access_state()["State"] == "block-all-sharing"
    ec2.disable_snapshot_block_public_access()

    ec2.replace_image_criteria_in_allowed_images_settings(ImageCriteria=[
        {"ImageProviders": ["amazon", "210987654321"], "ImageNames": ["debian-*"], "CreationDateCondition": {"MaximumDaysSinceCreated": 90}},
        {"ImageProviders": ["aws-marketplace"], "MarketplaceProductCodes": ["abc"], "DeprecationTimeCondition": {"MaximumDaysSinceDeprecated": 0}}])
    ec2.enable_allowed_images_settings(AllowedImagesSettingsState="audit-mode")
    assert ec2.describe_images(ImageIds=[image])["Images"][0]["ImageAllowed"] is True, "it is the account's own"
    ec2.enable_allowed_images_settings(AllowedImagesSettingsState="enabled")
    seen = ec2.get_allowed_images_settings()
    assert seen["State"] == "enabled" and seen["ImageCriteria"][0]["ImageNames"] == ["debian-*"], seen
    assert seen["ImageCriteria"][1]["DeprecationTimeCondition"] == {"MaximumDaysSinceDeprecated": 0}, seen
    [used] = ec2.describe_instance_image_metadata(InstanceIds=[instance])["InstanceImageMetadata"]
    assert used["ImageMetadata"]["ImageId"] == image and used["ImageMetadata"]["ImageAllowed"], used
    ec2.disable_allowed_images_settings()
    ec2.replace_image_criteria_in_allowed_images_settings()

    assert ec2.get_default_credit_specification(InstanceFamily="t2")["InstanceFamilyCreditSpecification"]["CpuCredits"] == "standard"
    ec2.modify_default_credit_specification(InstanceFamily="t2", CpuCredits="unlimited")
    assert ec2.describe_instance_topology(InstanceIds=[instance])["Instances"] == []

    ec2.register_instance_event_notification_attributes(InstanceTagAttribute={"InstanceTagKeys": ["Name", "env"]})
    ec2.deregister_instance_event_notification_attributes(InstanceTagAttribute={"InstanceTagKeys": ["env"]})
    assert ec2.describe_instance_event_notification_attributes()["InstanceTagAttribute"]["InstanceTagKeys"] == ["Name"]
    try:
        ec2.modify_instance_event_start_time(InstanceId=instance, InstanceEventId="instance-event-0d59937288b749b32", NotBefore="2030-01-01")
    except ec2.exceptions.ClientError as e:
        assert e.response["Error"]["Code"] == "InvalidInstanceEventID.NotFound", e


def flow_logs(ec2, bucket):
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    tags = [{"ResourceType": "vpc-flow-log", "Tags": [{"Key": "Name", "Value": "model test"}]}]
    made = ec2.create_flow_logs(
        ResourceType="VPC", ResourceIds=[vpc, "vpc-12345678"], TrafficType="ALL", LogDestinationType="s3", LogDestination=f"arn:aws:s3:::{bucket}",
        DestinationOptions={"FileFormat": "parquet", "HiveCompatiblePartitions": True, "PerHourPartition": False}, TagSpecifications=tags)
    assert made["Unsuccessful"][0]["Error"]["Code"] == "InvalidVpcID.NotFound", made
    more = ec2.create_flow_logs(ResourceType="Subnet", ResourceIds=[subnet], TrafficType="REJECT", LogGroupName="flows", MaxAggregationInterval=60,
                                DeliverLogsPermissionArn="arn:aws:iam::123456789012:role/flows", ClientToken="flows")["FlowLogIds"]
    seen = {log["ResourceId"]: log for log in ec2.describe_flow_logs()["FlowLogs"]}
    assert (seen[vpc]["DeliverLogsStatus"], seen[subnet]["MaxAggregationInterval"]) == ("FAILED", 60), seen
    ec2.delete_flow_logs(FlowLogIds=made["FlowLogIds"] + more)


def datafeed(ec2, bucket):
    ec2.delete_spot_datafeed_subscription()
    try:
        ec2.describe_spot_datafeed_subscription()
    except ec2.exceptions.ClientError as e:
        assert e.response["Error"]["Code"] == "InvalidSpotDatafeed.NotFound", e
    ec2.create_spot_datafeed_subscription(Bucket=bucket, Prefix="spot/")
    assert ec2.describe_spot_datafeed_subscription()["SpotDatafeedSubscription"]["State"] == "Active"
    ec2.delete_spot_datafeed_subscription()
