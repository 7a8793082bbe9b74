//! End a peering, from either side, or take back the request for one. Routes that lead through it stay, and lead nowhere.

use crate::clock;
use crate::db::Conn;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error};
use crate::id::Kind;
use crate::network::peerings;
use crate::wire::query::Params;

pub struct DeleteVpcPeeringConnection {
    id: String,
}

impl Action for DeleteVpcPeeringConnection {
    const NAME: &'static str = "DeleteVpcPeeringConnection";
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(DeleteVpcPeeringConnection { id: p.id("VpcPeeringConnectionId", Kind::PeeringConnection)?.to_owned() })
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            let mut peering = peerings::need(c, account, region, &self.id, clock::now_ms())?;
            peerings::delete(c, &mut peering, account)?;
            Ok(Done::YES)
        };
        cx.change(job).await
    }
}
