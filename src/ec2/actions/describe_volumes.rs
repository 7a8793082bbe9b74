//! The caller's volumes.

use crate::db;
use crate::db::tags::Tag;
use crate::ec2::filter::{Filtered, Filters, Values, flag};
use crate::ec2::page::Page;
use crate::ec2::registry::Action;
use crate::ec2::volumes::{Attachment, VolumeItem};
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::volumes::{self, Volume};
use crate::wire::query::Params;
use serde::Serialize;
use std::borrow::Cow;

pub struct DescribeVolumes {
    ids: Vec<String>,
    filters: Filters<VolumeItem>,
    page: Page,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    volume_set: Vec<VolumeItem>,
    next_token: Option<String>,
}

fn attached<'a>(v: &'a VolumeItem, value: fn(&'a Attachment) -> Cow<'a, str>) -> Vec<Cow<'a, str>> {
    v.attachment_set.iter().map(value).collect()
}

impl Filtered for VolumeItem {
    const FILTERS: &'static [(&'static str, Values<Self>)] = &[
        ("attachment.attach-time", |v| attached(v, |a| a.attach_time.to_string().into())),
        ("attachment.delete-on-termination", |v| {
            v.attachment_set.iter().flat_map(|a| flag(a.delete_on_termination)).collect()
        }),
        ("attachment.device", |v| attached(v, |a| a.device.as_str().into())),
        ("attachment.instance-id", |v| attached(v, |a| a.instance_id.as_str().into())),
        ("attachment.status", |v| attached(v, |a| a.status.as_str().into())),
        ("availability-zone", |v| vec![v.availability_zone.as_str().into()]),
        ("availability-zone-id", |v| vec![v.availability_zone_id.as_str().into()]),
        ("create-time", |v| vec![v.create_time.to_string().into()]),
        ("encrypted", |v| flag(v.encrypted)),
        ("fast-restored", |_| flag(false)),
        ("multi-attach-enabled", |v| flag(v.multi_attach_enabled)),
        ("operator.managed", |v| flag(v.operator.managed)),
        ("operator.principal", |_| vec![]),
        ("size", |v| vec![v.size.to_string().into()]),
        ("snapshot-id", |v| vec![v.snapshot_id.as_str().into()]),
        ("status", |v| vec![v.status.into()]),
        ("volume-id", |v| vec![v.volume_id.as_str().into()]),
        ("volume-type", |v| vec![v.volume_type.as_str().into()]),
    ];
    const TAGGED: bool = true;
    fn tags(&self) -> Option<&[Tag]> {
        Some(&self.tag_set)
    }
}

/// The caller's volumes of these ids, or all of them; an id that is not there is an error.
pub(super) async fn find(cx: &Cx, ids: &[String]) -> Result<Vec<Volume>, Error> {
    let mut all = cx.look(|c, account, region| Ok(volumes::all(c, account, region)?)).await?;
    let missing: Vec<String> = ids.iter().filter(|id| !all.iter().any(|v| v.row.id == **id)).cloned().collect();
    if !missing.is_empty() {
        return Err(Error::NoSuch { kind: Kind::Volume, ids: missing });
    }
    all.retain(|v| ids.is_empty() || ids.contains(&v.row.id));
    Ok(all)
}

impl Action for DescribeVolumes {
    const NAME: &'static str = "DescribeVolumes";
    /// No service manages volumes on somebody's behalf here.
    const IGNORED: &'static [&'static str] = &["IncludeManagedResources"];
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let ids: Vec<String> = p.ids("VolumeId", Kind::Volume)?.into_iter().map(str::to_owned).collect();
        let page = Page::read(p, (!ids.is_empty()).then_some("volumeSet"))?;
        Ok(DescribeVolumes { ids, filters: Filters::read(p)?, page })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let found = find(cx, &self.ids).await?;
        let mut tags = cx.cloud.db.read(|c| db::tags::by_resource(c, &cx.caller.account, &cx.region, "volume"))?;
        let item = |v: Volume| {
            let tags = tags.remove(&v.row.id).unwrap_or_default();
            VolumeItem::new(v, tags)
        };
        let items = found.into_iter().map(item).filter(|item| self.filters.accept(item)).collect();
        let (volume_set, next_token) = self.page.cut(items, |v| format!("{} {}", v.create_time, v.volume_id));
        Ok(Output { volume_set, next_token })
    }
}
