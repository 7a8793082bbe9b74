//! Delete the account's data feed of spot usage. That there is none is as wanted.

use crate::compute::defaults;
use crate::db::Conn;
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

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        let job = |c: &Conn, account: &str, region: &str| {
            defaults::set_datafeed(c, account, region, None)?;
            Ok(Done::YES)
        };
        cx.change(job).await
    }
}
