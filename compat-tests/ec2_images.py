"""The part of ec2_model.py's life that is about images, and what becomes of images over time: copies, dates, protection."""

import base64
import datetime
import hmac
import json

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


def signed_storage(ec2, to, start, **other):
    """Where a bundle goes, with a policy that lets EC2 put it there; `other` is what the policy says otherwise."""
    said = {"expires": "2999-01-01T00:00:00Z", "bucket": to, "prefix": start} | other
    conditions = [{"bucket": said["bucket"]}, {"acl": "ec2-bundle-read"}, ["starts-with", "$key", said["prefix"]]]
    policy = json.dumps({"expiration": said["expires"], "conditions": conditions}).encode()
    keys = ec2._request_signer._credentials
    signature = hmac.digest(keys.secret_key.encode(), base64.b64encode(policy), "sha1")
    return {"S3": {"Bucket": to, "Prefix": start, "AWSAccessKeyId": keys.access_key, "UploadPolicy": policy,
                   "UploadPolicySignature": base64.b64encode(signature).decode()}}


def tasks(ec2, s3, image, instance):
    """Every action on tasks; the instance runs."""
    bucket, place = "tasks", {"S3Bucket": "tasks", "S3Prefix": "out/"}
    s3.create_bucket(Bucket=bucket)
    tag = lambda kind: [{"ResourceType": kind, "Tags": [{"Key": "Name", "Value": "task"}]}]
    export = ec2.export_image(ImageId=image, DiskImageFormat="VMDK", S3ExportLocation=place, Description="out",
                              TagSpecifications=tag("export-image-task"))["ExportImageTaskId"]
    exported = ended(lambda: ec2.describe_export_image_tasks(ExportImageTaskIds=[export])["ExportImageTasks"][0], "Status")
    assert exported["Status"] == "completed", exported
    disk = {"Format": "vmdk", "UserBucket": {"S3Bucket": bucket, "S3Key": f"out/{export}.vmdk"}}
    task = ec2.import_image(DiskContainers=[disk], Description="back", Platform="Linux",
                            TagSpecifications=tag("import-image-task"))["ImportTaskId"]
    read = lambda: ec2.describe_import_image_tasks(ImportTaskIds=[task])["ImportImageTasks"][0]
    imported = ended(read, "Status")
    assert imported["Status"] == "completed" and imported["SnapshotDetails"][0]["DiskImageSize"] > 0, imported
    again = ec2.describe_images(ImageIds=[imported["ImageId"]])["Images"][0]
    assert (again["State"], again["Name"], again["Description"]) == ("available", task, "back")
    snapshot = of_a_snapshot(ec2, {**disk, "Description": "disk"}, tag, instance)
    key = ec2.create_store_image_task(ImageId=image, Bucket=bucket)["ObjectKey"]
    quick(ec2, "store_image_task_complete").wait(ImageIds=[image])
    restored = ec2.create_restore_image_task(Bucket=bucket, ObjectKey=key, Name="restored")["ImageId"]
    quick(ec2, "image_available").wait(ImageIds=[restored])
    bundle = ec2.bundle_instance(InstanceId=instance, Storage=signed_storage(ec2, bucket, "bundle/win"))
    quick(ec2, "bundle_task_complete").wait(BundleIds=[bundle["BundleTask"]["BundleId"]])
    quick(ec2, "instance_running").wait(InstanceIds=[instance])
    assert base64.b64decode(ec2.get_console_screenshot(InstanceId=instance, WakeUp=True)["ImageData"]).startswith(b"\xff\xd8")
    ec2.send_diagnostic_interrupt(InstanceId=instance)
    ec2.describe_export_tasks()
    ec2.describe_conversion_tasks()
    for refused, arguments in [
        (ec2.cancel_import_task, {"ImportTaskId": task}),
        (ec2.cancel_import_task, {"ImportTaskId": snapshot}),
        (ec2.cancel_export_task, {"ExportTaskId": export}),
        (ec2.cancel_bundle_task, {"BundleId": bundle["BundleTask"]["BundleId"]}),
        (ec2.cancel_conversion_task, {"ConversionTaskId": "import-i-12345678"}),
        (ec2.create_instance_export_task, {"InstanceId": instance, "TargetEnvironment": "vmware", "ExportToS3Task": {
            "S3Bucket": bucket}}),
        (ec2.import_instance, {"Platform": "Windows"}),
        (ec2.import_volume, {"AvailabilityZone": "us-east-1a", "Volume": {"Size": 1}, "Image": {
            "Format": "RAW", "Bytes": 1, "ImportManifestUrl": "http://example.com/m"}}),
    ]:
        with pytest.raises(ec2.exceptions.ClientError):
            refused(**arguments)
    for made in [imported["ImageId"], restored]:
        ec2.deregister_image(ImageId=made)


