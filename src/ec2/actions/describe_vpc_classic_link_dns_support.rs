//! No VPC answers names for EC2-Classic, which AWS retired: each says so.

use crate::ec2::describe::Listing;
use crate::ec2::filter::{Filtered, Values};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::network::vpcs::{self, Vpc};
use crate::wire::query::Params;
use serde::Serialize;
use std::collections::HashMap;

pub struct DescribeVpcClassicLinkDnsSupport(Listing<Item>);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    vpcs: Vec<Item>,
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    vpc_id: String,
    classic_link_dns_supported: bool,
}

impl Filtered for Item {
    const FILTERS: &'static [(&'static str, Values<Self>)] = &[];
}

impl Action for DescribeVpcClassicLinkDnsSupport {
    const NAME: &'static str = "DescribeVpcClassicLinkDnsSupport";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(DescribeVpcClassicLinkDnsSupport(Listing::sized(p, Kind::Vpc, "VpcIds", 5..=255)?))
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let all = cx.look(|c, account, region| Ok(vpcs::all(c, account, region)?)).await?;
        let item = |vpc: Vpc, _| Ok(Item { vpc_id: vpc.id, classic_link_dns_supported: false });
        let (vpcs, next_token) = self.0.answer(all, HashMap::new(), |vpc| &vpc.id, item)?;
        Ok(Output { vpcs, next_token })
    }
}
