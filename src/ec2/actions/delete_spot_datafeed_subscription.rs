//! Delete the account's data feed of spot usage: there is none, which is as wanted.

use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error};
use crate::wire::query::Params;

pub struct DeleteSpotDatafeedSubscription;

impl Action for DeleteSpotDatafeedSubscription {
    const NAME: &'static str = "DeleteSpotDatafeedSubscription";
    type Output = Done;

    fn read(_: &Params<'_>) -> Result<Self, Error> {
        Ok(DeleteSpotDatafeedSubscription)
    }

    async fn run(self, _: &Cx) -> Result<Done, Error> {
        Ok(Done::YES)
    }
}
