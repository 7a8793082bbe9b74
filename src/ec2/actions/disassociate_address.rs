//! Have an Elastic IP address lead nowhere.

use crate::db::Conn;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error, addresses};
use crate::network::elastic::{self, Name};
use crate::wire::query::Params;

pub struct DisassociateAddress {
    address: Name,
}

impl Action for DisassociateAddress {
    const NAME: &'static str = "DisassociateAddress";
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(DisassociateAddress { address: addresses::associated(p)? })
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            elastic::disassociate(c, &elastic::need(c, account, region, &self.address)?)?;
            Ok(Done::YES)
        };
        cx.change(job).await
    }
}
