//! There are no virtual private gateways: the list is empty.

use crate::ec2::absent::Absent;
use crate::ec2::filter::{Filtered, Values};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeVpnGateways;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    vpn_gateway_set: [Item; 0],
}

/// None of them.
#[derive(Serialize)]
pub enum Item {}

impl Filtered for Item {
    const FILTERS: &'static [(&'static str, Values<Self>)] = &[
        ("amazon-side-asn", |_| vec![]),
        ("attachment.state", |_| vec![]),
        ("attachment.vpc-id", |_| vec![]),
        ("availability-zone", |_| vec![]),
        ("state", |_| vec![]),
        ("type", |_| vec![]),
        ("vpn-gateway-id", |_| vec![]),
    ];
    const TAGGED: bool = true;
}

const KIND: Absent = Absent {
    ids: "VpnGatewayId",
    prefix: "vgw",
    what: "virtual private gateway",
    malformed: "InvalidVpnGatewayID.Malformed",
    missing: "InvalidVpnGatewayID.NotFound",
};

impl Action for DescribeVpnGateways {
    const NAME: &'static str = "DescribeVpnGateways";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        KIND.read::<Item>(p)?;
        Ok(DescribeVpnGateways)
    }

    async fn run(self, _: &Cx) -> Result<Output, Error> {
        Ok(Output { vpn_gateway_set: [] })
    }
}
