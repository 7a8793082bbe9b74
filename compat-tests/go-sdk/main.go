// The AWS SDK for Go, as Terraform, Packer and Kubernetes' drivers use it: waiters, paginators, the transfer manager.
// It takes its cloud from the environment and says "everything" at the end.
package main

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/awserr"
	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/aws/aws-sdk-go/service/ec2"
	"github.com/aws/aws-sdk-go/service/s3"
	"github.com/aws/aws-sdk-go/service/s3/s3manager"
	"github.com/aws/aws-sdk-go/service/sts"
)

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func check(what string, got, want interface{}) {
	if fmt.Sprint(got) != fmt.Sprint(want) {
		panic(fmt.Sprintf("%s: %v, not %v", what, got, want))
	}
}

func refused(what string, err error, code string) {
	failure, ok := err.(awserr.RequestFailure)
	if !ok || failure.Code() != code || failure.RequestID() == "" {
		panic(fmt.Sprintf("%s: %v, not %s", what, err, code))
	}
}

func main() {
	config := aws.NewConfig().WithEndpoint(os.Getenv("AWS_ENDPOINT_URL")).WithRegion(os.Getenv("AWS_DEFAULT_REGION")).
		WithS3ForcePathStyle(true).WithSleepDelay(func(pause time.Duration) { time.Sleep(pause / 50) })
	here := session.Must(session.NewSession(config))
	mark := fmt.Sprintf("go-%d", os.Getpid())
	identity, err := sts.New(here).GetCallerIdentity(nil)
	must(err)
	check("the account", len(*identity.Account), 12)
	instances(ec2.New(here), mark)
	networks(ec2.New(here), mark)
	objects(s3.New(here), mark)
	fmt.Println("everything")
}

