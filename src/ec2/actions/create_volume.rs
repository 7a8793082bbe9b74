//! Make a volume, empty or of a snapshot: a disk in a file of the host, as large as it says and as fast as the host is. Type, speed
//! and encryption are checked as AWS checks them, and are records.

use crate::db::tags::{Resource, Tag};
use crate::db::{self, Conn};
use crate::ec2::idempotency::Token;
use crate::ec2::registry::Action;
use crate::ec2::volumes::{VolumeItem, encryption, kms_key, own_key, wish};
use crate::ec2::{Cx, Error, tagging, zone};
use crate::id::Kind;
use crate::volumes::{self, NewVolume, Wish};
use crate::wire::query::{self, Params};

pub struct CreateVolume {
    zone: Option<String>,
    zone_id: Option<String>,
    wish: Wish,
    snapshot: Option<String>,
    encrypted: Option<bool>,
    kms_key: Option<String>,
    tags: Vec<Tag>,
    token: Token,
}

impl Action for CreateVolume {
    const NAME: &'static str = "CreateVolume";
    /// Nothing has to be fetched before a volume can be read.
    const IGNORED: &'static [&'static str] = &["VolumeInitializationRate", "Operator"];
    const REFUSED: &'static [&'static str] = &["OutpostArn"];
    type Output = VolumeItem;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let owned = |name| p.opt(name).filter(|text| !text.is_empty()).map(str::to_owned);
        let specifications = tagging::specifications(p, &["volume"])?;
        let (encrypted, kms_key) = encryption(p)?;
        let (zone, zone_id) = (owned("AvailabilityZone"), owned("AvailabilityZoneId"));
        if zone.is_none() && zone_id.is_none() {
            return Err(query::Error::Missing("AvailabilityZone".into()).into());
        }
        Ok(CreateVolume {
            zone,
            zone_id,
            wish: wish(p, "Size")?,
            snapshot: p.opt_id("SnapshotId", Kind::Snapshot)?.map(str::to_owned),
            encrypted,
            kms_key,
            tags: tagging::of(&specifications, "volume"),
            token: Token::read(p, Self::NAME)?,
        })
    }

    async fn run(self, cx: &Cx) -> Result<VolumeItem, Error> {
        let new = NewVolume {
            account: cx.caller.account.clone(),
            region: cx.region.clone(),
            zone: zone::named(cx, self.zone, self.zone_id)?,
            wish: self.wish,
            snapshot: self.snapshot,
            encrypted: self.encrypted,
            kms_key: self.kms_key.map(|named| kms_key(cx, &named)),
            default_key: own_key(cx),
        };
        let bytes = cx.cloud.volumes.bytes();
        let job = move |c: &Conn, account: &str, region: &str| {
            if let Some(id) = self.token.made(c, account, region)? {
                let tags = db::tags::of(c, account, &id)?;
                return Ok(VolumeItem::new(volumes::need(c, account, region, &id)?, tags));
            }
            let made = volumes::create(c, &new, bytes)?;
            db::tags::put(c, Resource { account, region, id: &made.row.id, kind: "volume" }, &self.tags)?;
            self.token.keep(c, account, region, &made.row.id)?;
            Ok(VolumeItem::new(made, self.tags).begun())
        };
        let made = cx.change(job).await?;
        cx.cloud.volumes.wake();
        Ok(made)
    }
}

#[cfg(test)]
mod tests {
    use crate::ec2::tests::Bench;

    const ZONE: &str = "us-east-1a";
    const RUN: &str = "Action=RunInstances&ImageId=ami-12345678&InstanceType=t3.micro&MinCount=1&MaxCount=1";

    fn create(form: &str) -> String {
        format!("Action=CreateVolume&AvailabilityZone={ZONE}&{form}")
    }

