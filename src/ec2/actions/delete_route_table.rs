//! Delete a route table that neither a subnet nor its VPC uses.

use crate::db::Conn;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error};
use crate::id::Kind;
use crate::network::lifecycle;
use crate::network::records;
use crate::wire::query::Params;

pub struct DeleteRouteTable {
    id: String,
}

impl Action for DeleteRouteTable {
    const NAME: &'static str = "DeleteRouteTable";
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(DeleteRouteTable { id: p.id("RouteTableId", Kind::RouteTable)?.to_owned() })
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            lifecycle::delete_route_table(c, &records::need(c, account, region, &self.id)?)?;
            Ok(Done::YES)
        };
        cx.change(job).await
    }
}
