//! The account's data feed of spot usage: there is none, and none can be made.

use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error};
use crate::wire::query::Params;

pub struct DescribeSpotDatafeedSubscription;

impl Action for DescribeSpotDatafeedSubscription {
    const NAME: &'static str = "DescribeSpotDatafeedSubscription";
    type Output = Done;

    fn read(_: &Params<'_>) -> Result<Self, Error> {
        Ok(DescribeSpotDatafeedSubscription)
    }

    async fn run(self, _: &Cx) -> Result<Done, Error> {
        Err(Error::NoDatafeed)
    }
}
