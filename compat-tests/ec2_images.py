"""The part of ec2_model.py's life that is about images, and what becomes of images over time: copies, dates, protection."""

import datetime

import pytest

import cloud


def life(ec2, image, region):
    """Call every action on images that needs no instance; `image` is available."""
    copy = ec2.copy_image(SourceImageId=image, SourceRegion=region, Name="copy", CopyImageTags=True)["ImageId"]
    quick(ec2, "image_exists").wait(ImageIds=[copy])
    quick(ec2, "image_available").wait(ImageIds=[copy])
    later = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=30)
    ec2.enable_image_deprecation(ImageId=copy, DeprecateAt=later)
    ec2.enable_image_deregistration_protection(ImageId=copy)
    ec2.modify_image_attribute(ImageId=copy, ImdsSupport={"Value": "v2.0"})
    seen = ec2.describe_images(ImageIds=[copy])["Images"][0]
    assert seen["DeregistrationProtection"] == "enabled-without-cooldown" and seen["SourceImageId"] == image, seen
    ec2.disable_image_deregistration_protection(ImageId=copy)
    ec2.disable_image_deprecation(ImageId=copy)
    ec2.disable_image(ImageId=copy)
    ec2.describe_images(ImageIds=[copy], IncludeDisabled=True)
    ec2.enable_image(ImageId=copy)
    ec2.enable_image_block_public_access(ImageBlockPublicAccessState="block-new-sharing")
    ec2.get_image_block_public_access_state()
    ec2.disable_image_block_public_access()
    ec2.list_images_in_recycle_bin()
    for refused in [ec2.restore_image_from_recycle_bin, ec2.cancel_image_launch_permission]:
        with pytest.raises(ec2.exceptions.ClientError):
            refused(ImageId=copy)
    ec2.deregister_image(ImageId=copy)


def of_instance(ec2, instance):
    """The same for actions on images that need a running instance."""
    image = ec2.create_image(InstanceId=instance, Name="of an instance", NoReboot=True)["ImageId"]
    quick(ec2, "image_available").wait(ImageIds=[image])
    assert ec2.describe_images(ImageIds=[image])["Images"][0]["SourceInstanceId"] == instance
    ec2.deregister_image(ImageId=image)


def quick(ec2, name):
    """A waiter of boto3 that does not wait longer than need be."""
    waiter = ec2.get_waiter(name)
    waiter.config.delay = 0.1
    return waiter


@pytest.fixture(scope="module")
def ec2(server):
    return server.client("ec2")


def tagged(name):
    return [{"ResourceType": "image", "Tags": [{"Key": "Name", "Value": name}]}]


# What Terraform's provider reads of an image without asking whether it is there.
FIELDS = """Architecture BlockDeviceMappings CreationDate Description EnaSupport Hypervisor ImageId ImageLocation ImageType Name
    OwnerId PlatformDetails Public RootDeviceName RootDeviceType State Tags UsageOperation VirtualizationType""".split()


def test_aws_ami_copy(ec2, tiny_ami):
    """Terraform: create, wait, read, refresh, update, destroy."""
    made = ec2.copy_image(ClientToken="terraform-1", Description="tf", Encrypted=False, Name="tf-copy", SourceImageId=tiny_ami,
                          SourceRegion=cloud.REGION, TagSpecifications=tagged("tf"))["ImageId"]
    quick(ec2, "image_available").wait(ImageIds=[made])
    ec2.enable_image_deprecation(ImageId=made, DeprecateAt="2030-01-01T00:00:00Z")
    read = lambda: ec2.describe_images(ImageIds=[made], IncludeDeprecated=True)["Images"][0]
    seen = read()
    assert not [field for field in FIELDS if field not in seen], seen
    assert (seen["Name"], seen["Description"], seen["Tags"]) == ("tf-copy", "tf", [{"Key": "Name", "Value": "tf"}])
    assert seen["DeprecationTime"] == "2030-01-01T00:00:00.000Z"
    assert read() == seen, "a refresh shows no difference"
    ec2.modify_image_attribute(Description={"Value": "changed"}, ImageId=made)
    ec2.disable_image_deprecation(ImageId=made)
    assert (read()["Description"], "DeprecationTime" in read()) == ("changed", False)
    ec2.deregister_image(ImageId=made)
    with pytest.raises(ec2.exceptions.ClientError, match="InvalidAMIID.NotFound"):
        read()


def test_aws_ami_launch_permission(ec2, tiny_ami):
    """Terraform: the permission of one account on one image, and a group's."""
    image = ec2.copy_image(Name="tf-shared", SourceImageId=tiny_ami, SourceRegion=cloud.REGION)["ImageId"]
    quick(ec2, "image_available").wait(ImageIds=[image])
    read = lambda: ec2.describe_image_attribute(Attribute="launchPermission", ImageId=image)["LaunchPermissions"]
    for permission in [{"UserId": cloud.OTHER.id}, {"Group": "all"}]:
        change = lambda what: ec2.modify_image_attribute(
            Attribute="launchPermission", ImageId=image, LaunchPermission={what: [permission]})
        change("Add")
        assert read() == [permission]
        change("Remove")
        assert read() == []
    ec2.deregister_image(ImageId=image)