    #[tokio::test]
    async fn a_volume_comes_is_changed_and_goes() {
        let bench = Bench::new();
        let tag = "TagSpecification.1.ResourceType=volume&TagSpecification.1.Tag.1.Key=Name&TagSpecification.1.Tag.1.Value=data";
        let form = create(&format!("Size=80&ClientToken=once&{tag}"));
        let made = bench.call(&form).await;
        let id = made.get("volumeId").unwrap().to_owned();
        assert_eq!(
            (made.get("status"), made.get("iops"), made.get("volumeType")),
            (Some("creating"), Some("240"), Some("gp2"))
        );
        assert_eq!(bench.call(&form).await.get("volumeId"), Some(&id[..]), "the same token, the same volume");
        assert_eq!(bench.call(&form.replace("80", "81")).await.code(), "IdempotentParameterMismatch");
        let other = bench.call(&create("AvailabilityZoneId=use1-az1&VolumeType=gp3&Size=10&Encrypted=true")).await;
        assert_eq!((other.get("throughput"), other.get("sseType")), (Some("125"), Some("sse-kms")), "{}", other.xml);
        for (filter, found) in [
            ("status&Filter.1.Value.1=available", 2),
            ("volume-type&Filter.1.Value.1=gp3", 1),
            ("tag:Name&Filter.1.Value.1=data", 1),
            ("encrypted&Filter.1.Value.1=true", 1),
            ("attachment.status&Filter.1.Value.1=*", 0),
            ("size&Filter.1.Value.1=80", 1),
        ] {
            let seen = bench.call(&format!("Action=DescribeVolumes&Filter.1.Name={filter}")).await;
            assert_eq!(seen.all("volumeId").len(), found, "{filter}");
        }
        let modify = |form: &str| format!("Action=ModifyVolume&VolumeId={id}&{form}");
        let grown = bench.call(&modify("Size=100&VolumeType=gp3")).await;
        assert_eq!(grown.get("modificationState"), Some("modifying"), "{}", grown.xml);
        let seen = bench.call(&format!("Action=DescribeVolumesModifications&VolumeId.1={id}")).await;
        assert_eq!(
            (seen.get("modificationState"), seen.get("originalSize"), seen.get("targetIops")),
            (Some("completed"), Some("80"), Some("3000"))
        );
        for (form, code) in [
            ("Size=99", "InvalidParameterValue"),
            ("", "MissingParameter"),
            ("VolumeType=gp2&Iops=100", "InvalidParameterCombination"),
            ("VolumeType=disc", "InvalidParameterValue"),
        ] {
            assert_eq!(bench.call(&modify(form)).await.code(), code, "{form}");
        }
        let auto = format!("Action=ModifyVolumeAttribute&VolumeId={id}&AutoEnableIO.Value=true");
        assert_eq!(bench.call(&auto).await.get("return"), Some("true"));
        let seen = bench.call(&format!("Action=DescribeVolumeAttribute&VolumeId={id}&Attribute=autoEnableIO")).await;
        assert!(seen.xml.contains("<autoEnableIO><value>true</value></autoEnableIO>"), "{}", seen.xml);
        let status = bench.call(&format!("Action=DescribeVolumeStatus&VolumeId.1={id}")).await;
        assert_eq!(status.all("status"), ["ok", "passed", "not-applicable", "completed"]);
        assert_eq!(
            bench.call_other(&format!("Action=DeleteVolume&VolumeId={id}")).await.code(),
            "InvalidVolume.NotFound"
        );
        assert_eq!(bench.call(&format!("Action=DeleteVolume&VolumeId={id}")).await.get("return"), Some("true"));
        assert_eq!(
            bench.call(&format!("Action=DescribeVolumes&VolumeId.1={id}")).await.code(),
            "InvalidVolume.NotFound"
        );
        for (form, code) in [
            ("Size=0", "InvalidParameterValue"),
            ("VolumeType=gp3", "MissingParameter"),
            ("Size=1&SnapshotId=snap-12345678", "InvalidSnapshot.NotFound"),
            ("Size=8&VolumeType=io1", "MissingParameter"),
            ("Size=8&KmsKeyId=alias/mine", "InvalidParameterDependency"),
            ("Size=8&OutpostArn=arn", "UnsupportedOperation"),
        ] {
            assert_eq!(bench.call(&create(form)).await.code(), code, "{form}");
        }
        let nowhere = bench.call("Action=CreateVolume&AvailabilityZone=us-east-1z&Size=1").await;
        assert_eq!(nowhere.code(), "InvalidZone.NotFound");
    }

