//! Copy a snapshot from this region or another one. Both are the same bytes, which are not copied.

use super::create_snapshot::description;
use crate::db::tags::{Resource, Tag};
use crate::db::{self, Conn};
use crate::ec2::registry::Action;
use crate::ec2::volumes::{encryption, kms_key, own_key};
use crate::ec2::{Cx, Error, tagging};
use crate::id::Kind;
use crate::volumes::snapshots::{self, NewCopy};
use crate::wire::query::Params;
use serde::Serialize;

pub struct CopySnapshot {
    source: String,
    from: String,
    description: String,
    encrypted: Option<bool>,
    kms_key: Option<String>,
    tags: Vec<Tag>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    snapshot_id: String,
    tag_set: Vec<Tag>,
}

impl Action for CopySnapshot {
    const NAME: &'static str = "CopySnapshot";
    /// The request comes to the destination, which has the source's region too; a copy takes no time.
    const IGNORED: &'static [&'static str] = &["CompletionDurationMinutes", "DestinationRegion", "PresignedUrl"];
    const REFUSED: &'static [&'static str] = &["DestinationAvailabilityZone", "DestinationOutpostArn"];
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let specifications = tagging::specifications(p, &["snapshot"])?;
        let (encrypted, kms_key) = encryption(p)?;
        Ok(CopySnapshot {
            source: p.id("SourceSnapshotId", Kind::Snapshot)?.to_owned(),
            from: p.req("SourceRegion")?.to_owned(),
            description: description(p)?,
            encrypted,
            kms_key,
            tags: tagging::of(&specifications, "snapshot"),
        })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let new = NewCopy {
            account: cx.caller.account.clone(),
            region: cx.region.clone(),
            description: self.description,
            encrypted: self.encrypted,
            kms_key: self.kms_key.map(|named| kms_key(cx, &named)),
            default_key: own_key(cx),
        };
        let job = move |c: &Conn, account: &str, region: &str| {
            let source = snapshots::usable(c, account, &self.from, &self.source)?;
            let made = snapshots::copy(c, &source, &new)?;
            db::tags::put(c, Resource { account, region, id: &made.id, kind: "snapshot" }, &self.tags)?;
            Ok(Output { snapshot_id: made.id, tag_set: self.tags })
        };
        cx.change(job).await
    }
}