func instances(api *ec2.EC2, mark string) {
	key, err := api.CreateKeyPair(&ec2.CreateKeyPairInput{KeyName: &mark, KeyType: aws.String("ed25519")})
	must(err)
	data := base64.StdEncoding.EncodeToString([]byte("#!/bin/sh\n"))
	launched, err := api.RunInstances(&ec2.RunInstancesInput{
		ImageId: aws.String(os.Getenv("EC2_TEST_IMAGE")), InstanceType: aws.String("t3.micro"), KeyName: &mark,
		MinCount: aws.Int64(2), MaxCount: aws.Int64(2), UserData: &data, ClientToken: &mark,
		Monitoring: &ec2.RunInstancesMonitoringEnabled{Enabled: aws.Bool(false)}, EbsOptimized: aws.Bool(false),
		TagSpecifications: []*ec2.TagSpecification{{ResourceType: aws.String("instance"),
			Tags: []*ec2.Tag{{Key: aws.String("Name"), Value: &mark}}}},
		MetadataOptions: &ec2.InstanceMetadataOptionsRequest{HttpTokens: aws.String("required")},
	})
	must(err)
	ids := []*string{launched.Instances[0].InstanceId, launched.Instances[1].InstanceId}
	which := &ec2.DescribeInstancesInput{InstanceIds: ids}
	must(api.WaitUntilInstanceRunning(which))
	must(api.WaitUntilInstanceStatusOk(&ec2.DescribeInstanceStatusInput{InstanceIds: ids}))
	named := &ec2.DescribeInstancesInput{MaxResults: aws.Int64(5),
		Filters: []*ec2.Filter{{Name: aws.String("tag:Name"), Values: []*string{&mark}}}}
	seen := 0
	must(api.DescribeInstancesPages(named, func(page *ec2.DescribeInstancesOutput, last bool) bool {
		for _, reservation := range page.Reservations {
			for _, one := range reservation.Instances {
				seen++
				check("its key", *one.KeyName, mark)
				check("its interface", *one.NetworkInterfaces[0].Attachment.DeviceIndex, 0)
				check("its tokens", *one.MetadataOptions.HttpTokens, "required")
			}
		}
		return true
	}))
	check("instances by name", seen, 2)
	kept, err := api.DescribeInstanceAttribute(&ec2.DescribeInstanceAttributeInput{InstanceId: ids[0], Attribute: aws.String("userData")})
	must(err)
	check("the user data", *kept.UserData.Value, data)

	volume, err := api.CreateVolume(&ec2.CreateVolumeInput{AvailabilityZone: launched.Instances[0].Placement.AvailabilityZone, Size: aws.Int64(1)})
	must(err)
	disk := &ec2.DescribeVolumesInput{VolumeIds: []*string{volume.VolumeId}}
	must(api.WaitUntilVolumeAvailable(disk))
	_, err = api.AttachVolume(&ec2.AttachVolumeInput{VolumeId: volume.VolumeId, InstanceId: ids[0], Device: aws.String("/dev/sdg")})
	must(err)
	must(api.WaitUntilVolumeInUse(disk))
	snapshot, err := api.CreateSnapshot(&ec2.CreateSnapshotInput{VolumeId: volume.VolumeId})
	must(err)
	must(api.WaitUntilSnapshotCompleted(&ec2.DescribeSnapshotsInput{SnapshotIds: []*string{snapshot.SnapshotId}}))
	_, err = api.DeleteVolume(&ec2.DeleteVolumeInput{VolumeId: volume.VolumeId})
	refused("deleting what is in use", err, "VolumeInUse")
	_, err = api.StopInstances(&ec2.StopInstancesInput{InstanceIds: ids, DryRun: aws.Bool(true)})
	refused("a rehearsal", err, "DryRunOperation")
	_, err = api.StopInstances(&ec2.StopInstancesInput{InstanceIds: ids})
	must(err)
	must(api.WaitUntilInstanceStopped(which))
	_, err = api.DetachVolume(&ec2.DetachVolumeInput{VolumeId: volume.VolumeId})
	must(err)
	must(api.WaitUntilVolumeAvailable(disk))
	image, err := api.CreateImage(&ec2.CreateImageInput{InstanceId: ids[0], Name: &mark})
	must(err)
	must(api.WaitUntilImageAvailable(&ec2.DescribeImagesInput{ImageIds: []*string{image.ImageId}}))
	_, err = api.TerminateInstances(&ec2.TerminateInstancesInput{InstanceIds: ids})
	must(err)
	must(api.WaitUntilInstanceTerminated(which))

	_, err = api.DeregisterImage(&ec2.DeregisterImageInput{ImageId: image.ImageId})
	must(err)
	_, err = api.DeleteSnapshot(&ec2.DeleteSnapshotInput{SnapshotId: snapshot.SnapshotId})
	must(err)
	_, err = api.DeleteVolume(&ec2.DeleteVolumeInput{VolumeId: volume.VolumeId})
	must(err)
	must(api.WaitUntilVolumeDeleted(disk))
	_, err = api.DeleteKeyPair(&ec2.DeleteKeyPairInput{KeyPairId: key.KeyPairId})
	must(err)
	_, err = api.DescribeInstances(&ec2.DescribeInstancesInput{InstanceIds: []*string{aws.String("i-0123456789abcdef0")}})
	refused("an instance that is not there", err, "InvalidInstanceID.NotFound")
}

