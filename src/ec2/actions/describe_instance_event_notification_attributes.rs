//! The tags that notifications of instances' events are to carry.

use crate::compute::defaults;
use crate::ec2::event_tags::Output;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::wire::query::Params;

pub struct DescribeInstanceEventNotificationAttributes;

impl Action for DescribeInstanceEventNotificationAttributes {
    const NAME: &'static str = "DescribeInstanceEventNotificationAttributes";
    type Output = Output;

    fn read(_: &Params<'_>) -> Result<Self, Error> {
        Ok(DescribeInstanceEventNotificationAttributes)
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        Ok(cx.cloud.db.read(|c| defaults::event_tags(c, &cx.caller.account, &cx.region))?.into())
    }
}
