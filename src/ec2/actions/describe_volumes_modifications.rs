//! The last modification of each of the caller's volumes that was modified.

use super::describe_volumes::find;
use crate::ec2::filter::{Filtered, Filters, Values, flag};
use crate::ec2::page::Page;
use crate::ec2::registry::Action;
use crate::ec2::volumes::ModificationItem;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeVolumesModifications {
    ids: Vec<String>,
    filters: Filters<ModificationItem>,
    page: Page,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    volume_modification_set: Vec<ModificationItem>,
    next_token: Option<String>,
}

impl Filtered for ModificationItem {
    const FILTERS: &'static [(&'static str, Values<Self>)] = &[
        ("modification-state", |m| vec![m.modification_state.into()]),
        ("original-iops", |m| m.original_iops.iter().map(|n| n.to_string().into()).collect()),
        ("original-size", |m| vec![m.original_size.to_string().into()]),
        ("original-volume-type", |m| vec![m.original_volume_type.into()]),
        ("originalMultiAttachEnabled", |m| flag(m.original_multi_attach_enabled)),
        ("start-time", |m| vec![m.start_time.to_string().into()]),
        ("target-iops", |m| m.target_iops.iter().map(|n| n.to_string().into()).collect()),
        ("target-size", |m| vec![m.target_size.to_string().into()]),
        ("target-volume-type", |m| vec![m.target_volume_type.into()]),
        ("targetMultiAttachEnabled", |m| flag(m.target_multi_attach_enabled)),
        ("volume-id", |m| vec![m.volume_id.as_str().into()]),
    ];
}

impl Action for DescribeVolumesModifications {
    const NAME: &'static str = "DescribeVolumesModifications";
    /// No service manages volumes on somebody's behalf here.
    const IGNORED: &'static [&'static str] = &["IncludeManagedResources"];
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let ids: Vec<String> = p.ids("VolumeId", Kind::Volume)?.into_iter().map(str::to_owned).collect();
        Ok(DescribeVolumesModifications { ids, filters: Filters::read(p)?, page: Page::within(p, None, 1..=500)? })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let mut items = Vec::new();
        for volume in find(cx, &self.ids).await? {
            let modification = volume.modification()?;
            if let Some(id) = self.ids.iter().find(|id| **id == volume.row.id).filter(|_| modification.is_none()) {
                return Err(Error::NoModification(id.clone()));
            }
            items.extend(modification.map(|m| ModificationItem::new(volume.row.id, m)));
        }
        items.retain(|item| self.filters.accept(item));
        let (volume_modification_set, next_token) = self.page.cut(items, |m| m.volume_id.clone());
        Ok(Output { volume_modification_set, next_token })
    }
}
