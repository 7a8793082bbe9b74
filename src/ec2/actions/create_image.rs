//! Make an image of an instance: of its root disk, with snapshots of its volumes. A running guest is shut down for it and started again;
//! with `NoReboot` the image is what a power cut would leave. With the simulated driver, the copy of a root disk that is a file is its
//! image's file.

use crate::compute::{self, CaptureRequest};
use crate::db::tags::{Resource, Tag};
use crate::db::{self, Conn};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error, launch_disks, tagging};
use crate::id::Kind;
use crate::volumes::DiskWish;
use crate::wire::query::Params;
use serde::Serialize;

pub struct CreateImage {
    instance_id: String,
    name: String,
    description: String,
    reboot: bool,
    disks: Vec<DiskWish>,
    tags: Vec<Tag>,
    snapshot_tags: Vec<Tag>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    image_id: String,
}

impl Action for CreateImage {
    const NAME: &'static str = "CreateImage";
    const REFUSED: &'static [&'static str] = &["SnapshotLocation", "BootModeOverride"];
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let specifications = tagging::specifications(p, &["image", "snapshot"])?;
        Ok(CreateImage {
            instance_id: p.id("InstanceId", Kind::Instance)?.to_owned(),
            name: p.req("Name")?.to_owned(),
            description: p.opt("Description").unwrap_or_default().to_owned(),
            reboot: !p.opt_bool("NoReboot")?.unwrap_or(false),
            disks: launch_disks::read(p)?,
            tags: tagging::of(&specifications, "image"),
            snapshot_tags: tagging::of(&specifications, "snapshot"),
        })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let bytes = cx.cloud.volumes.bytes();
        let job = move |c: &Conn, account: &str, region: &str| {
            let request = CaptureRequest {
                account: account.to_owned(),
                region: region.to_owned(),
                instance_id: self.instance_id,
                name: self.name,
                description: self.description,
                reboot: self.reboot,
                disks: self.disks,
                snapshot_tags: self.snapshot_tags,
            };
            let image_id = compute::capture(c, &request, bytes)?.id;
            db::tags::put(c, Resource { account, region, id: &image_id, kind: "image" }, &self.tags)?;
            Ok(Output { image_id })
        };
        let made = cx.change(job).await?;
        cx.cloud.volumes.wake();
        cx.cloud.compute.wake();
        Ok(made)
    }
}

#[cfg(test)]
mod tests {
    use crate::ec2::tests::Bench;
    use crate::{compute, db};

    const RUN: &str = "Action=RunInstances&ImageId=ami-12345678&InstanceType=t3.micro&MinCount=1&MaxCount=1";

    /// An instance that the loop has brought up, as far as its row says.
    async fn running(bench: &Bench) -> String {
        bench.image("ami-12345678").await;
        let id = bench.call(RUN).await.get("instanceId").unwrap().to_owned();
        let row = id.clone();
        let observe = move |c: &db::Conn| {
            let mut row = db::instances::get(c, &row)?.unwrap();
            row.observed = compute::state::Observed::Running.text().into();
            let generation = row.generation;
            db::instances::update(c, &row, generation)
        };
        assert!(bench.db().write(observe).await.unwrap());
        id
    }

    #[tokio::test]
    async fn an_image_says_what_it_was_made_of() {
        let bench = Bench::new();
        let id = running(&bench).await;
        let mapping = "BlockDeviceMapping.1.DeviceName=/dev/sdc&BlockDeviceMapping.1.VirtualName=ephemeral1\
                       &BlockDeviceMapping.2.DeviceName=/dev/sda1&BlockDeviceMapping.2.Ebs.DeleteOnTermination=true\
                       &BlockDeviceMapping.3.DeviceName=/dev/sdb&BlockDeviceMapping.3.NoDevice=";
        let tag = "TagSpecification.1.ResourceType=image&TagSpecification.1.Tag.1.Key=from";
        let form = format!("Action=CreateImage&InstanceId={id}&Name=mine&Description=d&NoReboot=true&{mapping}&{tag}");
        let made = bench.call(&form).await;
        let image = made.get("imageId").unwrap_or_else(|| panic!("{}", made.xml));
        let seen = bench.call(&format!("Action=DescribeImages&ImageId.1={image}")).await;
        for (name, value) in [
            ("imageState", "pending"),
            ("sourceInstanceId", id.as_str()),
            ("sourceImageId", "ami-12345678"),
            ("imageLocation", "123456789012/mine"),
            ("deviceName", "/dev/sdc"),
            ("key", "from"),
        ] {
            assert_eq!(seen.get(name), Some(value), "{}", seen.xml);
        }
        let filter = format!("Filter.1.Name=source-instance-id&Filter.1.Value.1={id}");
        assert_eq!(bench.call(&format!("Action=DescribeImages&{filter}")).await.all("imageId").len(), 1);
        assert_eq!(bench.call(&form).await.code(), "InvalidAMIName.Duplicate");
    }

