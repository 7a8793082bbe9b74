// What users of the AWS SDK for JavaScript v3 do with EC2, against the server that the environment names; EC2_TEST_IMAGE is an image.
// Prints one line for each thing that works; ends with an error at the first that does not.

import assert from "node:assert/strict";
import {
  AllocateAddressCommand, AssociateAddressCommand, AuthorizeSecurityGroupIngressCommand, CreateKeyPairCommand,
  CreateSecurityGroupCommand, CreateSubnetCommand, CreateTagsCommand, CreateVpcCommand, DeleteKeyPairCommand,
  DeleteSecurityGroupCommand, DeleteSubnetCommand, DeleteVpcCommand, DescribeAddressesCommand, DescribeAvailabilityZonesCommand,
  DescribeImagesCommand, DescribeInstanceAttributeCommand, DescribeInstancesCommand, DescribeSecurityGroupRulesCommand, EC2Client,
  EC2ServiceException, GetConsoleOutputCommand, ModifyInstanceAttributeCommand, RebootInstancesCommand, ReleaseAddressCommand,
  RunInstancesCommand, StartInstancesCommand, StopInstancesCommand, TerminateInstancesCommand, paginateDescribeInstanceTypes,
  paginateDescribeInstances, paginateDescribeTags, waitUntilImageAvailable, waitUntilInstanceRunning, waitUntilInstanceStatusOk,
  waitUntilInstanceStopped, waitUntilInstanceTerminated, waitUntilKeyPairExists, waitUntilSecurityGroupExists,
  waitUntilSubnetAvailable, waitUntilVpcAvailable,
} from "@aws-sdk/client-ec2";

const ec2 = new EC2Client({ endpoint: process.env.AWS_ENDPOINT_URL, region: "us-east-1", maxAttempts: 1 });
const ImageId = process.env.EC2_TEST_IMAGE;
const soon = { client: ec2, maxWaitTime: 60, minDelay: 1, maxDelay: 1 };

async function refused(command) {
  try {
    await ec2.send(command);
  } catch (error) {
    assert(error instanceof EC2ServiceException, error);
    return error;
  }
  assert.fail("it was not refused");
}

async function places() {
  const zones = await ec2.send(new DescribeAvailabilityZonesCommand({}));
  assert.deepEqual(zones.AvailabilityZones.map((z) => z.ZoneName), ["us-east-1a", "us-east-1b", "us-east-1c"]);
  const types = [];
  for await (const page of paginateDescribeInstanceTypes({ client: ec2, pageSize: 5 }, {})) {
    assert.ok(page.InstanceTypes.length <= 5);
    types.push(...page.InstanceTypes.map((t) => t.InstanceType));
  }
  assert.ok(types.includes("t3.micro") && new Set(types).size === types.length);
  await waitUntilImageAvailable(soon, { ImageIds: [ImageId] });
  const { Images: [image] } = await ec2.send(new DescribeImagesCommand({ ImageIds: [ImageId] }));
  assert.equal(image.State, "available");
  assert.ok(new Date(image.CreationDate) <= new Date());
  console.log("places: zones, types by pages, an image");
}

async function networks() {
  const tags = (ResourceType, Value) => [{ ResourceType, Tags: [{ Key: "Name", Value }] }];
  const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: "10.5.0.0/16", TagSpecifications: tags("vpc", "js <&>") }));
  await waitUntilVpcAvailable(soon, { VpcIds: [Vpc.VpcId] });
  assert.deepEqual(Vpc.Tags, [{ Key: "Name", Value: "js <&>" }]);
  const { Subnet } = await ec2.send(new CreateSubnetCommand({ VpcId: Vpc.VpcId, CidrBlock: "10.5.1.0/24" }));
  await waitUntilSubnetAvailable(soon, { SubnetIds: [Subnet.SubnetId] });
  assert.equal(Subnet.AvailableIpAddressCount, 251);
  const { GroupId } = await ec2.send(new CreateSecurityGroupCommand({ VpcId: Vpc.VpcId, GroupName: "js", Description: "for a test" }));
  await waitUntilSecurityGroupExists(soon, { GroupIds: [GroupId] });
  const IpPermissions = [{ IpProtocol: "tcp", FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: "10.0.0.0/8", Description: "us" }] }];
  const { SecurityGroupRules: [rule] } = await ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions }));
  assert.deepEqual([rule.FromPort, rule.CidrIpv4, rule.IsEgress], [22, "10.0.0.0/8", false]);
  const rules = await ec2.send(new DescribeSecurityGroupRulesCommand({ Filters: [{ Name: "group-id", Values: [GroupId] }] }));
  assert.equal(rules.SecurityGroupRules.length, 2);
  const again = await refused(new AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions }));
  assert.equal(again.name, "InvalidPermission.Duplicate");
  assert.equal((await refused(new DeleteVpcCommand({ VpcId: Vpc.VpcId }))).name, "DependencyViolation");
  await ec2.send(new DeleteSecurityGroupCommand({ GroupId }));
  await ec2.send(new DeleteSubnetCommand({ SubnetId: Subnet.SubnetId }));
  await ec2.send(new DeleteVpcCommand({ VpcId: Vpc.VpcId }));
  console.log("networks: VPC, subnet, group, rules");
}

