//! The caller's internet gateways.

use crate::db::tags::Tag;
use crate::ec2::describe::Listing;
use crate::ec2::filter::{Filtered, Values};
use crate::ec2::gateways::Attachment;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::network::gateways::InternetGateway;
use crate::network::records::Kept;
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeInternetGateways(Listing<Item>);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    internet_gateway_set: Vec<Item>,
    next_token: Option<String>,
}

/// One gateway.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    internet_gateway_id: String,
    owner_id: String,
    attachment_set: Vec<Attachment>,
    tag_set: Vec<Tag>,
}

impl Item {
    /// A gateway with its tags.
    pub(super) fn new(gateway: Kept<InternetGateway>, tags: Vec<Tag>) -> Item {
        let vpc = Some(gateway.it.vpc).filter(|vpc| !vpc.is_empty());
        Item {
            internet_gateway_id: gateway.id,
            owner_id: gateway.account,
            // AWS's word for an attached internet gateway.
            attachment_set: vpc.map(|vpc_id| Attachment { vpc_id, state: "available" }).into_iter().collect(),
            tag_set: tags,
        }
    }
}

impl Filtered for Item {
    const FILTERS: &'static [(&'static str, Values<Self>)] = &[
        ("attachment.state", |g| g.attachment_set.iter().map(|a| a.state.into()).collect()),
        ("attachment.vpc-id", |g| g.attachment_set.iter().map(|a| a.vpc_id.as_str().into()).collect()),
        ("internet-gateway-id", |g| vec![g.internet_gateway_id.as_str().into()]),
        ("owner-id", |g| vec![g.owner_id.as_str().into()]),
    ];
    const ID: &'static str = "internet-gateway-id";
    const TAGGED: bool = true;
    fn tags(&self) -> Option<&[Tag]> {
        Some(&self.tag_set)
    }
}

impl Action for DescribeInternetGateways {
    const NAME: &'static str = "DescribeInternetGateways";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(DescribeInternetGateways(Listing::read(
            p,
            Kind::InternetGateway,
            "InternetGatewayId",
            "internetGatewayIds",
        )?))
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let (internet_gateway_set, next_token) = self.0.of_records(cx, Item::new).await?;
        Ok(Output { internet_gateway_set, next_token })
    }
}
