//! There are no carrier gateways: the list is empty.

use crate::ec2::absent::Absent;
use crate::ec2::filter::{Filtered, Values};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeCarrierGateways;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    carrier_gateway_set: [Item; 0],
    next_token: Option<String>,
}

/// None of them.
#[derive(Serialize)]
pub enum Item {}

impl Filtered for Item {
    const FILTERS: &'static [(&'static str, Values<Self>)] =
        &[("carrier-gateway-id", |_| vec![]), ("owner-id", |_| vec![]), ("state", |_| vec![]), ("vpc-id", |_| vec![])];
    const TAGGED: bool = true;
}

const KIND: Absent = Absent {
    ids: "CarrierGatewayId",
    prefix: "cagw",
    what: "carrierGateway",
    malformed: "InvalidCarrierGatewayID.Malformed",
    missing: "InvalidCarrierGatewayID.NotFound",
};

impl Action for DescribeCarrierGateways {
    const NAME: &'static str = "DescribeCarrierGateways";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        KIND.read::<Item>(p)?;
        Ok(DescribeCarrierGateways)
    }

    async fn run(self, _: &Cx) -> Result<Output, Error> {
        Ok(Output { carrier_gateway_set: [], next_token: None })
    }
}
