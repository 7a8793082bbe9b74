//! The caller's NAT gateways; deleted and failed ones for an hour.

use crate::db;
use crate::ec2::describe::Listing;
use crate::ec2::nat_gateways::NatItem;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::network::nat_gateways;
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeNatGateways(Listing<NatItem>);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    nat_gateway_set: Vec<NatItem>,
    next_token: Option<String>,
}

impl Action for DescribeNatGateways {
    const NAME: &'static str = "DescribeNatGateways";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(DescribeNatGateways(Listing::read(p, Kind::NatGateway, "NatGatewayId", "natGatewayIds")?))
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let (all, tags) = cx
            .look(|c, account, region| {
                let tags = db::tags::by_resource(c, account, region, "natgateway")?;
                Ok((nat_gateways::all(c, account, region)?, tags))
            })
            .await?;
        let item = |gateway, tags| Ok(NatItem::new(gateway, tags));
        let (nat_gateway_set, next_token) = self.0.answer(all, tags, |one| &one.id, item)?;
        Ok(Output { nat_gateway_set, next_token })
    }
}
