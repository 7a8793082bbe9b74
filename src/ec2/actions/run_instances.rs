//! Launch instances. Everything that the request names is looked up and kept in one transaction; the answer says
//! `pending`, and the machines follow. Where the image's root disk is a file, a mapping of the root device says its size and nothing else.

use super::describe_instances::shown;
use crate::compute::templates::{self, Name, Version};
use crate::db::tags::Tag;
use crate::ec2::instances::{Launched, Shown};
use crate::ec2::launch::Launch;
use crate::ec2::registry::{Action, read_form};
use crate::ec2::templates::{kept, named, version};
use crate::ec2::{Cx, Error};
use crate::wire::query::{Params, Tree};

pub enum RunInstances {
    Plain(Box<Launch>),
    /// The request lies over the template's parameters.
    Over {
        request: Tree,
        template: Name,
        version: Version,
    },
}

impl Action for RunInstances {
    const NAME: &'static str = "RunInstances";
    /// What has no effect here: AWS's own, hardware that a guest does not get, names in a DNS that
    /// does not exist.
    const IGNORED: &'static [&'static str] = &[
        "AdditionalInfo",
        "AddressingType",
        "EnclaveOptions",
        "EnablePrimaryIpv6",
        "HibernationOptions",
        "LicenseSpecification",
        "NetworkPerformanceOptions",
    ];
    const REFUSED: &'static [&'static str] = &[
        "ElasticGpuSpecification",
        "ElasticInferenceAccelerator",
        "Ipv6Address",
        "Ipv6AddressCount",
        "SecondaryInterface",
    ];
    type Output = Launched;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let Some(template) = p.nested("LaunchTemplate") else {
            return Ok(RunInstances::Plain(Box::new(Launch::read(p)?)));
        };
        let text = template.opt("Version").filter(|text| !text.is_empty()).unwrap_or("$Default");
        let (name, version) = (named(&template)?, version(&template, "Version", text)?);
        Ok(RunInstances::Over { request: p.tree(), template: name, version })
    }

    async fn run(self, cx: &Cx) -> Result<Launched, Error> {
        let launch = match self {
            RunInstances::Plain(launch) => launch,
            RunInstances::Over { request, template, version } => Box::new(over(cx, request, template, version).await?),
        };
        let launched = cx.cloud.compute.launch(launch.request(cx)?).await?;
        Ok(Launched(shown(cx, launched)?.into_iter().map(Shown::begun).collect()))
    }
}

/// The launch of a request over a template's parameters. Its instances say by tags where they come from, as AWS's do.
async fn over(cx: &Cx, request: Tree, template: Name, version: Version) -> Result<Launch, Error> {
    let found = cx.look(|c, account, region| {
        let template = templates::need(c, account, region, &template)?;
        let version = templates::version(c, &template, version)?;
        Ok((template, version))
    });
    let (template, version) = found.await?;
    let form = merged(request, kept(&version)?)?.to_form();
    let mut launch = read_form::<RunInstances, _>(&form, Launch::read)?;
    launch.tags.extend(template_tags(&template.id, version.number));
    Ok(launch)
}

/// The tags that tell of a template and its version.
pub fn template_tags(id: &str, version: i64) -> [Tag; 2] {
    let tag = |key: &str, value: String| Tag { key: format!("aws:ec2launchtemplate:{key}"), value };
    [tag("id", id.to_owned()), tag("version", version.to_string())]
}

/// A request over a template's parameters. Tags of both count, the request's where both have a key.
pub fn merged(request: Tree, template: Tree) -> Result<Tree, Error> {
    let (Tree::Members(mut request), Tree::Members(mut template)) = (request, template) else {
        return Err(Error::Internal("a launch without parameters".into()));
    };
    if template.contains_key("InstanceRequirements") {
        return Err(Error::Unsupported("a launch template with InstanceRequirements".into()));
    }
    request.remove("LaunchTemplate");
    template.remove("Operator");
    // The one parameter that the two spell differently.
    if let Some(ramdisk) = template.remove("RamDiskId") {
        template.insert("RamdiskId".into(), ramdisk);
    }
    let tags = (request.remove("TagSpecification"), template.remove("TagSpecification"));
    let mut merged = Tree::Members(request).over(Tree::Members(template));
    if let (Tree::Members(members), Some(tags)) = (&mut merged, tag_specifications(tags)) {
        members.insert("TagSpecification".into(), tags);
    }
    Ok(merged)
}

