//! Bundles of instances, those that ended within the last seven days included.

use crate::ec2::image_tasks::{BundleItem, Tasks};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::images::tasks;
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeBundleTasks(Tasks<BundleItem>);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    bundle_instance_tasks_set: Vec<BundleItem>,
    next_token: Option<String>,
}

impl Action for DescribeBundleTasks {
    const NAME: &'static str = "DescribeBundleTasks";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(DescribeBundleTasks(Tasks::read(p, Kind::BundleTask, "BundleId", "Filter")?))
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let items = self.0.answer(cx, tasks::Kind::Bundle, |task, _| BundleItem::new(task), |i| i.bundle_id.clone());
        let (bundle_instance_tasks_set, next_token) = items.await?;
        Ok(Output { bundle_instance_tasks_set, next_token })
    }
}
