//! Stop instances: the guest is asked to power off, or with `Force` is not.

use super::start_instances::{Changed, change, instance_ids};
use crate::compute::Change;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::wire::query::Params;

pub struct StopInstances {
    ids: Vec<String>,
    force: bool,
}

impl Action for StopInstances {
    const NAME: &'static str = "StopInstances";
    type Output = Changed;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        if p.opt_bool("Hibernate")?.unwrap_or(false) {
            return Err(Error::Unsupported("Hibernate".into()));
        }
        let force = p.opt_bool("Force")?.unwrap_or(false) | p.opt_bool("SkipOsShutdown")?.unwrap_or(false);
        Ok(StopInstances { ids: instance_ids(p)?, force })
    }

    async fn run(self, cx: &Cx) -> Result<Changed, Error> {
        change(cx, self.ids, Change::Stop { force: self.force }).await
    }
}
