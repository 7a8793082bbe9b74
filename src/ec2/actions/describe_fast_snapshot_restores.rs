//! Snapshots are restored at once without it: fast restores are enabled for none.

use crate::ec2::filter::{Filtered, Filters, Values};
use crate::ec2::page::Page;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeFastSnapshotRestores;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    fast_snapshot_restore_set: [Item; 0],
    next_token: Option<String>,
}

/// None of them.
#[derive(Serialize)]
pub enum Item {}

impl Filtered for Item {
    const FILTERS: &'static [(&'static str, Values<Self>)] = &[
        ("availability-zone", |_| vec![]),
        ("availability-zone-id", |_| vec![]),
        ("owner-id", |_| vec![]),
        ("snapshot-id", |_| vec![]),
        ("state", |_| vec![]),
    ];
}

impl Action for DescribeFastSnapshotRestores {
    const NAME: &'static str = "DescribeFastSnapshotRestores";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Filters::<Item>::read(p)?;
        Page::within(p, None, 0..=200)?;
        Ok(DescribeFastSnapshotRestores)
    }

    async fn run(self, _: &Cx) -> Result<Output, Error> {
        Ok(Output { fast_snapshot_restore_set: [], next_token: None })
    }
}
