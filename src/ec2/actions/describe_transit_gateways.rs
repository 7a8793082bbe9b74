//! There are no transit gateways: the list is empty.

use crate::ec2::absent::Absent;
use crate::ec2::filter::{Filtered, Values};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeTransitGateways;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    transit_gateway_set: [Item; 0],
    next_token: Option<String>,
}

/// None of them.
#[derive(Serialize)]
pub enum Item {}

impl Filtered for Item {
    const FILTERS: &'static [(&'static str, Values<Self>)] = &[
        ("options.amazon-side-asn", |_| vec![]),
        ("options.association-default-route-table-id", |_| vec![]),
        ("options.auto-accept-shared-attachments", |_| vec![]),
        ("options.default-route-table-association", |_| vec![]),
        ("options.default-route-table-propagation", |_| vec![]),
        ("options.dns-support", |_| vec![]),
        ("options.propagation-default-route-table-id", |_| vec![]),
        ("options.vpn-ecmp-support", |_| vec![]),
        ("owner-id", |_| vec![]),
        ("state", |_| vec![]),
        ("transit-gateway-id", |_| vec![]),
    ];
    const TAGGED: bool = true;
}

const KIND: Absent = Absent {
    ids: "TransitGatewayIds",
    prefix: "tgw",
    what: "transitGateway",
    malformed: "InvalidTransitGatewayID.Malformed",
    missing: "InvalidTransitGatewayID.NotFound",
};

impl Action for DescribeTransitGateways {
    const NAME: &'static str = "DescribeTransitGateways";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        KIND.read::<Item>(p)?;
        Ok(DescribeTransitGateways)
    }

    async fn run(self, _: &Cx) -> Result<Output, Error> {
        Ok(Output { transit_gateway_set: [], next_token: None })
    }
}