@pytest.fixture
def instance(ec2, tiny_ami):
    id = ec2.run_instances(ImageId=tiny_ami, InstanceType="t3.micro", MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    quick(ec2, "instance_running").wait(InstanceIds=[id])
    yield id
    ec2.terminate_instances(InstanceIds=[id])
    quick(ec2, "instance_terminated").wait(InstanceIds=[id])


def test_aws_ami_from_instance(ec2, instance):
    """Terraform: create, wait, read, refresh, destroy."""
    made = ec2.create_image(Description="tf", InstanceId=instance, Name="tf-from-instance", NoReboot=False,
                            TagSpecifications=tagged("tf"))["ImageId"]
    quick(ec2, "image_available").wait(ImageIds=[made])
    read = lambda: ec2.describe_images(ImageIds=[made], IncludeDeprecated=True)["Images"][0]
    seen = read()
    assert not [field for field in FIELDS if field not in seen], seen
    assert (seen["SourceInstanceId"], seen["Tags"]) == (instance, [{"Key": "Name", "Value": "tf"}])
    assert read() == seen, "a refresh shows no difference"
    assert cloud.state_of(ec2, instance) == "running", "it was started again"
    ec2.deregister_image(ImageId=made)


def test_packer_builds_an_image(server, ec2, tiny_ami):
    """Packer's amazon-ebs, as its source calls it: source image, key, group, instance, tags, stop, image, copy, share, clean up."""
    source = ec2.describe_images(ImageIds=[tiny_ami])["Images"][0]
    assert source["VirtualizationType"] == "hvm" and "RootDeviceName" in source
    assert ec2.describe_images(Filters=[{"Name": "name", "Values": ["packer-made"]}], Owners=["self"])["Images"] == []
    ec2.create_key_pair(KeyName="packer_1", KeyType="ed25519")
    vpc = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]["VpcId"]
    group = ec2.create_security_group(GroupName="packer_1", Description="Temporary group for Packer", VpcId=vpc)["GroupId"]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[
        {"FromPort": 22, "ToPort": 22, "IpProtocol": "tcp", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}])
    id = ec2.run_instances(ImageId=tiny_ami, InstanceType="t3.micro", MinCount=1, MaxCount=1, KeyName="packer_1", EbsOptimized=False,
                           SecurityGroupIds=[group], UserData="", InstanceInitiatedShutdownBehavior="stop",
                           TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "Packer Builder"}]}],
                           )["Instances"][0]["InstanceId"]
    quick(ec2, "instance_running").wait(InstanceIds=[id])
    ec2.describe_instances(InstanceIds=[id])
    ec2.stop_instances(InstanceIds=[id])
    quick(ec2, "instance_stopped").wait(InstanceIds=[id])
    made = ec2.create_image(InstanceId=id, Name="packer-made", BlockDeviceMappings=[], TagSpecifications=tagged("packer"))["ImageId"]
    quick(ec2, "image_available").wait(ImageIds=[made])
    assert cloud.state_of(ec2, id) == "stopped"
    copy = ec2.copy_image(SourceRegion=cloud.REGION, SourceImageId=made, Name="packer-copy", Encrypted=False)["ImageId"]
    quick(ec2, "image_available").wait(ImageIds=[copy])
    snapshots = [m["Ebs"]["SnapshotId"] for m in ec2.describe_images(ImageIds=[made])["Images"][0]["BlockDeviceMappings"] if "Ebs" in m]
    ec2.create_tags(Resources=[made, *snapshots], Tags=[{"Key": "built-by", "Value": "packer"}])
    ec2.modify_image_attribute(ImageId=made, Description={"Value": "made by packer"})
    ec2.modify_image_attribute(ImageId=made, LaunchPermission={"Add": [{"UserId": cloud.OTHER.id}]})
    ec2.terminate_instances(InstanceIds=[id])
    quick(ec2, "instance_terminated").wait(InstanceIds=[id])
    ec2.delete_security_group(GroupId=group)
    ec2.delete_key_pair(KeyName="packer_1")
    theirs = server.client("ec2", cloud.OTHER)
    run = theirs.run_instances(ImageId=made, InstanceType="t3.micro", MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    quick(theirs, "instance_running").wait(InstanceIds=[run])
    theirs.terminate_instances(InstanceIds=[run])
    for image in [made, copy]:
        ec2.deregister_image(ImageId=image)


def test_the_instance_ends_before_its_image_is_made(ec2, instance):
    """Whatever comes first, the image does not wait for ever."""
    image = ec2.create_image(InstanceId=instance, Name="too late")["ImageId"]
    ec2.terminate_instances(InstanceIds=[instance])
    settled = lambda: (seen := ec2.describe_images(ImageIds=[image])["Images"][0])["State"] != "pending" and seen
    described = cloud.until("it is made, or failed", settled)
    assert described["State"] == "available" or "terminated" in described["StateReason"]["Message"], described
    ec2.deregister_image(ImageId=image)


def test_a_copy_is_launched(server, ec2, tiny_ami):
    """Somebody else copies a shared image, and has the copy when the image is gone."""
    image = ec2.copy_image(Name="to-share", SourceImageId=tiny_ami, SourceRegion=cloud.REGION)["ImageId"]
    quick(ec2, "image_available").wait(ImageIds=[image])
    ec2.modify_image_attribute(ImageId=image, LaunchPermission={"Add": [{"UserId": cloud.OTHER.id}]})
    theirs = server.client("ec2", cloud.OTHER)
    copy = theirs.copy_image(Name="mine", SourceImageId=image, SourceRegion=cloud.REGION)["ImageId"]
    quick(theirs, "image_available").wait(ImageIds=[copy])
    ec2.deregister_image(ImageId=image)
    launched = theirs.run_instances(ImageId=copy, InstanceType="t3.micro", MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    cloud.await_state(theirs, launched, "running")
    assert theirs.describe_images(ImageIds=[copy])["Images"][0]["LastLaunchedTime"]
    theirs.terminate_instances(InstanceIds=[launched])
    theirs.deregister_image(ImageId=copy)
