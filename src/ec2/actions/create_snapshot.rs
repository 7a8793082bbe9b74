//! Take a snapshot of a volume: what it holds now, from which volumes can be made. No byte is
//! copied; a running guest goes on, and the snapshot is as its disk would be after a power cut.

use crate::db::tags::{Resource, Tag};
use crate::db::{self, Conn};
use crate::ec2::registry::Action;
use crate::ec2::snapshots::SnapshotItem;
use crate::ec2::{Cx, Error, tagging};
use crate::id::Kind;
use crate::volumes::{self, Bytes, Volume, snapshots};
use crate::wire::query::Params;

pub struct CreateSnapshot {
    volume: String,
    description: String,
    tags: Vec<Tag>,
}

/// The longest description.
const LONGEST: usize = 255;

/// `Description`.
pub(super) fn description(p: &Params<'_>) -> Result<String, Error> {
    let text = p.opt("Description").unwrap_or_default();
    if text.chars().count() > LONGEST {
        return Err(p.invalid("Description", text, format!("Expecting at most {LONGEST} characters.")).into());
    }
    Ok(text.to_owned())
}

/// Take the snapshot with its tags.
pub(super) fn take(
    c: &Conn,
    volume: &mut Volume,
    description: &str,
    tags: Vec<Tag>,
    bytes: Bytes,
) -> Result<SnapshotItem, Error> {
    let taken = snapshots::create(c, volume, description, bytes)?;
    let (account, region) = (taken.account.as_str(), taken.region.as_str());
    db::tags::put(c, Resource { account, region, id: &taken.id, kind: "snapshot" }, &tags)?;
    Ok(SnapshotItem::new(taken, tags).begun())
}

