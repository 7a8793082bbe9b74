//! There are no customer gateways: the list is empty.

use crate::ec2::absent::Absent;
use crate::ec2::filter::{Filtered, Values};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeCustomerGateways;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    customer_gateway_set: [Item; 0],
}

/// None of them.
#[derive(Serialize)]
pub enum Item {}

impl Filtered for Item {
    const FILTERS: &'static [(&'static str, Values<Self>)] = &[
        ("bgp-asn", |_| vec![]),
        ("customer-gateway-id", |_| vec![]),
        ("ip-address", |_| vec![]),
        ("state", |_| vec![]),
        ("type", |_| vec![]),
    ];
    const TAGGED: bool = true;
}

const KIND: Absent = Absent {
    ids: "CustomerGatewayId",
    prefix: "cgw",
    what: "customerGateway",
    malformed: "InvalidCustomerGatewayID.Malformed",
    missing: "InvalidCustomerGatewayID.NotFound",
};

impl Action for DescribeCustomerGateways {
    const NAME: &'static str = "DescribeCustomerGateways";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        KIND.read::<Item>(p)?;
        Ok(DescribeCustomerGateways)
    }

    async fn run(self, _: &Cx) -> Result<Output, Error> {
        Ok(Output { customer_gateway_set: [] })
    }
}