func networks(api *ec2.EC2, mark string) {
	vpc, err := api.CreateVpc(&ec2.CreateVpcInput{CidrBlock: aws.String("10.8.0.0/16"), AmazonProvidedIpv6CidrBlock: aws.Bool(false)})
	must(err)
	id := vpc.Vpc.VpcId
	must(api.WaitUntilVpcAvailable(&ec2.DescribeVpcsInput{VpcIds: []*string{id}}))
	subnet, err := api.CreateSubnet(&ec2.CreateSubnetInput{VpcId: id, CidrBlock: aws.String("10.8.1.0/24")})
	must(err)
	must(api.WaitUntilSubnetAvailable(&ec2.DescribeSubnetsInput{SubnetIds: []*string{subnet.Subnet.SubnetId}}))
	group, err := api.CreateSecurityGroup(&ec2.CreateSecurityGroupInput{VpcId: id, GroupName: &mark, Description: &mark})
	must(err)
	must(api.WaitUntilSecurityGroupExists(&ec2.DescribeSecurityGroupsInput{GroupIds: []*string{group.GroupId}}))
	rule := []*ec2.IpPermission{{IpProtocol: aws.String("tcp"), FromPort: aws.Int64(22), ToPort: aws.Int64(22),
		IpRanges: []*ec2.IpRange{{CidrIp: aws.String("10.0.0.0/8"), Description: &mark}}}}
	_, err = api.AuthorizeSecurityGroupIngress(&ec2.AuthorizeSecurityGroupIngressInput{GroupId: group.GroupId, IpPermissions: rule})
	must(err)
	_, err = api.AuthorizeSecurityGroupIngress(&ec2.AuthorizeSecurityGroupIngressInput{GroupId: group.GroupId, IpPermissions: rule})
	refused("the rule again", err, "InvalidPermission.Duplicate")
	_, err = api.DeleteVpc(&ec2.DeleteVpcInput{VpcId: id})
	refused("deleting a VPC with a subnet", err, "DependencyViolation")
	_, err = api.DeleteSecurityGroup(&ec2.DeleteSecurityGroupInput{GroupId: group.GroupId})
	must(err)
	_, err = api.DeleteSubnet(&ec2.DeleteSubnetInput{SubnetId: subnet.Subnet.SubnetId})
	must(err)
	_, err = api.DeleteVpc(&ec2.DeleteVpcInput{VpcId: id})
	must(err)
}

func objects(api *s3.S3, bucket string) {
	_, err := api.CreateBucket(&s3.CreateBucketInput{Bucket: &bucket})
	must(err)
	must(api.WaitUntilBucketExists(&s3.HeadBucketInput{Bucket: &bucket}))
	big := make([]byte, 12<<20)
	_, err = rand.Read(big)
	must(err)
	names := []string{"a b+c", "big", "ünï/ç☃"}
	for _, name := range names {
		body := []byte(name)
		if name == "big" {
			body = big
		}
		_, err = s3manager.NewUploaderWithClient(api).Upload(&s3manager.UploadInput{Bucket: &bucket, Key: aws.String(name),
			Body: bytes.NewReader(body), Metadata: map[string]*string{"Colour": aws.String("red")}})
		must(err)
	}
	got := aws.NewWriteAtBuffer(nil)
	_, err = s3manager.NewDownloaderWithClient(api).Download(got, &s3.GetObjectInput{Bucket: &bucket, Key: aws.String("big")})
	must(err)
	check("the big object", bytes.Equal(got.Bytes(), big), true)
	keys := []string{}
	must(api.ListObjectsV2Pages(&s3.ListObjectsV2Input{Bucket: &bucket, MaxKeys: aws.Int64(2)}, func(page *s3.ListObjectsV2Output, last bool) bool {
		for _, one := range page.Contents {
			keys = append(keys, *one.Key)
		}
		return true
	}))
	check("the keys", keys, names)
	request, _ := api.GetObjectRequest(&s3.GetObjectInput{Bucket: &bucket, Key: aws.String("ünï/ç☃")})
	link, err := request.Presign(time.Minute)
	must(err)
	answer, err := http.Get(link)
	must(err)
	body, err := io.ReadAll(answer.Body)
	must(err)
	check("by its link", string(body), "ünï/ç☃")
	_, err = api.HeadObject(&s3.HeadObjectInput{Bucket: &bucket, Key: aws.String("none")})
	refused("an object that is not there", err, "NotFound")
	must(s3manager.NewBatchDeleteWithClient(api).Delete(aws.BackgroundContext(),
		s3manager.NewDeleteListIterator(api, &s3.ListObjectsInput{Bucket: &bucket})))
	_, err = api.DeleteBucket(&s3.DeleteBucketInput{Bucket: &bucket})
	must(err)
	must(api.WaitUntilBucketNotExists(&s3.HeadBucketInput{Bucket: &bucket}))
}
