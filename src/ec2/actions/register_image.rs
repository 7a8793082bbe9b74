//! Register a bundle that lies in a bucket, or an image of snapshots. The answer is the image's id; a bundle is fetched and checked
//! behind it.

use crate::db::tags::{Resource, Tag};
use crate::db::{self, Conn};
use crate::ec2::images::{IMDS_V2, PARAVIRTUAL, SRIOV};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error, launch_disks, tagging};
use crate::id::Kind;
use crate::images::{self, Declared, Details, RegisterRequest};
use crate::volumes::{DiskWish, Mapped};
use crate::wire::query::{self, Params};
use serde::Serialize;

pub struct RegisterImage {
    /// The manifest's; none: the image is of snapshots.
    location: Option<String>,
    name: Option<String>,
    description: Option<String>,
    architecture: Option<String>,
    kernel_id: Option<String>,
    ramdisk_id: Option<String>,
    root_device_name: Option<String>,
    disks: Vec<DiskWish>,
    details: Details,
    tags: Vec<Tag>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    image_id: String,
}

impl Action for RegisterImage {
    const NAME: &'static str = "RegisterImage";
    const IGNORED: &'static [&'static str] = &["BillingProduct"];
    const REFUSED: &'static [&'static str] = &["TpmSupport", "UefiData"];
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let owned = |name| p.opt(name).filter(|text| !text.is_empty()).map(str::to_owned);
        let disks = launch_disks::read(p)?;
        let (name, location) = (owned("Name"), owned("ImageLocation"));
        let of_snapshot = |d: &DiskWish| matches!(&d.mapped, Mapped::Volume(v) if v.snapshot.is_some());
        let location = match (location, &name) {
            (None, None) => return Err(query::Error::Missing("Name".into()).into()),
            (None, Some(_)) if disks.iter().any(of_snapshot) => None,
            // As nova had it: a lone name is the location.
            (None, Some(name)) => Some(name.clone()),
            (Some(location), _) => Some(location),
        };
        Ok(RegisterImage {
            location,
            name,
            disks,
            description: owned("Description"),
            architecture: owned("Architecture"),
            kernel_id: p.opt_id("KernelId", Kind::KernelImage)?.map(str::to_owned),
            ramdisk_id: p.opt_id("RamdiskId", Kind::RamdiskImage)?.map(str::to_owned),
            root_device_name: owned("RootDeviceName"),
            details: details(p)?,
            tags: tagging::of(&tagging::specifications(p, &["image", "snapshot"])?, "image"),
        })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let request = RegisterRequest {
            account: cx.caller.account.clone(),
            region: cx.region.clone(),
            location: self.location.clone().unwrap_or_default(),
            name: self.name,
            description: self.description,
            architecture: self.architecture,
            kernel_id: self.kernel_id,
            ramdisk_id: self.ramdisk_id,
            root_device_name: self.root_device_name,
            disks: self.disks,
            details: self.details,
        };
        if self.location.is_none() {
            let job = move |c: &Conn, account: &str, region: &str| {
                let image_id = images::register_on_volumes(c, request)?.id;
                db::tags::put(c, Resource { account, region, id: &image_id, kind: "image" }, &self.tags)?;
                Ok(Output { image_id })
            };
            return cx.change(job).await;
        }
        let image_id = cx.cloud.images.register(request).await?.id;
        if !self.tags.is_empty() {
            let (account, region, id, tags) =
                (cx.caller.account.clone(), cx.region.clone(), image_id.clone(), self.tags);
            let put = cx.cloud.db.write(move |c| {
                let on = Resource { account: &account, region: &region, id: &id, kind: "image" };
                db::tags::put(c, on, &tags)
            });
            put.await?;
        }
        Ok(Output { image_id })
    }
}

/// What is said of the machines that the image is for.
fn details(p: &Params<'_>) -> Result<Details, Error> {
    let one_of = |name: &str, known: &[&str]| match p.opt(name).filter(|text| !text.is_empty()) {
        Some(text) if !known.contains(&text) => {
            Err(p.invalid(name, text, format!("Expecting {}.", known.join(" or "))))
        }
        found => Ok(found),
    };
    let declared = Declared {
        ena: p.opt_bool("EnaSupport")?,
        sriov: one_of("SriovNetSupport", &[SRIOV])?.is_some(),
        boot_mode: one_of("BootMode", &["legacy-bios", "uefi", "uefi-preferred"])?.map(str::to_owned),
        paravirtual: one_of("VirtualizationType", &["hvm", PARAVIRTUAL])?.map(|text| text == PARAVIRTUAL),
    };
    Ok(Details { imds_v2: one_of("ImdsSupport", &[IMDS_V2])?.is_some(), declared, ..Details::default() })
}

