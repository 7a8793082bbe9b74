//! The caller's VPCs.

use crate::db;
use crate::db::tags::Tag;
use crate::ec2::cidr_blocks::BlockItem;
use crate::ec2::describe::Listing;
use crate::ec2::filter::{Filtered, Values, flag};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::network::cidr_blocks;
use crate::network::vpcs::{self, CidrBlock, Vpc};
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeVpcs(Listing<Item>);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    vpc_set: Vec<Item>,
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    vpc_id: String,
    owner_id: String,
    state: &'static str,
    cidr_block: String,
    cidr_block_association_set: Option<Vec<BlockItem>>,
    ipv6_cidr_block_association_set: Option<Vec<String>>,
    dhcp_options_id: String,
    tag_set: Vec<Tag>,
    instance_tenancy: String,
    is_default: bool,
}

impl Item {
    /// A VPC with its tags.
    pub(super) fn new(vpc: Vpc, tags: Vec<Tag>) -> Item {
        let cidr_block = vpc.cidr.to_string();
        let first = CidrBlock { id: cidr_blocks::primary_id(&vpc.id), cidr: cidr_block.clone() };
        let blocks = std::iter::once(first).chain(vpc.attributes.blocks);
        Item {
            owner_id: vpc.account,
            state: "available",
            cidr_block,
            cidr_block_association_set: Some(blocks.map(|block| BlockItem::new(block, "associated")).collect()),
            ipv6_cidr_block_association_set: Some(Vec::new()),
            dhcp_options_id: vpc.attributes.dhcp_options,
            tag_set: tags,
            instance_tenancy: vpc.attributes.tenancy,
            is_default: vpc.is_default,
            vpc_id: vpc.id,
        }
    }

    /// As the API of this version tells it. Clients that are older than the associations of CIDR blocks (boto 2 among them) take the
    /// associations' state for the VPC's.
    pub(super) fn of_version(mut self, version: &str) -> Item {
        if version < "2016-11-15" {
            (self.cidr_block_association_set, self.ipv6_cidr_block_association_set) = (None, None);
        }
        self
    }
}

impl Filtered for Item {
    const FILTERS: &'static [(&'static str, Values<Self>)] = &[
        ("cidr", |v| vec![v.cidr_block.as_str().into()]),
        ("cidr-block", |v| vec![v.cidr_block.as_str().into()]),
        ("cidr-block-association.association-id", |v| {
            v.cidr_block_association_set.iter().flatten().map(|a| a.association_id.as_str().into()).collect()
        }),
        ("cidr-block-association.cidr-block", |v| {
            v.cidr_block_association_set.iter().flatten().map(|a| a.cidr_block.as_str().into()).collect()
        }),
        ("cidr-block-association.state", |_| vec!["associated".into()]),
        ("dhcp-options-id", |v| vec![v.dhcp_options_id.as_str().into()]),
        ("ipv6-cidr-block-association.association-id", |_| vec![]),
        ("ipv6-cidr-block-association.ipv6-cidr-block", |_| vec![]),
        ("ipv6-cidr-block-association.ipv6-pool", |_| vec![]),
        ("ipv6-cidr-block-association.state", |_| vec![]),
        ("is-default", |v| flag(v.is_default)),
        ("isDefault", |v| flag(v.is_default)),
        ("owner-id", |v| vec![v.owner_id.as_str().into()]),
        ("state", |v| vec![v.state.into()]),
        ("vpc-id", |v| vec![v.vpc_id.as_str().into()]),
    ];
    const TAGGED: bool = true;
    fn tags(&self) -> Option<&[Tag]> {
        Some(&self.tag_set)
    }
}

impl Action for DescribeVpcs {
    const NAME: &'static str = "DescribeVpcs";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(DescribeVpcs(Listing::read(p, Kind::Vpc, "VpcId", "vpcSet")?))
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let (all, tags) = cx
            .look(|c, account, region| {
                Ok((vpcs::all(c, account, region)?, db::tags::by_resource(c, account, region, "vpc")?))
            })
            .await?;
        let item = |vpc, tags| Ok(Item::new(vpc, tags));
        let (vpc_set, next_token) = self.0.answer(all, tags, |vpc| &vpc.id, item)?;
        let vpc_set = vpc_set.into_iter().map(|vpc: Item| vpc.of_version(&cx.version)).collect();
        Ok(Output { vpc_set, next_token })
    }
}
