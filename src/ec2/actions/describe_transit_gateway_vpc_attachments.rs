//! There are no transit gateways for VPCs to attach to: the list is empty.

use crate::ec2::absent::TRANSIT_GATEWAY_ATTACHMENT;
use crate::ec2::filter::{Filtered, Values};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeTransitGatewayVpcAttachments;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    transit_gateway_vpc_attachments: [Item; 0],
    next_token: Option<String>,
}

/// None of them.
#[derive(Serialize)]
pub enum Item {}

impl Filtered for Item {
    const FILTERS: &'static [(&'static str, Values<Self>)] = &[
        ("state", |_| vec![]),
        ("transit-gateway-attachment-id", |_| vec![]),
        ("transit-gateway-id", |_| vec![]),
        ("vpc-id", |_| vec![]),
    ];
    const TAGGED: bool = true;
}

impl Action for DescribeTransitGatewayVpcAttachments {
    const NAME: &'static str = "DescribeTransitGatewayVpcAttachments";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        TRANSIT_GATEWAY_ATTACHMENT.read::<Item>(p)?;
        Ok(DescribeTransitGatewayVpcAttachments)
    }

    async fn run(self, _: &Cx) -> Result<Output, Error> {
        Ok(Output { transit_gateway_vpc_attachments: [], next_token: None })
    }
}
