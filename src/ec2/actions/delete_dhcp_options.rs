//! Delete a DHCP options set that no VPC uses.

use crate::db::Conn;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error};
use crate::id::Kind;
use crate::network::dhcp_options;
use crate::network::records;
use crate::wire::query::Params;

pub struct DeleteDhcpOptions {
    id: String,
}

impl Action for DeleteDhcpOptions {
    const NAME: &'static str = "DeleteDhcpOptions";
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(DeleteDhcpOptions { id: p.id("DhcpOptionsId", Kind::DhcpOptions)?.to_owned() })
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            dhcp_options::delete(c, &records::need(c, account, region, &self.id)?)?;
            Ok(Done::YES)
        };
        cx.change(job).await
    }
}