fn tag_specifications((request, template): (Option<Tree>, Option<Tree>)) -> Option<Tree> {
    let (Some(Tree::List(mut all)), Some(Tree::List(theirs))) = (request.clone(), template.clone()) else {
        return request.or(template);
    };
    for specification in theirs {
        let kind = specification.member("ResourceType").cloned();
        let Some(mine) = all.iter_mut().find(|s| s.member("ResourceType") == kind.as_ref()) else {
            all.push(specification);
            continue;
        };
        if let (Tree::Members(mine), Some(Tree::List(tags))) = (mine, specification.member("Tag"))
            && let Some(Tree::List(own)) = mine.get_mut("Tag")
        {
            let more: Vec<Tree> =
                tags.iter().filter(|t| !own.iter().any(|o| o.member("Key") == t.member("Key"))).cloned().collect();
            own.extend(more);
        }
    }
    Some(Tree::List(all))
}

#[cfg(test)]
mod tests {
    use crate::db::{self, instances};
    use crate::ec2::tests::Bench;

    const IMAGE: &str = "ami-12345678";
    const RUN: &str = "Action=RunInstances&ImageId=ami-12345678&InstanceType=t3.micro&MinCount=1";

    async fn bench() -> Bench {
        let bench = Bench::new();
        bench.image(IMAGE).await;
        bench
    }

    #[tokio::test]
    async fn a_launch_is_one_reservation_that_describe_shows_again() {
        let bench = bench().await;
        let tag = "TagSpecification.1.ResourceType=instance&TagSpecification.1.Tag.1.Key=Name&TagSpecification.1.Tag.1.Value=web";
        let zone = "Placement.AvailabilityZone=us-east-1b&UserData=aGk";
        let run = bench.call(&format!("{RUN}&MaxCount=2&{tag}&{zone}")).await;
        assert_eq!(run.all("amiLaunchIndex"), ["0", "1"], "{}", run.xml);
        assert_eq!((run.get("name"), run.get("availabilityZoneId")), (Some("pending"), Some("use1-az2")));
        let ids = run.all("instanceId");

        let seen = bench.call(&format!("Action=DescribeInstances&InstanceId.1={}", ids[1])).await;
        assert_eq!((seen.all("instanceId"), seen.get("reservationId")), (vec![ids[1]], run.get("reservationId")));
        let filter =
            "Filter.1.Name=tag:Name&Filter.1.Value.1=w*&Filter.2.Name=instance-state-name&Filter.2.Value.1=pending";
        let seen = bench.call(&format!("Action=DescribeInstances&{filter}&MaxResults=5")).await;
        assert_eq!((seen.all("reservationId").len(), seen.all("instanceId")), (1, ids.clone()));
        for member in
            ["privateDnsName", "clientToken", "subnetId", "deviceIndex", "macAddress", "httpTokens", "coreCount"]
        {
            assert!(seen.get(member).is_some(), "{member}");
        }
        assert!(bench.call_other("Action=DescribeInstances").await.all("instanceId").is_empty());
        let gone = bench.call_other(&format!("Action=TerminateInstances&InstanceId.1={}", ids[0])).await;
        assert_eq!(gone.code(), "InvalidInstanceID.NotFound");

        let end =
            bench.call(&format!("Action=TerminateInstances&InstanceId.1={}&InstanceId.2={}", ids[0], ids[1])).await;
        assert_eq!(end.all("code"), ["32", "0", "32", "0"]);
        let status = bench.call("Action=DescribeInstanceStatus&IncludeAllInstances=true").await;
        assert_eq!(status.all("status"), ["not-applicable"; 4]);
        assert!(bench.call("Action=DescribeInstanceStatus").await.all("status").is_empty());
    }

