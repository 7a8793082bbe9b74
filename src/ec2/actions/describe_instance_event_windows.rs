//! Windows for scheduled events: nothing is ever scheduled. Always empty.

use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeInstanceEventWindows;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    instance_event_window_set: [(); 0],
}

impl Action for DescribeInstanceEventWindows {
    const NAME: &'static str = "DescribeInstanceEventWindows";
    /// Of nothing, any part is nothing.
    const IGNORED: &'static [&'static str] = &["Filter", "InstanceEventWindowId", "MaxResults", "NextToken"];
    type Output = Output;

    fn read(_: &Params<'_>) -> Result<Self, Error> {
        Ok(DescribeInstanceEventWindows)
    }

    async fn run(self, _: &Cx) -> Result<Output, Error> {
        Ok(Output { instance_event_window_set: [] })
    }
}
