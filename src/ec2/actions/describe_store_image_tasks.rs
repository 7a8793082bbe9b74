//! How far the storing of images as objects is.

use super::describe_images::image_id;
use crate::ec2::filter::{Filtered, Filters, Values};
use crate::ec2::image_tasks::at;
use crate::ec2::page::Page;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::images::tasks::{self, State, Task, Wanted};
use crate::wire::ec2_xml::Time;
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeStoreImageTasks {
    ids: Vec<String>,
    filters: Filters<Item>,
    page: Page,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    store_image_task_result_set: Vec<Item>,
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    ami_id: String,
    bucket: String,
    progress_percentage: i64,
    #[serde(rename = "s3objectKey")]
    s3_object_key: String,
    store_task_state: &'static str,
    store_task_failure_reason: Option<String>,
    task_start_time: Time,
    #[serde(skip)]
    order: String,
}

impl Item {
    fn new(task: Task) -> Option<Item> {
        let Wanted::StoreImage { image, to } = task.wanted else { return None };
        let (store_task_state, store_task_failure_reason) = match task.state {
            State::Active(_) => ("InProgress", None),
            State::Completed(_) => ("Completed", None),
            State::Failed(why) => ("Failed", Some(why)),
            State::Cancelled => ("Failed", Some("Cancelled".into())),
        };
        Some(Item {
            ami_id: image,
            bucket: to.bucket,
            progress_percentage: if store_task_state == "Completed" { 100 } else { task.progress },
            s3_object_key: to.key,
            store_task_state,
            store_task_failure_reason,
            task_start_time: at(task.created_at),
            order: format!("{:020} {}", task.created_at, task.id),
        })
    }
}

impl Filtered for Item {
    const FILTERS: &'static [(&'static str, Values<Self>)] =
        &[("bucket", |i| vec![i.bucket.as_str().into()]), ("task-state", |i| vec![i.store_task_state.into()])];
}

impl Action for DescribeStoreImageTasks {
    const NAME: &'static str = "DescribeStoreImageTasks";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let ids = p.list("ImageId").into_iter().map(image_id).collect::<Result<Vec<_>, _>>()?;
        let page = Page::within(p, (!ids.is_empty()).then_some("imageIds"), 1..=200)?;
        Ok(DescribeStoreImageTasks { ids, filters: Filters::read(p)?, page })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let all = cx.look(|c, account, region| Ok(tasks::all(c, account, region, tasks::Kind::StoreImage)?)).await?;
        let items = all.into_iter().filter_map(Item::new);
        let items = items.filter(|i| self.ids.is_empty() || self.ids.contains(&i.ami_id));
        let items = items.filter(|i| self.filters.accept(i)).collect();
        let (store_image_task_result_set, next_token) = self.page.cut(items, |i| i.order.clone());
        Ok(Output { store_image_task_result_set, next_token })
    }
}