    #[tokio::test]
    async fn what_an_account_and_the_host_carry_is_counted_with_the_instances() {
        let bench = bench().await;
        let counted = |alive, vcpus| {
            let read = bench.db().read(|c| {
                let tally = instances::tally(c, "123456789012", "us-east-1")?;
                Ok::<_, db::Error>((tally, instances::promised(c, "local")?.0, instances::miscounts(c)?))
            });
            assert_eq!(read.unwrap(), (instances::Tally { alive, vcpus }, vcpus, vec![]));
        };
        let run = bench.call(&format!("{RUN}&MaxCount=3")).await;
        let ids = run.all("instanceId");
        counted(3, 6);
        bench.run_machines();
        bench.until(&format!("Action=DescribeInstances&InstanceId.1={}", ids[0]), "<name>running</name>").await;
        bench.call(&format!("Action=StopInstances&InstanceId.1={}", ids[0])).await;
        counted(3, 4);
        bench.until(&format!("Action=DescribeInstances&InstanceId.1={}", ids[0]), "<name>stopped</name>").await;
        let larger = "Action=ModifyInstanceAttribute&InstanceType.Value=t3.xlarge";
        bench.call(&format!("{larger}&InstanceId={}", ids[0])).await;
        counted(3, 4);
        bench.call(&format!("Action=StartInstances&InstanceId.1={}", ids[0])).await;
        counted(3, 8);
        bench.call(&format!("Action=TerminateInstances&InstanceId.1={}&InstanceId.2={}", ids[0], ids[1])).await;
        counted(1, 2);
        bench.until(&format!("Action=DescribeInstances&InstanceId.1={}", ids[1]), "<name>terminated</name>").await;
        counted(1, 2);
    }

    #[tokio::test]
    async fn a_repeated_token_is_one_launch_and_other_parameters_are_refused() {
        let bench = bench().await;
        let first = bench.call(&format!("{RUN}&MaxCount=1&ClientToken=once")).await;
        let again = bench.call(&format!("{RUN}&MaxCount=1&ClientToken=once")).await;
        assert_eq!(first.get("instanceId").unwrap(), again.get("instanceId").unwrap());
        assert_eq!(
            bench.call(&format!("{RUN}&MaxCount=2&ClientToken=once")).await.code(),
            "IdempotentParameterMismatch"
        );
        assert_eq!(
            bench.call(&format!("{RUN}&MaxCount=2&ClientToken={}", "x".repeat(65))).await.code(),
            "InvalidParameterValue"
        );
    }

    #[tokio::test]
    async fn a_launch_brings_its_volumes() {
        let bench = bench().await;
        let volume = bench.call("Action=CreateVolume&AvailabilityZone=us-east-1a&Size=3").await;
        let volume = volume.get("volumeId").unwrap();
        let snapshot = bench.call(&format!("Action=CreateSnapshot&VolumeId={volume}")).await;
        let snapshot = snapshot.get("snapshotId").unwrap();
        let disk = |n: u32, device: &str, rest: &str| {
            format!("&BlockDeviceMapping.{n}.DeviceName={device}&BlockDeviceMapping.{n}.{rest}")
        };
        let form = [
            disk(1, "/dev/sda1", "Ebs.VolumeSize=20"),
            disk(2, "/dev/sdf", "Ebs.VolumeSize=10&BlockDeviceMapping.2.Ebs.VolumeType=gp3"),
            disk(
                3,
                "/dev/sdg",
                &format!("Ebs.SnapshotId={snapshot}&BlockDeviceMapping.3.Ebs.DeleteOnTermination=false"),
            ),
            disk(4, "/dev/sdb", "VirtualName=ephemeral0"),
            disk(5, "/dev/sdc", "NoDevice="),
            "&TagSpecification.1.ResourceType=volume&TagSpecification.1.Tag.1.Key=of".into(),
        ]
        .concat();
        let run = bench.call(&format!("{RUN}&MaxCount=2{form}")).await;
        assert!(run.xml.contains("<blockDeviceMapping/>"), "they are still to come, as on AWS: {}", run.xml);
        let instance = run.get("instanceId").unwrap();
        let seen = bench.call("Action=DescribeInstances").await;
        assert_eq!(seen.all("deviceName"), ["/dev/sdf", "/dev/sdg", "/dev/sdf", "/dev/sdg"], "{}", seen.xml);
        let filter = format!("Filter.1.Name=attachment.instance-id&Filter.1.Value.1={instance}");
        let seen = bench.call(&format!("Action=DescribeVolumes&{filter}")).await;
        let mut sizes = seen.all("size");
        sizes.sort();
        assert_eq!((sizes, seen.all("key")), (vec!["10", "3"], vec!["of", "of"]), "{}", seen.xml);
        let data = bench.call(&format!("Action=GetLaunchTemplateData&InstanceId={instance}")).await;
        assert_eq!((data.all("deviceName"), data.all("volumeSize")), (vec!["/dev/sdf", "/dev/sdg"], vec!["10", "3"]));
        bench.run_machines();
        bench.call(&format!("Action=TerminateInstances&InstanceId.1={instance}")).await;
        bench.until(&format!("Action=DescribeInstances&InstanceId.1={instance}"), "<name>terminated</name>").await;
        let left = bench.call("Action=DescribeVolumes&Filter.1.Name=status&Filter.1.Value.1=available").await;
        assert_eq!(left.all("size"), ["3", "3"], "the kept one, and the first: {}", left.xml);
    }

