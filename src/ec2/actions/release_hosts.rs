//! Give dedicated hosts back on which nothing runs.

use crate::compute::dedicated;
use crate::ec2::hosts::{self, Outcome};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::wire::query::Params;

pub struct ReleaseHosts(Vec<String>);

impl Action for ReleaseHosts {
    const NAME: &'static str = "ReleaseHosts";
    type Output = Outcome;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(ReleaseHosts(hosts::named(p)?))
    }

    async fn run(self, cx: &Cx) -> Result<Outcome, Error> {
        hosts::each(cx, self.0, dedicated::release).await
    }
}
