//! Let a subnet use its VPC's main route table again.

use crate::db::Conn;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error};
use crate::id::Kind;
use crate::network::routes;
use crate::wire::query::Params;

pub struct DisassociateRouteTable {
    association: String,
}

impl Action for DisassociateRouteTable {
    const NAME: &'static str = "DisassociateRouteTable";
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(DisassociateRouteTable { association: p.id("AssociationId", Kind::RouteTableAssociation)?.to_owned() })
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            routes::disassociate(c, account, region, &self.association)?;
            Ok(Done::YES)
        };
        cx.change(job).await
    }
}
