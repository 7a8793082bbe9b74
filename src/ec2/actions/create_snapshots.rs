//! Take snapshots of the volumes of an instance, all at once.

use super::create_snapshot::{description, take};
use super::describe_instances::find;
use crate::db::tags::Tag;
use crate::db::{self, Conn};
use crate::ec2::registry::Action;
use crate::ec2::snapshots::SnapshotItem;
use crate::ec2::{Cx, Error, tagging};
use crate::id::Kind;
use crate::volumes;
use crate::wire::ec2_xml::Time;
use crate::wire::query::{self, Params};
use serde::Serialize;

pub struct CreateSnapshots {
    instance: String,
    without_root: bool,
    without: Vec<String>,
    description: String,
    tags: Vec<Tag>,
    copy_tags: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    snapshot_set: Vec<Item>,
}

/// A snapshot, in this action's own words.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    snapshot_id: String,
    volume_id: String,
    state: String,
    start_time: Time,
    progress: String,
    owner_id: String,
    volume_size: i64,
    description: String,
    tag_set: Vec<Tag>,
    encrypted: bool,
}

impl From<SnapshotItem> for Item {
    fn from(s: SnapshotItem) -> Item {
        Item {
            snapshot_id: s.snapshot_id,
            volume_id: s.volume_id,
            state: s.status,
            start_time: s.start_time,
            progress: s.progress,
            owner_id: s.owner_id,
            volume_size: s.volume_size,
            description: s.description,
            tag_set: s.tag_set,
            encrypted: s.encrypted,
        }
    }
}

impl Action for CreateSnapshots {
    const NAME: &'static str = "CreateSnapshots";
    /// Every snapshot is the region's.
    const IGNORED: &'static [&'static str] = &["Location"];
    const REFUSED: &'static [&'static str] = &["OutpostArn"];
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let specifications = tagging::specifications(p, &["snapshot"])?;
        let instance = p.nested("InstanceSpecification");
        let instance = instance.ok_or_else(|| query::Error::Missing("InstanceSpecification".into()))?;
        let copy_tags = match p.opt("CopyTagsFromSource") {
            None | Some("") => false,
            Some("volume") => true,
            Some(other) => return Err(p.invalid("CopyTagsFromSource", other, "Expecting volume.").into()),
        };
        Ok(CreateSnapshots {
            instance: instance.id("InstanceId", Kind::Instance)?.to_owned(),
            without_root: instance.opt_bool("ExcludeBootVolume")?.unwrap_or(false),
            without: instance.ids("ExcludeDataVolumeId", Kind::Volume)?.into_iter().map(str::to_owned).collect(),
            description: description(p)?,
            tags: tagging::of(&specifications, "snapshot"),
            copy_tags,
        })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let found = find(cx, std::slice::from_ref(&self.instance))?.into_iter().next();
        let instance = found.ok_or_else(|| Error::no_such(Kind::Instance, &self.instance))?;
        if let Some(id) = self.without.iter().find(|id| !instance.volumes.iter().any(|a| a.volume == **id)) {
            return Err(Error::ParameterValue(format!("The volume '{id}' is not attached to '{}'", self.instance)));
        }
        let root = &instance.spec.root_device_name;
        let wanted: Vec<String> = instance
            .volumes
            .into_iter()
            .filter(|a| !self.without.contains(&a.volume))
            .filter(|a| !self.without_root || a.device != *root)
            .map(|a| a.volume)
            .collect();
        let bytes = cx.cloud.volumes.bytes();
        let job = move |c: &Conn, account: &str, region: &str| {
            let mut snapshot_set = Vec::new();
            for id in &wanted {
                let mut volume = volumes::need(c, account, region, id)?;
                let mut tags = self.tags.clone();
                if self.copy_tags {
                    let theirs = db::tags::of(c, account, id)?.into_iter();
                    tags.extend(theirs.filter(|t| self.tags.iter().all(|mine| mine.key != t.key)));
                }
                snapshot_set.push(take(c, &mut volume, &self.description, tags, bytes)?.into());
            }
            Ok(Output { snapshot_set })
        };
        let taken = cx.change(job).await?;
        cx.cloud.volumes.wake();
        cx.cloud.compute.wake();
        Ok(taken)
    }
}
