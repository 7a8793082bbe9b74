//! The peerings that the caller's VPCs have a side of; ended ones for some hours or days, as at AWS.

use crate::clock;
use crate::db;
use crate::ec2::describe::Listing;
use crate::ec2::peerings::PeeringItem;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::network::peerings;
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeVpcPeeringConnections(Listing<PeeringItem>);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    vpc_peering_connection_set: Vec<PeeringItem>,
    next_token: Option<String>,
}

impl Action for DescribeVpcPeeringConnections {
    const NAME: &'static str = "DescribeVpcPeeringConnections";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let (kind, list) = (Kind::PeeringConnection, "vpcPeeringConnectionIds");
        Ok(DescribeVpcPeeringConnections(Listing::read(p, kind, "VpcPeeringConnectionId", list)?))
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let (vpc_peering_connection_set, next_token) = cx
            .look(|c, account, region| {
                let all = peerings::all(c, account, region, clock::now_ms())?;
                let tags = db::tags::by_resource(c, account, region, "vpc-peering-connection")?;
                self.0.answer(all, tags, |one| &one.id, |one, tags| PeeringItem::new(c, &one, tags))
            })
            .await?;
        Ok(Output { vpc_peering_connection_set, next_token })
    }
}
