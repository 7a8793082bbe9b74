//! Refuse a peering that another VPC asked for.

use crate::clock;
use crate::db::Conn;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error};
use crate::id::Kind;
use crate::network::peerings;
use crate::wire::query::Params;

pub struct RejectVpcPeeringConnection {
    id: String,
}

impl Action for RejectVpcPeeringConnection {
    const NAME: &'static str = "RejectVpcPeeringConnection";
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(RejectVpcPeeringConnection { id: p.id("VpcPeeringConnectionId", Kind::PeeringConnection)?.to_owned() })
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            let mut peering = peerings::need(c, account, region, &self.id, clock::now_ms())?;
            peerings::reject(c, &mut peering, account, region)?;
            Ok(Done::YES)
        };
        cx.change(job).await
    }
}