    #[tokio::test]
    async fn a_root_disk_on_a_volume_is_a_volume_of_the_account() {
        let bench = bench().await;
        let (image, snapshot) = bench.image_on_volume(2).await;
        bench.run_machines();
        let run = format!("Action=RunInstances&ImageId={image}&InstanceType=t3.micro&MinCount=1&MaxCount=1");
        let root = |rest: &str| format!("&BlockDeviceMapping.1.DeviceName=/dev/xvda&BlockDeviceMapping.1.{rest}");
        for (form, code) in [
            (root("Ebs.VolumeSize=1"), "InvalidBlockDeviceMapping"),
            (root("NoDevice="), "InvalidBlockDeviceMapping"),
            (root("Ebs.SnapshotId=snap-12345678"), "InvalidBlockDeviceMapping"),
        ] {
            assert_eq!(bench.call(&format!("{run}{form}")).await.code(), code, "{form}");
        }
        let tag = "&TagSpecification.1.ResourceType=volume&TagSpecification.1.Tag.1.Key=of";
        let sized = root("Ebs.VolumeSize=9&BlockDeviceMapping.1.Ebs.VolumeType=gp3");
        let made = bench.call(&format!("{run}{sized}{tag}")).await;
        assert_eq!((made.get("rootDeviceType"), made.get("rootDeviceName")), (Some("ebs"), Some("/dev/xvda")));
        let id = made.get("instanceId").unwrap().to_owned();
        let see = format!("Action=DescribeInstances&InstanceId.1={id}");
        let seen = bench.until(&see, "<name>running</name>").await;
        assert_eq!(seen.all("deviceName"), ["/dev/xvda"], "{}", seen.xml);
        let volume = seen.get("volumeId").unwrap().to_owned();
        let disk = bench.call(&format!("Action=DescribeVolumes&VolumeId.1={volume}")).await;
        for (name, value) in [
            ("size", "9"),
            ("volumeType", "gp3"),
            ("snapshotId", &snapshot),
            ("device", "/dev/xvda"),
            ("deleteOnTermination", "true"),
            ("key", "of"),
        ] {
            assert_eq!(disk.get(name), Some(value), "{}", disk.xml);
        }

        let detach = format!("Action=DetachVolume&VolumeId={volume}");
        let refused = bench.call(&detach).await;
        let says = format!("Unable to detach root volume '{volume}' from instance '{id}'");
        assert_eq!((refused.code(), refused.get("Message")), ("IncorrectState", Some(says.as_str())));
        bench.call(&format!("Action=StopInstances&InstanceId.1={id}")).await;
        bench.until(&see, "<name>stopped</name>").await;
        assert_eq!(bench.call(&detach).await.get("status"), Some("detaching"));
        let start = format!("Action=StartInstances&InstanceId.1={id}");
        let refused = bench.call(&start).await;
        assert_eq!(refused.code(), "InvalidParameterValue", "{}", refused.xml);
        assert!(refused.get("Message").unwrap().ends_with("volume attached at root (/dev/xvda)"));

        // The rescue way: mended at another instance, then back.
        let other = bench.call(&run).await.get("instanceId").unwrap().to_owned();
        bench.until(&format!("Action=DescribeInstances&InstanceId.1={other}"), "<name>running</name>").await;
        let attach = |to: &str, at: &str| format!("Action=AttachVolume&VolumeId={volume}&InstanceId={to}&Device={at}");
        let taken = bench.call(&attach(&other, "/dev/xvda")).await;
        assert_eq!(taken.code(), "InvalidParameterValue", "it has a root volume: {}", taken.xml);
        assert_eq!(bench.call(&attach(&other, "/dev/sdf")).await.get("status"), Some("attaching"));
        assert_eq!(bench.call(&detach).await.get("status"), Some("detaching"), "a running one's data disk");
        assert_eq!(bench.call(&attach(&id, "/dev/xvda")).await.status, 200);
        bench.call(&start).await;
        bench.until(&see, "<name>running</name>").await;
        bench.call(&format!("Action=TerminateInstances&InstanceId.1={id}&InstanceId.2={other}")).await;
        bench.until(&see, "<name>terminated</name>").await;
        let gone = bench.until("Action=DescribeVolumes", "<status>available</status>").await;
        assert_eq!(gone.all("volumeId"), [volume.as_str()], "attached by hand, it is kept: {}", gone.xml);
    }