    #[tokio::test]
    async fn what_cannot_become_an_image_is_refused() {
        let bench = Bench::new();
        let id = running(&bench).await;
        let create = |form: &str| format!("Action=CreateImage&{form}");
        let volume = "BlockDeviceMapping.1.DeviceName=/dev/sdh&BlockDeviceMapping.1.Ebs.VolumeSize=0";
        for (form, code) in [
            ("Name=mine".to_owned(), "MissingParameter"),
            ("InstanceId=i-12345678&Name=mine".to_owned(), "InvalidInstanceID.NotFound"),
            (format!("InstanceId={id}"), "MissingParameter"),
            (format!("InstanceId={id}&Name=x"), "InvalidAMIName.Malformed"),
            (format!("InstanceId={id}&Name=mine&{volume}"), "InvalidParameterValue"),
            (format!("InstanceId={id}&Name=mine&DryRun=true"), "DryRunOperation"),
        ] {
            assert_eq!(bench.call(&create(&form)).await.code(), code, "{form}");
        }
        let other = bench.call_other(&create(&format!("InstanceId={id}&Name=mine"))).await;
        assert_eq!(other.code(), "InvalidInstanceID.NotFound");
        let new = bench.call(RUN).await.get("instanceId").unwrap().to_owned();
        let pending = bench.call(&create(&format!("InstanceId={new}&Name=mine"))).await;
        assert_eq!(pending.code(), "IncorrectInstanceState");
    }

    /// An instance on a volume of 2 GiB that runs, with a data volume at `/dev/sdf`: its id.
    async fn on_volumes(bench: &Bench) -> String {
        let (image, _) = bench.image_on_volume(2).await;
        bench.run_machines();
        let data = "BlockDeviceMapping.1.DeviceName=/dev/sdf&BlockDeviceMapping.1.Ebs.VolumeSize=3\
                    &BlockDeviceMapping.1.Ebs.DeleteOnTermination=false";
        let run = RUN.replace("ami-12345678", &image);
        let run = bench.call(&format!("{run}&{data}")).await;
        let id = run.get("instanceId").unwrap_or_else(|| panic!("{}", run.xml)).to_owned();
        bench.until(&format!("Action=DescribeInstances&InstanceId.1={id}"), "<name>running</name>").await;
        id
    }

    #[tokio::test]
    async fn an_image_of_an_instance_on_volumes_is_snapshots_of_them() {
        let bench = Bench::new();
        let id = on_volumes(&bench).await;
        let tag = "TagSpecification.1.ResourceType=snapshot&TagSpecification.1.Tag.1.Key=of";
        for (name, reboot) in [("quick", "NoReboot=true"), ("clean", "NoReboot=false")] {
            let form = format!("Action=CreateImage&InstanceId={id}&Name={name}&{reboot}&{tag}");
            let made = bench.call(&form).await;
            let image = made.get("imageId").unwrap_or_else(|| panic!("{}", made.xml)).to_owned();
            let see = format!("Action=DescribeImages&ImageId.1={image}");
            let seen = bench.until(&see, "<imageState>available</imageState>").await;
            assert_eq!(seen.get("rootDeviceType"), Some("ebs"), "{}", seen.xml);
            assert_eq!(
                (seen.all("deviceName"), seen.all("volumeSize")),
                (vec!["/dev/xvda", "/dev/sdf"], vec!["2", "3"])
            );
            assert_eq!(seen.all("deleteOnTermination"), ["true", "false"]);
            let of = format!("Action=DescribeSnapshots&SnapshotId.1={}", seen.get("snapshotId").unwrap());
            let snapshot = bench.call(&of).await;
            let says = format!("Created by CreateImage({id}) for {image}");
            assert_eq!((snapshot.get("description"), snapshot.get("key")), (Some(says.as_str()), Some("of")));
            assert_eq!(snapshot.get("status"), Some("completed"), "{}", snapshot.xml);
        }
        let seen = bench.until("Action=DescribeInstances", "<name>running</name>").await;
        assert_eq!(seen.all("deviceName"), ["/dev/xvda", "/dev/sdf"], "it runs on with its volumes: {}", seen.xml);
    }