def of_a_snapshot(ec2, disk, tag, instance):
    """Import a snapshot, and take an instance, with the key of another one, through a life on it; the task's id."""
    key = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]["KeyName"]
    task = ec2.import_snapshot(DiskContainer=disk, TagSpecifications=tag("import-snapshot-task"))["ImportTaskId"]
    read = lambda: ec2.describe_import_snapshot_tasks(ImportTaskIds=[task])["ImportSnapshotTasks"][0]
    cloud.until("the snapshot is there", lambda: read()["SnapshotTaskDetail"]["Status"] == "completed")
    made = ec2.register_image(Name="on a volume", RootDeviceName="/dev/sda1", SriovNetSupport="simple", BootMode="uefi-preferred", BlockDeviceMappings=[
        {"DeviceName": "/dev/sda1", "Ebs": {"SnapshotId": read()["SnapshotTaskDetail"]["SnapshotId"], "VolumeType": "gp3"}}])["ImageId"]
    run = ec2.run_instances(ImageId=made, InstanceType="t3.micro", KeyName=key, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    quick(ec2, "instance_running").wait(InstanceIds=[run])
    image = ec2.create_image(InstanceId=run, Name="of volumes")["ImageId"]
    quick(ec2, "image_available").wait(ImageIds=[image])
    for read in [lambda: ec2.describe_images(ImageIds=[image]), lambda: ec2.describe_instances(InstanceIds=[run]),
                 lambda: ec2.describe_image_attribute(ImageId=image, Attribute="blockDeviceMapping")]:
        read()
    ec2.terminate_instances(InstanceIds=[run])
    quick(ec2, "instance_terminated").wait(InstanceIds=[run])
    for one in [image, made]:
        ec2.deregister_image(ImageId=one, DeleteAssociatedSnapshots=True)
    return task


def of_stopped(ec2, instance):
    """The same for a stopped instance; the bucket of the tasks is there."""
    export = ec2.create_instance_export_task(InstanceId=instance, TargetEnvironment="vmware", Description="out", ExportToS3Task={
        "S3Bucket": "tasks", "S3Prefix": "vm/", "DiskImageFormat": "VMDK"})["ExportTask"]["ExportTaskId"]
    quick(ec2, "export_task_completed").wait(ExportTaskIds=[export])
    ec2.describe_export_tasks()


def ended(read, state):
    """A task as it is when nothing is done for it any more."""
    return cloud.until("the task is over", lambda: (seen := read())[state] != "active" and seen)


def quick(ec2, name):
    """A waiter of boto3 that does not wait longer than need be."""
    waiter = ec2.get_waiter(name)
    waiter.config.delay = 0.1
    return waiter


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


@pytest.fixture(scope="module")
def s3(server):
    return server.client("s3")


def exported(ec2, s3, bucket, image, format):
    task = ec2.export_image(ImageId=image, DiskImageFormat=format, S3ExportLocation={"S3Bucket": bucket})["ExportImageTaskId"]
    read = lambda: ec2.describe_export_image_tasks(ExportImageTaskIds=[task])["ExportImageTasks"][0]
    assert ended(read, "Status")["Status"] == "completed", read()
    return f"{task}.{format.lower()}"


@pytest.mark.parametrize("format", ["VMDK", "VHD", "RAW"])
def test_what_is_exported_is_imported_again(ec2, s3, tiny_ami, tiny_image, fresh_bucket, format):
    """Every format, byte for byte."""
    s3.create_bucket(Bucket=fresh_bucket)
    key = exported(ec2, s3, fresh_bucket, tiny_ami, format)
    task = ec2.import_image(DiskContainers=[{"Format": format, "Url": f"s3://{fresh_bucket}/{key}"}])["ImportTaskId"]
    read = lambda: ec2.describe_import_image_tasks(ImportTaskIds=[task])["ImportImageTasks"][0]
    imported = ended(read, "Status")
    assert imported["Status"] == "completed", imported
    raw = exported(ec2, s3, fresh_bucket, imported["ImageId"], "RAW")
    assert s3.get_object(Bucket=fresh_bucket, Key=raw)["Body"].read() == tiny_image.read_bytes()
    found = ec2.describe_import_image_tasks(Filters=[{"Name": "task-state", "Values": ["completed"]}])["ImportImageTasks"]
    assert task in [t["ImportTaskId"] for t in found]
    pages = ec2.get_paginator("describe_import_image_tasks").paginate(PaginationConfig={"PageSize": 1})
    assert task in [t["ImportTaskId"] for page in pages for t in page["ImportImageTasks"]]
    ec2.deregister_image(ImageId=imported["ImageId"])


def test_an_import_that_cannot_be_says_why(server, ec2, s3, fresh_bucket):
    s3.create_bucket(Bucket=fresh_bucket)
    s3.put_object(Bucket=fresh_bucket, Key="disk.vmdk", Body=b"no disk" * 1000)
    container = lambda key, **more: [{"UserBucket": {"S3Bucket": fresh_bucket, "S3Key": key}, **more}]
    with pytest.raises(ec2.exceptions.ClientError, match="InvalidParameter"):
        ec2.import_image(DiskContainers=container("nothing"))
    with pytest.raises(ec2.exceptions.ClientError, match="InvalidParameter"):
        server.client("ec2", cloud.OTHER).import_image(DiskContainers=container("disk.vmdk"))
    task = ec2.import_image(DiskContainers=container("disk.vmdk", Format="VMDK"))["ImportTaskId"]
    read = lambda: ec2.describe_import_image_tasks(ImportTaskIds=[task])["ImportImageTasks"][0]
    failed = ended(read, "Status")
    assert failed["Status"] == "deleted" and "VMDK" in failed["StatusMessage"], failed
    with pytest.raises(ec2.exceptions.ClientError, match="InvalidConversionTaskId.NotFound"):
        server.client("ec2", cloud.OTHER).describe_import_image_tasks(ImportTaskIds=[task])
    with pytest.raises(ec2.exceptions.ClientError, match="IncorrectState"):
        ec2.cancel_import_task(ImportTaskId=task)


def test_an_image_is_stored_and_restored_with_all_that_is_said_of_it(ec2, s3, tiny_ami, fresh_bucket):
    s3.create_bucket(Bucket=fresh_bucket)
    image = ec2.copy_image(Name="to be stored", Description="schön", SourceImageId=tiny_ami, SourceRegion=cloud.REGION,
                           TagSpecifications=tagged("größer"))["ImageId"]
    quick(ec2, "image_available").wait(ImageIds=[image])
    key = ec2.create_store_image_task(ImageId=image, Bucket=fresh_bucket)["ObjectKey"]
    assert key == f"{image}.bin"
    quick(ec2, "store_image_task_complete").wait(ImageIds=[image])
    with pytest.raises(ec2.exceptions.ClientError, match="InvalidAMIName.Duplicate"):
        ec2.create_restore_image_task(Bucket=fresh_bucket, ObjectKey=key)
    ec2.deregister_image(ImageId=image)
    restored = ec2.create_restore_image_task(Bucket=fresh_bucket, ObjectKey=key)["ImageId"]
    quick(ec2, "image_available").wait(ImageIds=[restored])
    seen = ec2.describe_images(ImageIds=[restored])["Images"][0]
    assert (seen["Name"], seen["Description"], seen["Tags"]) == ("to be stored", "schön", [{"Key": "Name", "Value": "größer"}])
    ec2.deregister_image(ImageId=restored)
    # Bytes that somebody changed are not taken for the image.
    kept = s3.get_object(Bucket=fresh_bucket, Key=key)
    body = bytearray(kept["Body"].read())
    body[0] ^= 1
    s3.put_object(Bucket=fresh_bucket, Key=key, Body=bytes(body), Metadata=kept["Metadata"])
    wrong = ec2.create_restore_image_task(Bucket=fresh_bucket, ObjectKey=key)["ImageId"]
    settled = lambda: (seen := ec2.describe_images(ImageIds=[wrong])["Images"][0])["State"] != "pending" and seen
    assert cloud.until("it is looked at", settled)["State"] == "failed"
    ec2.deregister_image(ImageId=wrong)
    s3.put_object(Bucket=fresh_bucket, Key="other", Body=b"x")
    with pytest.raises(ec2.exceptions.ClientError, match="InvalidParameter"):
        ec2.create_restore_image_task(Bucket=fresh_bucket, ObjectKey="other")


def test_an_instance_is_bundled_and_registered(server, ec2, s3, instance, fresh_bucket):
    """euca-bundle-instance: the bundle is one that RegisterImage takes."""
    s3.create_bucket(Bucket=fresh_bucket)
    storage = lambda bucket: {"S3": {"Bucket": bucket, "Prefix": "mine/img"}}
    with pytest.raises(ec2.exceptions.ClientError, match="InvalidParameter"):
        ec2.bundle_instance(InstanceId=instance, Storage=storage("no-such-bucket"))
    with pytest.raises(ec2.exceptions.ClientError, match="InvalidInstanceID.NotFound"):
        theirs = f"{fresh_bucket}-theirs"
        server.client("s3", cloud.OTHER).create_bucket(Bucket=theirs)
        server.client("ec2", cloud.OTHER).bundle_instance(InstanceId=instance, Storage=storage(theirs))
    for other, code in [({"expires": "2001-01-01T00:00:00Z"}, "AccessDenied"), ({"bucket": "another"}, "AccessDenied"),
                        ({"prefix": "yours/"}, "AccessDenied")]:
        with pytest.raises(ec2.exceptions.ClientError, match=code):
            ec2.bundle_instance(InstanceId=instance, Storage=signed_storage(ec2, fresh_bucket, "mine/img", **other))
    forged = signed_storage(ec2, fresh_bucket, "mine/img")
    forged["S3"]["UploadPolicySignature"] = "bm8="
    with pytest.raises(ec2.exceptions.ClientError, match="SignatureDoesNotMatch"):
        ec2.bundle_instance(InstanceId=instance, Storage=forged)
    task = ec2.bundle_instance(InstanceId=instance, Storage=signed_storage(ec2, fresh_bucket, "mine/img"))["BundleTask"]
    assert (task["InstanceId"], task["State"]) == (instance, "waiting-for-shutdown"), task
    quick(ec2, "bundle_task_complete").wait(BundleIds=[task["BundleId"]])
    keys = [o["Key"] for o in s3.list_objects_v2(Bucket=fresh_bucket)["Contents"]]
    assert "mine/img.manifest.xml" in keys and "mine/img.part.00" in keys, keys
    image = server.registered(f"{fresh_bucket}/mine/img.manifest.xml", Name="from a bundled instance")
    assert image["State"] == "available", image
    ec2.deregister_image(ImageId=image["ImageId"])


def test_a_stopped_instance_is_exported(ec2, s3, instance, fresh_bucket):
    s3.create_bucket(Bucket=fresh_bucket)
    export = {"InstanceId": instance, "TargetEnvironment": "vmware", "Description": "d",
              "ExportToS3Task": {"S3Bucket": fresh_bucket, "S3Prefix": "vm/", "DiskImageFormat": "VHD"}}
    with pytest.raises(ec2.exceptions.ClientError, match="IncorrectInstanceState"):
        ec2.create_instance_export_task(**export)
    ec2.stop_instances(InstanceIds=[instance])
    quick(ec2, "instance_stopped").wait(InstanceIds=[instance])
    task = ec2.create_instance_export_task(**export)["ExportTask"]
    quick(ec2, "export_task_completed").wait(ExportTaskIds=[task["ExportTaskId"]])
    size = s3.head_object(Bucket=fresh_bucket, Key=task["ExportToS3Task"]["S3Key"])["ContentLength"]
    assert size > 0 and cloud.state_of(ec2, instance) == "stopped"
