//! End instances for good. Doing so twice is fine.

use super::start_instances::{Changed, change, instance_ids};
use crate::compute::Change;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::wire::query::Params;

pub struct TerminateInstances {
    ids: Vec<String>,
}

impl Action for TerminateInstances {
    const NAME: &'static str = "TerminateInstances";
    /// A terminated guest is not waited for anyway.
    const IGNORED: &'static [&'static str] = &["Force", "SkipOsShutdown"];
    type Output = Changed;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(TerminateInstances { ids: instance_ids(p)? })
    }

    async fn run(self, cx: &Cx) -> Result<Changed, Error> {
        change(cx, self.ids, Change::Terminate).await
    }
}