impl Action for CreateSnapshot {
    const NAME: &'static str = "CreateSnapshot";
    /// Every snapshot is the region's.
    const IGNORED: &'static [&'static str] = &["Location"];
    const REFUSED: &'static [&'static str] = &["OutpostArn"];
    type Output = SnapshotItem;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let specifications = tagging::specifications(p, &["snapshot"])?;
        Ok(CreateSnapshot {
            volume: p.id("VolumeId", Kind::Volume)?.to_owned(),
            description: description(p)?,
            tags: tagging::of(&specifications, "snapshot"),
        })
    }

    async fn run(self, cx: &Cx) -> Result<SnapshotItem, Error> {
        let bytes = cx.cloud.volumes.bytes();
        let job = move |c: &Conn, account: &str, region: &str| {
            let mut volume = volumes::need(c, account, region, &self.volume)?;
            take(c, &mut volume, &self.description, self.tags, bytes)
        };
        let taken = cx.change(job).await?;
        cx.cloud.volumes.wake();
        cx.cloud.compute.wake();
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use crate::ec2::tests::Bench;

    #[tokio::test]
    async fn a_snapshot_is_shared_copied_and_made_a_volume_of() {
        let bench = Bench::new();
        let zone = "Action=CreateVolume&AvailabilityZone=us-east-1a";
        let key = "1234abcd-12ab-34cd-56ef-1234567890ab";
        let volume = bench.call(&format!("{zone}&Size=5&Encrypted=true&KmsKeyId={key}")).await;
        let (volume, key) = (volume.get("volumeId").unwrap().to_owned(), volume.get("kmsKeyId").unwrap().to_owned());
        let tag = "TagSpecification.1.ResourceType=snapshot&TagSpecification.1.Tag.1.Key=a";
        let made = bench.call(&format!("Action=CreateSnapshot&VolumeId={volume}&Description=first&{tag}")).await;
        assert_eq!((made.get("status"), made.get("volumeSize")), (Some("pending"), Some("5")), "{}", made.xml);
        let id = made.get("snapshotId").unwrap().to_owned();
        let see = format!("Action=DescribeSnapshots&SnapshotId.1={id}");
        let seen = bench.call(&see).await;
        assert_eq!((seen.get("status"), seen.get("progress")), (Some("completed"), Some("100%")));
        assert_eq!((seen.get("kmsKeyId"), seen.get("key")), (Some(&key[..]), Some("a")));

        assert_eq!(bench.call_other(&see).await.code(), "InvalidSnapshot.NotFound");
        let modify = |form: &str| format!("Action=ModifySnapshotAttribute&SnapshotId={id}&{form}");
        let attribute = format!("Action=DescribeSnapshotAttribute&SnapshotId={id}&Attribute=createVolumePermission");
        bench.call(&modify("CreateVolumePermission.Add.1.UserId=210987654321")).await;
        assert_eq!(bench.call(&attribute).await.get("userId"), Some("210987654321"));
        assert_eq!(bench.call_other(&attribute).await.code(), "InvalidSnapshot.NotFound", "its owner's alone");
        let theirs = bench.call_other(&format!("{zone}&SnapshotId={id}&VolumeType=gp3")).await;
        assert_eq!((theirs.get("size"), theirs.get("snapshotId")), (Some("5"), Some(&id[..])), "{}", theirs.xml);
        for (form, found) in
            [("Owner.1=self", 0), ("RestorableBy.1=self", 1), ("Owner.1=amazon", 0), ("Owner.1=123456789012", 1)]
        {
            let seen = bench.call_other(&format!("Action=DescribeSnapshots&{form}")).await;
            assert_eq!(seen.all("snapshotId").len(), found, "{form}");
        }
        let all = bench.call(&modify("Attribute=createVolumePermission&OperationType=add&UserGroup.1=all")).await;
        assert_eq!(all.code(), "OperationNotPermitted", "it is encrypted");
        bench.call(&format!("Action=ResetSnapshotAttribute&SnapshotId={id}&Attribute=createVolumePermission")).await;
        assert_eq!(bench.call_other(&see).await.code(), "InvalidSnapshot.NotFound");
        for (form, code) in [
            ("Attribute=createVolumePermission&UserId.1=210987654321", "MissingParameter"),
            ("CreateVolumePermission.Add.1.Group=some", "InvalidParameterValue"),
            ("Attribute=colour&OperationType=add", "InvalidParameterValue"),
            ("", "InvalidParameterCombination"),
        ] {
            assert_eq!(bench.call(&modify(form)).await.code(), code, "{form}");
        }

        let copy = bench
            .call(&format!("Action=CopySnapshot&SourceRegion=us-east-1&SourceSnapshotId={id}&Description=second"))
            .await;
        let copy = copy.get("snapshotId").unwrap().to_owned();
        let seen = bench.call(&format!("Action=DescribeSnapshots&SnapshotId.1={copy}")).await;
        assert_eq!((seen.get("volumeId"), seen.get("description")), (Some("vol-ffffffff"), Some("second")));
        assert_eq!(bench.call(&format!("Action=DeleteSnapshot&SnapshotId={id}")).await.get("return"), Some("true"));
        assert_eq!(bench.call(&see).await.code(), "InvalidSnapshot.NotFound");
        let small = bench.call(&format!("{zone}&SnapshotId={copy}&Size=4")).await;
        assert_eq!(small.code(), "InvalidParameterValue", "{}", small.xml);
        let large = bench.call(&format!("{zone}&SnapshotId={copy}&Size=50")).await;
        assert_eq!((large.get("size"), large.get("encrypted")), (Some("50"), Some("true")));
        assert_eq!(bench.call(&format!("Action=DeleteVolume&VolumeId={volume}")).await.get("return"), Some("true"));
        let tagged = bench.call(&format!("Action=CreateTags&ResourceId.1={copy}&Tag.1.Key=b")).await;
        assert_eq!(tagged.get("return"), Some("true"), "{}", tagged.xml);
    }

    #[tokio::test]
    async fn the_accounts_defaults_count() {
        let bench = Bench::new();
        let zone = "Action=CreateVolume&AvailabilityZone=us-east-1a&Size=1";
        assert_eq!(bench.call("Action=GetEbsDefaultKmsKeyId").await.get("kmsKeyId"), Some("alias/aws/ebs"));
        let on = bench.call("Action=EnableEbsEncryptionByDefault").await;
        assert_eq!(on.get("ebsEncryptionByDefault"), Some("true"), "{}", on.xml);
        bench.call("Action=ModifyEbsDefaultKmsKeyId&KmsKeyId=mine").await;
        let key = bench.call(zone).await.get("kmsKeyId").map(str::to_owned);
        assert_eq!(key.as_deref(), Some("arn:aws:kms:us-east-1:123456789012:key/mine"));
        bench.call("Action=ResetEbsDefaultKmsKeyId").await;
        assert_ne!(bench.call(zone).await.get("kmsKeyId"), key.as_deref());
        bench.call("Action=DisableEbsEncryptionByDefault").await;
        assert_eq!(bench.call(zone).await.get("encrypted"), Some("false"));
        assert_eq!(
            bench.call_other("Action=GetEbsEncryptionByDefault").await.get("ebsEncryptionByDefault"),
            Some("false")
        );
    }
}
