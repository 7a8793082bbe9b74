//! Stop the bundling of an instance. What was stored already stays in the bucket.

use super::bundle_instance::Output;
use super::cancel_import_task::need;
use crate::db::Conn;
use crate::ec2::image_tasks::{BundleItem, shown};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::images::tasks;
use crate::wire::query::Params;

pub struct CancelBundleTask {
    id: String,
}

impl Action for CancelBundleTask {
    const NAME: &'static str = "CancelBundleTask";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(CancelBundleTask { id: p.id("BundleId", Kind::BundleTask)?.to_owned() })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            need(c, account, region, Kind::BundleTask, &self.id)?;
            if !tasks::cancel(c, &self.id)? {
                return Err(Error::TaskOver(self.id));
            }
            let task = need(c, account, region, Kind::BundleTask, &self.id)?;
            Ok(Output { bundle_instance_task: shown(BundleItem::new(task))? })
        };
        cx.change(job).await
    }
}