    #[tokio::test]
    async fn volumes_come_to_instances_and_leave_them() {
        let bench = Bench::new();
        bench.image("ami-12345678").await;
        bench.run_machines();
        let instance = bench.call(RUN).await.get("instanceId").unwrap().to_owned();
        let volume = bench.call(&create("Size=1")).await.get("volumeId").unwrap().to_owned();
        let second = bench.call(&create("Size=2")).await.get("volumeId").unwrap().to_owned();
        let see = format!("Action=DescribeInstances&InstanceId.1={instance}");
        bench.until(&see, "<name>running</name>").await;
        let attach = |volume: &str, device: &str| {
            format!("Action=AttachVolume&VolumeId={volume}&InstanceId={instance}&Device={device}")
        };
        let attached = bench.call(&attach(&volume, "/dev/sdf")).await;
        assert_eq!((attached.get("status"), attached.get("deleteOnTermination")), (Some("attaching"), Some("false")));
        for (form, code) in [
            (attach(&volume, "/dev/sdg"), "VolumeInUse"),
            (attach(&second, "/dev/sdf"), "InvalidParameterValue"),
            (attach(&second, "/dev/sda1"), "InvalidParameterValue"),
            (attach(&second, "sofa"), "InvalidParameterValue"),
            (attach("vol-12345678", "/dev/sdg"), "InvalidVolume.NotFound"),
            (format!("Action=DeleteVolume&VolumeId={volume}"), "VolumeInUse"),
            (format!("Action=DetachVolume&VolumeId={second}"), "IncorrectState"),
            (format!("Action=DetachVolume&VolumeId={volume}&Device=/dev/sdz"), "InvalidAttachment.NotFound"),
            (format!("Action=DetachVolume&VolumeId={volume}&InstanceId=i-12345678"), "InvalidInstanceID.NotFound"),
        ] {
            assert_eq!(bench.call(&form).await.code(), code, "{form}");
        }
        let elsewhere = bench.call("Action=CreateVolume&AvailabilityZone=us-east-1b&Size=1").await;
        let far = bench.call(&attach(elsewhere.get("volumeId").unwrap(), "/dev/sdh")).await;
        assert_eq!(far.code(), "InvalidVolume.ZoneMismatch", "{}", far.xml);
        let filter = format!("Filter.1.Name=attachment.instance-id&Filter.1.Value.1={instance}");
        let seen = bench.call(&format!("Action=DescribeVolumes&{filter}")).await;
        assert_eq!(seen.all("status"), ["in-use", "attached"], "{}", seen.xml);
        bench.call(&attach(&second, "/dev/sdg")).await;
        let modify = format!("Action=ModifyInstanceAttribute&InstanceId={instance}");
        let keep = "BlockDeviceMapping.1.DeviceName=/dev/sdg&BlockDeviceMapping.1.Ebs.DeleteOnTermination";
        assert_eq!(bench.call(&format!("{modify}&{keep}=true")).await.get("return"), Some("true"));
        let none = bench.call(&format!("{modify}&{}=true", keep.replace("sdg", "sdq"))).await;
        assert_eq!(none.code(), "InvalidInstanceAttributeValue");
        let mapping = format!("Action=DescribeInstanceAttribute&InstanceId={instance}&Attribute=blockDeviceMapping");
        let seen = bench.call(&mapping).await;
        assert_eq!(seen.all("deviceName"), ["/dev/sdf", "/dev/sdg"]);
        assert_eq!(seen.all("deleteOnTermination"), ["false", "true"]);
        let filter = format!("Filter.1.Name=block-device-mapping.volume-id&Filter.1.Value.1={second}");
        assert_eq!(bench.call(&format!("Action=DescribeInstances&{filter}")).await.all("volumeId").len(), 2);
        let all = format!("Action=CreateSnapshots&InstanceSpecification.InstanceId={instance}");
        assert_eq!(bench.call(&all).await.all("snapshotId").len(), 2);
        bench.call(&format!("Action=TerminateInstances&InstanceId.1={instance}")).await;
        bench.until(&see, "<name>terminated</name>").await;
        let left =
            bench.call("Action=DescribeVolumes&Filter.1.Name=availability-zone&Filter.1.Value.1=us-east-1a").await;
        assert_eq!((left.all("volumeId"), left.get("status")), (vec![&volume[..]], Some("available")));
    }

    #[tokio::test]
    async fn quotas_of_storage_and_snapshots_are_kept_to() {
        use crate::db::quotas::set;
        let bench = Bench::new();
        bench.db().write_blocking(|c| set(c, None, "volume-storage", Some(3))).unwrap();
        bench.db().write_blocking(|c| set(c, None, "snapshots", Some(1))).unwrap();
        let volume = bench.call(&create("Size=2")).await.get("volumeId").unwrap().to_owned();
        bench.call(&format!("Action=CreateSnapshot&VolumeId={volume}")).await;
        for (form, code) in [
            (create("Size=2"), "VolumeLimitExceeded"),
            (format!("Action=ModifyVolume&VolumeId={volume}&Size=4"), "VolumeLimitExceeded"),
            (format!("Action=CreateSnapshot&VolumeId={volume}"), "SnapshotLimitExceeded"),
        ] {
            assert_eq!(bench.call(&form).await.code(), code, "{form}");
        }
        assert_eq!(bench.call(&create("Size=1")).await.status, 200);
    }

    #[tokio::test]
    async fn a_detached_volume_is_free() {
        let bench = Bench::new();
        bench.image("ami-12345678").await;
        bench.run_machines();
        let instance = bench.call(RUN).await.get("instanceId").unwrap().to_owned();
        let volume = bench.call(&create("Size=1")).await.get("volumeId").unwrap().to_owned();
        let attach = format!("Action=AttachVolume&VolumeId={volume}&InstanceId={instance}&Device=/dev/sdf");
        bench.until(&attach, "attaching").await;
        let detached = bench.call(&format!("Action=DetachVolume&VolumeId={volume}")).await;
        assert_eq!((detached.get("status"), detached.get("instanceId")), (Some("detaching"), Some(&instance[..])));
        assert_eq!(bench.call("Action=DescribeVolumes").await.get("status"), Some("available"));
        bench.call(&format!("Action=StopInstances&InstanceId.1={instance}")).await;
        bench.until("Action=DescribeInstances", "<name>stopped</name>").await;
        assert_eq!(bench.call(&attach).await.get("status"), Some("attaching"), "a stopped one takes it as well");
    }
}