#[cfg(test)]
mod tests {
    use crate::ec2::tests::Bench;

    #[tokio::test]
    async fn an_image_of_a_snapshot_says_its_volumes_and_keeps_the_snapshot() {
        let bench = Bench::new();
        let (image, snapshot) = bench.image_on_volume(2).await;
        let see = format!("Action=DescribeImages&ImageId.1={image}");
        let seen = bench.call(&see).await;
        for (name, value) in [
            ("imageState", "available"),
            ("rootDeviceType", "ebs"),
            ("rootDeviceName", "/dev/xvda"),
            ("snapshotId", &snapshot),
            ("volumeSize", "2"),
            ("volumeType", "gp2"),
            ("deleteOnTermination", "true"),
            ("encrypted", "false"),
            ("imageLocation", "123456789012/onvolume"),
        ] {
            assert_eq!(seen.get(name), Some(value), "{}", seen.xml);
        }
        let filters =
            ["root-device-type=ebs", "block-device-mapping.volume-size=2", "block-device-mapping.volume-type=gp2"];
        for filter in filters {
            let (name, value) = filter.split_once('=').unwrap();
            let form = format!("Action=DescribeImages&Filter.1.Name={name}&Filter.1.Value.1={value}");
            assert_eq!(bench.call(&form).await.all("imageId"), [image.as_str()], "{filter}");
        }
        let delete = format!("Action=DeleteSnapshot&SnapshotId={snapshot}");
        let refused = bench.call(&delete).await;
        assert_eq!(refused.code(), "InvalidSnapshot.InUse");
        let says = format!("The snapshot {snapshot} is currently in use by {image}");
        assert_eq!(refused.get("Message"), Some(says.as_str()));
        let gone = bench.call(&format!("Action=DeregisterImage&ImageId={image}")).await;
        assert_eq!((gone.get("return"), gone.get("deleteSnapshotResultSet")), (Some("true"), None));
        assert_eq!(bench.call(&delete).await.get("return"), Some("true"));
    }

    #[tokio::test]
    async fn what_is_declared_of_an_image_is_told_of_it_and_its_copies() {
        let bench = Bench::new();
        let (image, snapshot) = bench.image_on_volume(1).await;
        let device =
            format!("BlockDeviceMapping.1.DeviceName=/dev/xvda&BlockDeviceMapping.1.Ebs.SnapshotId={snapshot}");
        let register = format!("Action=RegisterImage&RootDeviceName=/dev/xvda&{device}&Name=declared");
        let declared = "EnaSupport=false&SriovNetSupport=simple&BootMode=uefi-preferred&VirtualizationType=paravirtual";
        let made = bench.call(&format!("{register}&{declared}")).await;
        let made = made.get("imageId").unwrap().to_owned();
        let copy = bench.call(&format!("Action=CopyImage&Name=copy&SourceRegion=us-east-1&SourceImageId={made}")).await;
        let names = ["enaSupport", "sriovNetSupport", "bootMode", "virtualizationType"];
        for (id, wanted) in [
            (image.as_str(), [Some("true"), None, None, Some("hvm")]),
            (&made, [Some("false"), Some("simple"), Some("uefi-preferred"), Some("paravirtual")]),
            (
                copy.get("imageId").unwrap(),
                [Some("false"), Some("simple"), Some("uefi-preferred"), Some("paravirtual")],
            ),
        ] {
            let seen = bench.call(&format!("Action=DescribeImages&ImageId.1={id}")).await;
            assert_eq!(names.map(|name| seen.get(name)), wanted, "{}", seen.xml);
        }
        for (name, value) in [("sriovNetSupport", "simple"), ("bootMode", "uefi-preferred")] {
            let form = format!("Action=DescribeImageAttribute&ImageId={made}&Attribute={name}");
            assert_eq!(bench.call(&form).await.get("value"), Some(value), "{name}");
        }
        let by = "Action=DescribeImages&Filter.1.Name=sriov-net-support&Filter.1.Value.1=simple";
        assert_eq!(bench.call(by).await.all("imageId").len(), 2);
        for wrong in ["BootMode=bios", "SriovNetSupport=complex", "VirtualizationType=xen"] {
            let answer = bench.call(&format!("{register}2&{wrong}")).await;
            assert_eq!(answer.code(), "InvalidParameterValue", "{wrong}: {}", answer.xml);
        }
    }

