//! The snapshots of which the caller may make volumes.

use crate::db;
use crate::db::snapshots::SnapshotRow;
use crate::db::tags::Tag;
use crate::ec2::filter::{Filtered, Filters, Values, flag};
use crate::ec2::page::Page;
use crate::ec2::registry::Action;
use crate::ec2::snapshots::SnapshotItem;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::volumes::snapshots;
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeSnapshots {
    ids: Vec<String>,
    owners: Vec<String>,
    restorable_by: Vec<String>,
    filters: Filters<SnapshotItem>,
    page: Page,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    snapshot_set: Vec<SnapshotItem>,
    next_token: Option<String>,
}

impl Filtered for SnapshotItem {
    const FILTERS: &'static [(&'static str, Values<Self>)] = &[
        ("description", |s| vec![s.description.as_str().into()]),
        ("encrypted", |s| flag(s.encrypted)),
        ("owner-alias", |_| vec![]),
        ("owner-id", |s| vec![s.owner_id.as_str().into()]),
        ("progress", |s| vec![s.progress.as_str().into()]),
        ("snapshot-id", |s| vec![s.snapshot_id.as_str().into()]),
        ("start-time", |s| vec![s.start_time.to_string().into()]),
        ("status", |s| vec![s.status.as_str().into()]),
        ("storage-tier", |s| s.storage_tier.iter().map(|t| (*t).into()).collect()),
        ("transfer-type", |s| s.transfer_type.iter().map(|t| (*t).into()).collect()),
        ("volume-id", |s| vec![s.volume_id.as_str().into()]),
        ("volume-size", |s| vec![s.volume_size.to_string().into()]),
    ];
    const TAGGED: bool = true;
    fn tags(&self) -> Option<&[Tag]> {
        Some(&self.tag_set)
    }
}

impl Action for DescribeSnapshots {
    const NAME: &'static str = "DescribeSnapshots";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let owned = |name| p.list(name).into_iter().map(str::to_owned).collect();
        let ids: Vec<String> = p.ids("SnapshotId", Kind::Snapshot)?.into_iter().map(str::to_owned).collect();
        let page = Page::read(p, (!ids.is_empty()).then_some("snapshotSet"))?;
        let (owners, restorable_by) = (owned("Owner"), owned("RestorableBy"));
        Ok(DescribeSnapshots { ids, owners, restorable_by, filters: Filters::read(p)?, page })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let caller = &cx.caller.account;
        let all = cx.look(|c, account, region| Ok(snapshots::visible(c, account, region)?)).await?;
        let missing: Vec<String> = self.ids.iter().filter(|id| !all.iter().any(|s| s.id == **id)).cloned().collect();
        if !missing.is_empty() {
            return Err(Error::NoSuch { kind: Kind::Snapshot, ids: missing });
        }
        let mut tags = cx.cloud.db.read(|c| db::tags::by_resource(c, caller, &cx.region, "snapshot"))?;
        let item = |s: SnapshotRow| {
            let tags = tags.remove(&s.id).unwrap_or_default();
            SnapshotItem::new(s, tags)
        };
        let items = all
            .into_iter()
            .filter(|s| self.ids.is_empty() || self.ids.contains(&s.id))
            .filter(|s| self.owners.is_empty() || self.owners.iter().any(|owner| is_owned_by(s, owner, caller)))
            .filter(|s| self.restorable_by.is_empty() || self.restorable_by.iter().any(|who| is_for(s, who, caller)))
            .map(item)
            .filter(|item| self.filters.accept(item))
            .collect();
        let (snapshot_set, next_token) = self.page.cut(items, |s| format!("{} {}", s.start_time, s.snapshot_id));
        Ok(Output { snapshot_set, next_token })
    }
}

/// `owner` is an account's id, `self` or `amazon`, which has none here.
fn is_owned_by(s: &SnapshotRow, owner: &str, caller: &str) -> bool {
    s.account == if owner == "self" { caller } else { owner }
}

/// `who` is an account's id, `self` or `all`: whoever may make volumes of it, everybody of public ones.
fn is_for(s: &SnapshotRow, who: &str, caller: &str) -> bool {
    let who = if who == "self" { caller } else { who };
    s.is_public || s.account == who || s.shared_with.iter().any(|account| account == who)
}
