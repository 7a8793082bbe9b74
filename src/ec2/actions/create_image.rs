//! Make an image of an instance's root disk. A running guest is shut down for it and started again; with `NoReboot` it stands still for
//! a moment, and the image is what a power cut would leave. The instance's volumes are not in it: snapshots of them are made by
//! themselves. With the simulated driver the image is a copy of the instance's image.

use crate::compute::{self, CaptureRequest};
use crate::db::tags::{Resource, Tag};
use crate::db::{self, Conn};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error, tagging};
use crate::id::Kind;
use crate::wire::query::Params;
use serde::Serialize;

pub struct CreateImage {
    instance_id: String,
    name: String,
    description: String,
    reboot: bool,
    mappings: Vec<(String, Option<String>)>,
    volumes: Vec<String>,
    tags: Vec<Tag>,
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
        let (mut mappings, mut volumes) = (Vec::new(), Vec::new());
        for mapping in p.structs("BlockDeviceMapping") {
            let device = mapping.req("DeviceName")?.to_owned();
            match (mapping.nested("Ebs"), mapping.opt("VirtualName"), mapping.opt("NoDevice")) {
                (Some(ebs), _, _) => {
                    if ebs.opt_bool("Encrypted")? == Some(true) || ebs.opt("KmsKeyId").is_some() {
                        return Err(Error::Unsupported("encrypted volumes".into()));
                    }
                    // A disk is a file of the host: its kind and speed are the host's.
                    for name in ["VolumeType", "VolumeSize", "Iops", "Throughput", "DeleteOnTermination", "SnapshotId"]
                    {
                        ebs.opt(name);
                    }
                    volumes.push(device);
                }
                (None, Some(virtual_name), _) => mappings.push((device, Some(virtual_name.to_owned()))),
                (None, None, _) => mappings.push((device, None)),
            }
        }
        Ok(CreateImage {
            instance_id: p.id("InstanceId", Kind::Instance)?.to_owned(),
            name: p.req("Name")?.to_owned(),
            description: p.opt("Description").unwrap_or_default().to_owned(),
            reboot: !p.opt_bool("NoReboot")?.unwrap_or(false),
            mappings,
            volumes,
            tags: tagging::of(&specifications, "image"),
        })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            let request = CaptureRequest {
                account: account.to_owned(),
                region: region.to_owned(),
                instance_id: self.instance_id,
                name: self.name,
                description: self.description,
                reboot: self.reboot,
                mappings: self.mappings,
                volumes: self.volumes,
            };
            let image_id = compute::capture(c, &request)?.id;
            db::tags::put(c, Resource { account, region, id: &image_id, kind: "image" }, &self.tags)?;
            Ok(Output { image_id })
        };
        let made = cx.change(job).await?;
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
        let volume = "BlockDeviceMapping.1.DeviceName=/dev/sdh&BlockDeviceMapping.1.Ebs.VolumeSize=100";
        for (form, code) in [
            ("Name=mine".to_owned(), "MissingParameter"),
            ("InstanceId=i-12345678&Name=mine".to_owned(), "InvalidInstanceID.NotFound"),
            (format!("InstanceId={id}"), "MissingParameter"),
            (format!("InstanceId={id}&Name=x"), "InvalidAMIName.Malformed"),
            (format!("InstanceId={id}&Name=mine&{volume}"), "UnsupportedOperation"),
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
}