async function instances() {
  const pair = await ec2.send(new CreateKeyPairCommand({ KeyName: "js", KeyType: "ed25519" }));
  assert.ok(pair.KeyMaterial.startsWith("-----BEGIN OPENSSH PRIVATE KEY-----"));
  await waitUntilKeyPairExists(soon, { KeyNames: ["js"] });
  const launch = {
    ImageId, InstanceType: "t3.micro", MinCount: 1, MaxCount: 7, KeyName: "js", ClientToken: `js-${process.pid}`,
    UserData: Buffer.from("#!/bin/sh\n").toString("base64"),
    TagSpecifications: [{ ResourceType: "instance", Tags: [{ Key: "Name", Value: "js" }, { Key: "größe", Value: "ü" }] }],
  };
  const made = await ec2.send(new RunInstancesCommand(launch));
  const InstanceIds = made.Instances.map((i) => i.InstanceId);
  assert.equal(InstanceIds.length, 7);
  assert.ok(made.Instances[0].LaunchTime instanceof Date);
  assert.equal((await ec2.send(new RunInstancesCommand(launch))).ReservationId, made.ReservationId);
  await waitUntilInstanceRunning(soon, { InstanceIds });
  await waitUntilInstanceStatusOk(soon, { InstanceIds });
  const seen = [];
  const Filters = [{ Name: "tag:Name", Values: ["j?"] }, { Name: "instance-state-name", Values: ["running"] }];
  for await (const page of paginateDescribeInstances({ client: ec2, pageSize: 5 }, { Filters })) {
    seen.push(...page.Reservations.flatMap((r) => r.Instances.map((i) => i.InstanceId)));
  }
  assert.deepEqual([...seen].sort(), [...InstanceIds].sort());

  const [InstanceId] = InstanceIds;
  const one = { InstanceIds: [InstanceId] };
  await ec2.send(new CreateTagsCommand({ Resources: InstanceIds, Tags: [{ Key: "more", Value: "" }] }));
  let tags = 0;
  for await (const page of paginateDescribeTags({ client: ec2, pageSize: 5 }, { Filters: [{ Name: "resource-id", Values: InstanceIds }] })) {
    tags += page.Tags.length;
  }
  assert.equal(tags, 21);
  const { PublicIp, AllocationId } = await ec2.send(new AllocateAddressCommand({ Domain: "vpc" }));
  await ec2.send(new AssociateAddressCommand({ AllocationId, InstanceId }));
  const { Addresses: [address] } = await ec2.send(new DescribeAddressesCommand({ AllocationIds: [AllocationId] }));
  assert.deepEqual([address.InstanceId, address.PublicIp], [InstanceId, PublicIp]);
  await ec2.send(new StopInstancesCommand(one));
  await waitUntilInstanceStopped(soon, one);
  await ec2.send(new ModifyInstanceAttributeCommand({ InstanceId, InstanceType: { Value: "t3.small" } }));
  const data = await ec2.send(new DescribeInstanceAttributeCommand({ InstanceId, Attribute: "userData" }));
  assert.equal(Buffer.from(data.UserData.Value, "base64").toString(), "#!/bin/sh\n");
  await ec2.send(new StartInstancesCommand(one));
  await waitUntilInstanceRunning(soon, one);
  await ec2.send(new RebootInstancesCommand(one));
  assert.equal((await ec2.send(new GetConsoleOutputCommand({ InstanceId }))).InstanceId, InstanceId);
  await ec2.send(new TerminateInstancesCommand({ InstanceIds }));
  await waitUntilInstanceTerminated(soon, { InstanceIds });
  await ec2.send(new ReleaseAddressCommand({ AllocationId }));
  await ec2.send(new DeleteKeyPairCommand({ KeyName: "js" }));
  console.log("instances: launched twice by one token, paged, tagged, stopped, changed, ended");
}

async function errors() {
  const missing = await refused(new DescribeInstancesCommand({ InstanceIds: ["i-0123456789abcdef0"] }));
  assert.equal(missing.name, "InvalidInstanceID.NotFound");
  assert.equal(missing.$metadata.httpStatusCode, 400);
  assert.ok(missing.$metadata.requestId);
  const dry = await refused(new RunInstancesCommand({ ImageId, MinCount: 1, MaxCount: 1, DryRun: true }));
  assert.deepEqual([dry.name, dry.$metadata.httpStatusCode], ["DryRunOperation", 412]);
  console.log("errors: their codes, their requests");
}

await places();
await networks();
await instances();
await errors();
console.log("everything");
