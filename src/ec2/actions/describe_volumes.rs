//! The caller's volumes.

use crate::db::Conn;
use crate::db::tags::Tag;
use crate::ec2::describe::{self, Wanted};
use crate::ec2::filter::{Filtered, Filters, Values, flag};
use crate::ec2::page::Page;
use crate::ec2::registry::Action;
use crate::ec2::volumes::{Attachment, VolumeItem};
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::volumes::{self, Volume, attachments};
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
    const ID: &'static str = "volume-id";
    const TAGGED: bool = true;
    fn tags(&self) -> Option<&[Tag]> {
        Some(&self.tag_set)
    }
}

/// The caller's volumes of these ids, or all of them; an id that is not there is an error.
pub(super) async fn find(cx: &Cx, ids: &[String]) -> Result<Vec<Volume>, Error> {
    let wanted = Wanted::from(Some(ids).filter(|ids| !ids.is_empty()));
    let all = cx.look(|c, account, region| read(c, account, region, &wanted)).await?;
    describe::pick(Kind::Volume, ids, all, |v| &v.row.id)
}

fn read(c: &Conn, account: &str, region: &str, wanted: &Wanted) -> Result<Vec<Volume>, Error> {
    let one = |id: &String| volumes::of_account(c, account, region, id);
    Ok(wanted.read(one, || volumes::all(c, account, region))?)
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
        let (all, mut tags) = cx
            .look(|c, account, region| {
                // What is asked most is which volumes an instance has.
                let wanted = match self.filters.only("attachment.instance-id") {
                    Some(instances) if self.ids.is_empty() => Some(&*attachments::volumes_at(c, instances)?).into(),
                    Some(_) | None => Wanted::of(c, account, region, Kind::Volume, &self.ids, &self.filters)?,
                };
                Ok((read(c, account, region, &wanted)?, wanted.tags(c, account, region, "volume")?))
            })
            .await?;
        let found = describe::pick(Kind::Volume, &self.ids, all, |v| &v.row.id)?;
        let item = |v: Volume| {
            let tags = tags.remove(&v.row.id).unwrap_or_default();
            VolumeItem::new(v, tags)
        };
        let items = found.into_iter().map(item).filter(|item| self.filters.accept(item)).collect();
        let (volume_set, next_token) = self.page.cut(items, |v| format!("{} {}", v.create_time, v.volume_id));
        Ok(Output { volume_set, next_token })
    }
}
