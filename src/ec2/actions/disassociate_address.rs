//! Have an Elastic IP address lead nowhere. An instance that it led to has another public address at once, if it had one of its own before.

use crate::compute;
use crate::db::Conn;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error, addresses};
use crate::network::elastic::{self, Name};
use crate::network::interfaces;
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
        let pool = cx.cloud.public_addresses.clone();
        let job = move |c: &Conn, account: &str, region: &str| {
            let address = elastic::need(c, account, region, &self.address)?;
            if let Some(to) = &address.leads_to {
                interfaces::need_own(c, account, region, &to.interface)?;
            }
            elastic::disassociate(c, &address)?;
            if let Some(to) = &address.leads_to {
                compute::left_by_elastic(c, &pool, &to.interface)?;
            }
            Ok(Done::YES)
        };
        cx.change(job).await
    }
}
