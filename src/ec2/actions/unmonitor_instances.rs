//! Turn detailed monitoring of instances off.

use super::monitor_instances::{Monitored, monitor};
use super::start_instances::instance_ids;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::wire::query::Params;

pub struct UnmonitorInstances {
    ids: Vec<String>,
}

impl Action for UnmonitorInstances {
    const NAME: &'static str = "UnmonitorInstances";
    type Output = Monitored;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(UnmonitorInstances { ids: instance_ids(p)? })
    }

    async fn run(self, cx: &Cx) -> Result<Monitored, Error> {
        monitor(cx, self.ids, false).await
    }
}