    #[tokio::test]
    async fn an_image_may_go_with_its_snapshots() {
        let bench = Bench::new();
        let (image, snapshot) = bench.image_on_volume(1).await;
        let second = bench
            .call(&format!(
                "Action=RegisterImage&Name=second&RootDeviceName=/dev/xvda&BlockDeviceMapping.1.DeviceName=/dev/xvda\
                 &BlockDeviceMapping.1.Ebs.SnapshotId={snapshot}"
            ))
            .await;
        let second = second.get("imageId").unwrap().to_owned();
        let with = |id: &str| format!("Action=DeregisterImage&ImageId={id}&DeleteAssociatedSnapshots=true");
        let first = bench.call(&with(&image)).await;
        assert_eq!((first.get("snapshotId"), first.get("returnCode")), (Some(&snapshot[..]), Some("skipped")));
        assert_eq!(bench.call(&with(&second)).await.get("returnCode"), Some("success"));
        assert!(bench.call("Action=DescribeSnapshots&Owner.1=self").await.all("snapshotId").is_empty());
    }

    #[tokio::test]
    async fn what_no_image_can_be_made_of_is_said() {
        let bench = Bench::new();
        let (_, snapshot) = bench.image_on_volume(3).await;
        let device = |rest: &str| format!("Name=another&BlockDeviceMapping.1.DeviceName=/dev/sda1&{rest}");
        let of = |rest: &str| device(&format!("BlockDeviceMapping.1.Ebs.SnapshotId={snapshot}{rest}"));
        for (form, code) in [
            (of("&RootDeviceName=/dev/xvda"), "InvalidBlockDeviceMapping"),
            (of("&BlockDeviceMapping.1.Ebs.VolumeSize=2"), "InvalidBlockDeviceMapping"),
            (of("&BlockDeviceMapping.1.Ebs.Encrypted=false"), "InvalidBlockDeviceMapping"),
            (of("&BlockDeviceMapping.1.Ebs.VolumeType=io1"), "MissingParameter"),
            (
                of("&BlockDeviceMapping.2.DeviceName=/dev/sdb&BlockDeviceMapping.2.Ebs.VolumeType=gp2"),
                "MissingParameter",
            ),
            (of("&Architecture=vax"), "InvalidParameterValue"),
            (of("&Name=onvolume"), "InvalidAMIName.Duplicate"),
            (device("BlockDeviceMapping.1.Ebs.SnapshotId=snap-12345678"), "InvalidSnapshot.NotFound"),
            (device("BlockDeviceMapping.1.Ebs.SnapshotId=snap"), "InvalidSnapshotID.Malformed"),
            (of("").replace("Name=another&", ""), "MissingParameter"),
        ] {
            let form = form.replace("Name=another&", if form.contains("&Name=") { "" } else { "Name=another&" });
            let answer = bench.call(&format!("Action=RegisterImage&{form}")).await;
            assert_eq!(answer.code(), code, "{form}: {}", answer.xml);
        }
        let theirs = bench.call_other(&format!("Action=RegisterImage&{}", of(""))).await;
        assert_eq!(theirs.code(), "InvalidSnapshot.NotFound", "another account's");
        let more = of("&BlockDeviceMapping.1.Ebs.VolumeSize=5&BlockDeviceMapping.2.DeviceName=/dev/sdb\
             &BlockDeviceMapping.2.VirtualName=ephemeral0&BlockDeviceMapping.3.DeviceName=/dev/sdf\
             &BlockDeviceMapping.3.Ebs.VolumeSize=7&BlockDeviceMapping.3.Ebs.DeleteOnTermination=false");
        let made = bench.call(&format!("Action=RegisterImage&{more}")).await;
        let seen = bench.call(&format!("Action=DescribeImages&ImageId.1={}", made.get("imageId").unwrap())).await;
        assert_eq!(seen.all("deviceName"), ["/dev/sda1", "/dev/sdf", "/dev/sdb"], "{}", seen.xml);
        assert_eq!((seen.all("volumeSize"), seen.all("virtualName")), (vec!["5", "7"], vec!["ephemeral0"]));
        assert_eq!(seen.all("deleteOnTermination"), ["true", "false"]);
    }
}
