//! Accept a peering that another VPC asked for: it is active at once.

use crate::clock;
use crate::db::{self, Conn};
use crate::ec2::peerings::PeeringItem;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::network::peerings;
use crate::wire::query::Params;
use serde::Serialize;

pub struct AcceptVpcPeeringConnection {
    id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    vpc_peering_connection: PeeringItem,
}

impl Action for AcceptVpcPeeringConnection {
    const NAME: &'static str = "AcceptVpcPeeringConnection";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(AcceptVpcPeeringConnection { id: p.id("VpcPeeringConnectionId", Kind::PeeringConnection)?.to_owned() })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            let mut peering = peerings::need(c, account, region, &self.id, clock::now_ms())?;
            peerings::accept(c, &mut peering, account, region)?;
            let tags = db::tags::of(c, account, &self.id)?;
            Ok(Output { vpc_peering_connection: PeeringItem::new(c, &peering, tags)? })
        };
        cx.change(job).await
    }
}
