//! The account's data feed of spot usage.

use super::create_spot_datafeed_subscription::Output;
use crate::compute::defaults;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::wire::query::Params;

pub struct DescribeSpotDatafeedSubscription;

impl Action for DescribeSpotDatafeedSubscription {
    const NAME: &'static str = "DescribeSpotDatafeedSubscription";
    type Output = Output;

    fn read(_: &Params<'_>) -> Result<Self, Error> {
        Ok(DescribeSpotDatafeedSubscription)
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let feed = cx.cloud.db.read(|c| defaults::datafeed(c, &cx.caller.account, &cx.region))?;
        feed.map(|feed| Output::new(&cx.caller.account, feed)).ok_or(Error::NoDatafeed)
    }
}
