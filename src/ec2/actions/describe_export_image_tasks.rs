//! Exports of images, those that ended within the last seven days included.

use crate::ec2::image_tasks::{ExportImageItem, Tasks};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::images::tasks;
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeExportImageTasks(Tasks<ExportImageItem>);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    export_image_task_set: Vec<ExportImageItem>,
    next_token: Option<String>,
}

impl Action for DescribeExportImageTasks {
    const NAME: &'static str = "DescribeExportImageTasks";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(DescribeExportImageTasks(Tasks::read(p, Kind::ExportImageTask, "ExportImageTaskId", "Filter")?))
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let items =
            self.0.answer(cx, tasks::Kind::ExportImage, ExportImageItem::new, |i| i.export_image_task_id.clone());
        let (export_image_task_set, next_token) = items.await?;
        Ok(Output { export_image_task_set, next_token })
    }
}
