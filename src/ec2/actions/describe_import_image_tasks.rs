//! Imports of images, those that ended within the last seven days included.

use crate::ec2::image_tasks::{ImportItem, Tasks};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::images::tasks;
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeImportImageTasks(Tasks<ImportItem>);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    import_image_task_set: Vec<ImportItem>,
    next_token: Option<String>,
}

impl Action for DescribeImportImageTasks {
    const NAME: &'static str = "DescribeImportImageTasks";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(DescribeImportImageTasks(Tasks::read(p, Kind::ImportImageTask, "ImportTaskId", "Filters")?))
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let items = self.0.answer(cx, tasks::Kind::ImportImage, ImportItem::new, |i| i.import_task_id.clone());
        let (import_image_task_set, next_token) = items.await?;
        Ok(Output { import_image_task_set, next_token })
    }
}
