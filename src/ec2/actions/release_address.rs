//! Give an Elastic IP address back that leads nowhere.

use crate::db::Conn;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error, addresses};
use crate::network::elastic::{self, Name};
use crate::wire::query::Params;

pub struct ReleaseAddress {
    address: Name,
}

impl Action for ReleaseAddress {
    const NAME: &'static str = "ReleaseAddress";
    /// Every address is of the whole region.
    const IGNORED: &'static [&'static str] = &["NetworkBorderGroup"];
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(ReleaseAddress { address: addresses::named(p)? })
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            elastic::release(c, &elastic::need(c, account, region, &self.address)?)?;
            Ok(Done::YES)
        };
        cx.change(job).await
    }
}
