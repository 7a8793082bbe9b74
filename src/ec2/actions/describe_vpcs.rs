//! The caller's VPCs: the default one, so far.

use crate::db;
use crate::db::tags::Tag;
use crate::ec2::filter::{Filtered, Filters, Values, flag};
use crate::ec2::page::Page;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeVpcs {
    ids: Vec<String>,
    filters: Filters<Item>,
    page: Page,
}

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
    cidr_block_association_set: Vec<Association>,
    ipv6_cidr_block_association_set: Vec<String>,
    dhcp_options_id: &'static str,
    tag_set: Vec<Tag>,
    instance_tenancy: &'static str,
    is_default: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Association {
    cidr_block: String,
    association_id: String,
    cidr_block_state: AssociationState,
}

#[derive(Serialize)]
struct AssociationState {
    state: &'static str,
}

impl Filtered for Item {
    const FILTERS: &'static [(&'static str, Values<Self>)] = &[
        ("cidr", |v| vec![v.cidr_block.as_str().into()]),
        ("cidr-block", |v| vec![v.cidr_block.as_str().into()]),
        ("cidr-block-association.association-id", |v| {
            v.cidr_block_association_set.iter().map(|a| a.association_id.as_str().into()).collect()
        }),
        ("cidr-block-association.cidr-block", |v| vec![v.cidr_block.as_str().into()]),
        ("cidr-block-association.state", |_| vec!["associated".into()]),
        ("dhcp-options-id", |v| vec![v.dhcp_options_id.into()]),
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
        let ids: Vec<String> = p.ids("VpcId", Kind::Vpc)?.into_iter().map(str::to_owned).collect();
        Ok(DescribeVpcs {
            page: Page::read(p, (!ids.is_empty()).then_some("vpcSet"))?,
            ids,
            filters: Filters::read(p)?,
        })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let account = &cx.caller.account;
        let default = cx.default_subnets().await?.into_iter().next();
        let mut tags = cx.cloud.db.read(|c| db::tags::by_resource(c, account, &cx.region, "vpc"))?;
        let vpcs: Vec<Item> = default
            .into_iter()
            .map(|subnet| {
                let cidr_block = subnet.vpc_cidr.to_string();
                Item {
                    owner_id: account.clone(),
                    state: "available",
                    cidr_block: cidr_block.clone(),
                    cidr_block_association_set: vec![Association {
                        cidr_block,
                        association_id: subnet.vpc_id.replacen("vpc-", "vpc-cidr-assoc-", 1),
                        cidr_block_state: AssociationState { state: "associated" },
                    }],
                    ipv6_cidr_block_association_set: Vec::new(),
                    // AWS's own word for a VPC without options of its own.
                    dhcp_options_id: "default",
                    tag_set: tags.remove(&subnet.vpc_id).unwrap_or_default(),
                    instance_tenancy: "default",
                    is_default: true,
                    vpc_id: subnet.vpc_id,
                }
            })
            .collect();
        if let Some(id) = self.ids.iter().find(|id| !vpcs.iter().any(|v| v.vpc_id == **id)) {
            return Err(Error::no_such(Kind::Vpc, id));
        }
        let items = vpcs.into_iter().filter(|item| self.filters.accept(item)).collect();
        let (vpc_set, next_token) = self.page.cut(items, |v| v.vpc_id.clone());
        Ok(Output { vpc_set, next_token })
    }
}