    #[tokio::test]
    async fn the_request_changes_what_the_image_of_volumes_has() {
        let bench = Bench::new();
        let id = on_volumes(&bench).await;
        let create = format!("Action=CreateImage&InstanceId={id}&NoReboot=true&Name=");
        let at = |n: u32, device: &str, rest: &str| {
            format!("&BlockDeviceMapping.{n}.DeviceName={device}&BlockDeviceMapping.{n}.{rest}")
        };
        for (form, code) in [
            (at(1, "/dev/xvda", "NoDevice="), "InvalidBlockDeviceMapping"),
            (at(1, "/dev/xvda", "Ebs.VolumeSize=1"), "InvalidBlockDeviceMapping"),
            (at(1, "/dev/xvda", "Ebs.SnapshotId=snap-12345678"), "InvalidBlockDeviceMapping"),
            (at(1, "/dev/sdf", "Ebs.Encrypted=true"), "InvalidBlockDeviceMapping"),
            (at(1, "/dev/sdg", "Ebs.SnapshotId=snap-12345678"), "InvalidSnapshot.NotFound"),
        ] {
            let answer = bench.call(&format!("{create}wrong{form}")).await;
            assert_eq!(answer.code(), code, "{form}: {}", answer.xml);
        }
        let form = [
            at(1, "/dev/xvda", "Ebs.VolumeSize=8&BlockDeviceMapping.1.Ebs.VolumeType=gp3"),
            at(2, "/dev/sdf", "NoDevice="),
            at(3, "/dev/sdh", "Ebs.VolumeSize=1"),
            at(4, "/dev/sdb", "VirtualName=ephemeral0"),
        ];
        let made = bench.call(&format!("{create}right{}", form.concat())).await;
        let image = made.get("imageId").unwrap_or_else(|| panic!("{}", made.xml)).to_owned();
        let seen = bench.call(&format!("Action=DescribeImages&ImageId.1={image}")).await;
        assert_eq!(seen.all("deviceName"), ["/dev/xvda", "/dev/sdh", "/dev/sdb"], "{}", seen.xml);
        assert_eq!((seen.all("volumeSize"), seen.all("volumeType")), (vec!["8", "1"], vec!["gp3", "gp2"]));

        let share = format!("Action=ModifyImageAttribute&ImageId={image}&LaunchPermission.Add.1.UserId=210987654321");
        bench.call(&share).await;
        let run = RUN.replace("ami-12345678", &image);
        let theirs = bench.call_other(&run).await;
        assert_eq!(theirs.get("rootDeviceType"), Some("ebs"), "its snapshots come with it: {}", theirs.xml);
        let volumes = bench.call_other("Action=DescribeVolumes").await;
        assert!(volumes.all("size").contains(&"8") && volumes.all("size").contains(&"1"), "{}", volumes.xml);
        let copy = format!("Action=CopyImage&SourceImageId={image}&SourceRegion=us-east-1&Name=copied");
        assert_eq!(bench.call_other(&copy).await.code(), "InvalidRequest", "its storage is not theirs");
        let copied = bench.call(&copy).await;
        let seen = bench.call(&format!("Action=DescribeImages&ImageId.1={}", copied.get("imageId").unwrap())).await;
        assert_eq!((seen.get("imageState"), seen.get("rootDeviceType")), (Some("available"), Some("ebs")));
        let snapshot = seen.get("snapshotId").unwrap();
        let snapshot = bench.call(&format!("Action=DescribeSnapshots&SnapshotId.1={snapshot}")).await;
        let says = snapshot.get("description").unwrap();
        assert!(says.starts_with("Copied for DestinationAmi ami-") && says.contains(&image), "{says}");
    }

    #[tokio::test]
    async fn volumes_of_an_instance_with_a_file_come_as_snapshots() {
        let bench = Bench::new();
        let id = running(&bench).await;
        let volume = bench.call("Action=CreateVolume&AvailabilityZone=us-east-1a&Size=4").await;
        let volume = volume.get("volumeId").unwrap();
        bench.call(&format!("Action=AttachVolume&VolumeId={volume}&InstanceId={id}&Device=/dev/sdf")).await;
        let made = bench.call(&format!("Action=CreateImage&InstanceId={id}&Name=mixed&NoReboot=true")).await;
        let image = made.get("imageId").unwrap_or_else(|| panic!("{}", made.xml));
        let see = format!("Action=DescribeImages&ImageId.1={image}");
        assert_eq!(bench.call(&see).await.get("imageState"), Some("pending"));
        bench.run_machines();
        let seen = bench.until(&see, "<snapshotId>").await;
        assert_eq!((seen.get("rootDeviceType"), seen.get("deviceName")), (Some("instance-store"), Some("/dev/sdf")));
    }
}