    #[tokio::test]
    async fn what_a_launch_cannot_be_is_said_in_awss_words() {
        let bench = bench().await;
        for (form, code) in [
            ("MaxCount=1&ImageId=ami-87654321", "InvalidAMIID.NotFound"),
            ("MaxCount=1&ImageId=image", "InvalidAMIID.Malformed"),
            ("MaxCount=1&InstanceType=t9.none", "InvalidParameterValue"),
            ("MaxCount=1&KeyName=none", "InvalidKeyPair.NotFound"),
            ("MaxCount=1&SubnetId=subnet-12345678", "InvalidSubnetID.NotFound"),
            ("MaxCount=1&SecurityGroup.1=web", "InvalidGroup.NotFound"),
            ("MaxCount=1&SecurityGroupId.1=sg-12345678", "InvalidGroup.NotFound"),
            ("MaxCount=1&UserData=%21%21", "InvalidUserData.Malformed"),
            ("MaxCount=1&Placement.AvailabilityZone=mars-1a", "InvalidParameterValue"),
            ("MaxCount=1&BlockDeviceMapping.1.DeviceName=/dev/sdf", "InvalidBlockDeviceMapping"),
            ("MaxCount=1&BlockDeviceMapping.1.DeviceName=sofa&BlockDeviceMapping.1.NoDevice=", "InvalidParameterValue"),
            (
                "MaxCount=1&BlockDeviceMapping.1.DeviceName=/dev/sdf&BlockDeviceMapping.1.Ebs.VolumeType=gp3",
                "MissingParameter",
            ),
            (
                "MaxCount=1&BlockDeviceMapping.1.DeviceName=/dev/sdf&BlockDeviceMapping.1.Ebs.SnapshotId=snap-12345678",
                "InvalidSnapshot.NotFound",
            ),
            (
                "MaxCount=1&BlockDeviceMapping.1.DeviceName=/dev/sda1&BlockDeviceMapping.1.Ebs.SnapshotId=snap-12345678",
                "InvalidBlockDeviceMapping",
            ),
            ("MaxCount=1&LaunchTemplate.LaunchTemplateId=lt-1", "InvalidLaunchTemplateId.Malformed"),
            ("MaxCount=1&InstanceColour=red", "UnknownParameter"),
            ("MaxCount=1&DryRun=true", "DryRunOperation"),
            ("MaxCount=0", "InvalidParameterValue"),
            ("MinCount=2&MaxCount=1", "InvalidParameterValue"),
            ("", "MissingParameter"),
        ] {
            let answer = bench.call(&format!("{RUN}&{form}")).await;
            assert_eq!(answer.code(), code, "{form}: {}", answer.xml);
        }
        let group = bench.call("Action=DescribeSecurityGroups").await;
        let with_group = format!("{RUN}&MaxCount=1&SecurityGroupId.1={}", group.get("groupId").unwrap());
        assert_eq!(bench.call(&with_group).await.status, 200);
        assert!(bench.call("Action=DescribeSubnets").await.all("availableIpAddressCount").contains(&"4090"));
    }
}
