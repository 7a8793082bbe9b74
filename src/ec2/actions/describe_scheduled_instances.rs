//! Scheduled instances, which AWS sells no more either. Always empty.

use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeScheduledInstances;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    scheduled_instance_set: [(); 0],
}

impl Action for DescribeScheduledInstances {
    const NAME: &'static str = "DescribeScheduledInstances";
    /// Of nothing, any part is nothing.
    const IGNORED: &'static [&'static str] =
        &["Filter", "MaxResults", "NextToken", "ScheduledInstanceId", "SlotStartTimeRange"];
    type Output = Output;

    fn read(_: &Params<'_>) -> Result<Self, Error> {
        Ok(DescribeScheduledInstances)
    }

    async fn run(self, _: &Cx) -> Result<Output, Error> {
        Ok(Output { scheduled_instance_set: [] })
    }
}
