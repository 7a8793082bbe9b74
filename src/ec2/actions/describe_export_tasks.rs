//! Exports of instances, those that ended within the last seven days included.

use crate::ec2::image_tasks::{ExportItem, Tasks};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::images::tasks;
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeExportTasks(Tasks<ExportItem>);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    export_task_set: Vec<ExportItem>,
    next_token: Option<String>,
}

impl Action for DescribeExportTasks {
    const NAME: &'static str = "DescribeExportTasks";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(DescribeExportTasks(Tasks::read(p, Kind::ExportTask, "ExportTaskId", "Filter")?))
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let items = self.0.answer(cx, tasks::Kind::ExportInstance, ExportItem::new, |i| i.export_task_id.clone());
        let (export_task_set, next_token) = items.await?;
        Ok(Output { export_task_set, next_token })
    }
}
