//! There are no transit gateways to attach to: the list is empty.

use crate::ec2::absent::TRANSIT_GATEWAY_ATTACHMENT;
use crate::ec2::filter::{Filtered, Values};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeTransitGatewayAttachments;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    transit_gateway_attachments: [Item; 0],
    next_token: Option<String>,
}

/// None of them.
#[derive(Serialize)]
pub enum Item {}

impl Filtered for Item {
    const FILTERS: &'static [(&'static str, Values<Self>)] = &[
        ("association.state", |_| vec![]),
        ("association.transit-gateway-route-table-id", |_| vec![]),
        ("resource-id", |_| vec![]),
        ("resource-owner-id", |_| vec![]),
        ("resource-type", |_| vec![]),
        ("state", |_| vec![]),
        ("transit-gateway-attachment-id", |_| vec![]),
        ("transit-gateway-id", |_| vec![]),
        ("transit-gateway-owner-id", |_| vec![]),
    ];
    const TAGGED: bool = true;
}

impl Action for DescribeTransitGatewayAttachments {
    const NAME: &'static str = "DescribeTransitGatewayAttachments";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        TRANSIT_GATEWAY_ATTACHMENT.read::<Item>(p)?;
        Ok(DescribeTransitGatewayAttachments)
    }

    async fn run(self, _: &Cx) -> Result<Output, Error> {
        Ok(Output { transit_gateway_attachments: [], next_token: None })
    }
}
