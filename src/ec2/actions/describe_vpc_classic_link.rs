//! No VPC is linked to EC2-Classic, which AWS retired: each says so, as it did in accounts that never had Classic.

use crate::db;
use crate::db::tags::Tag;
use crate::ec2::describe::Listing;
use crate::ec2::filter::{Filtered, Values, flag};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::network::vpcs::{self, Vpc};
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeVpcClassicLink(Listing<Item>);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    vpc_set: Vec<Item>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    vpc_id: String,
    classic_link_enabled: bool,
    tag_set: Vec<Tag>,
}

impl Filtered for Item {
    const FILTERS: &'static [(&'static str, Values<Self>)] =
        &[("is-classic-link-enabled", |vpc| flag(vpc.classic_link_enabled))];
    const TAGGED: bool = true;
    fn tags(&self) -> Option<&[Tag]> {
        Some(&self.tag_set)
    }
}

impl Action for DescribeVpcClassicLink {
    const NAME: &'static str = "DescribeVpcClassicLink";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(DescribeVpcClassicLink(Listing::whole(p, Kind::Vpc, "VpcId")?))
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let (all, tags) = cx
            .look(|c, account, region| {
                Ok((vpcs::all(c, account, region)?, db::tags::by_resource(c, account, region, "vpc")?))
            })
            .await?;
        let item = |vpc: Vpc, tag_set| Ok(Item { vpc_id: vpc.id, classic_link_enabled: false, tag_set });
        let (vpc_set, _) = self.0.answer(all, tags, |vpc| &vpc.id, item)?;
        Ok(Output { vpc_set })
    }
}
