//! Reboot running instances.

use super::start_instances::{change, instance_ids};
use crate::compute::Change;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error};
use crate::wire::query::Params;

pub struct RebootInstances {
    ids: Vec<String>,
}

impl Action for RebootInstances {
    const NAME: &'static str = "RebootInstances";
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(RebootInstances { ids: instance_ids(p)? })
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        change(cx, self.ids, Change::Reboot).await?;
        Ok(Done::YES)
    }
}
