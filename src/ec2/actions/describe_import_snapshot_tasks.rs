//! Imports of snapshots, those that ended within the last seven days included.

use crate::ec2::image_tasks::{ImportSnapshotItem, Tasks};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::images::tasks;
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeImportSnapshotTasks(Tasks<ImportSnapshotItem>);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    import_snapshot_task_set: Vec<ImportSnapshotItem>,
    next_token: Option<String>,
}

impl Action for DescribeImportSnapshotTasks {
    const NAME: &'static str = "DescribeImportSnapshotTasks";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(DescribeImportSnapshotTasks(Tasks::read(p, Kind::ImportSnapshotTask, "ImportTaskId", "Filters")?))
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let kind = tasks::Kind::ImportSnapshot;
        let items = self.0.answer(cx, kind, ImportSnapshotItem::new, |i| i.import_task_id.clone());
        let (import_snapshot_task_set, next_token) = items.await?;
        Ok(Output { import_snapshot_task_set, next_token })
    }
}
