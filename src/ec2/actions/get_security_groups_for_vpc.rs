//! The groups that interfaces in a VPC may be in: its own.

use crate::db;
use crate::db::tags::Tag;
use crate::ec2::filter::{Filtered, Filters, Values};
use crate::ec2::page::Page;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::network::groups::Group;
use crate::network::{records, vpcs};
use crate::wire::query::Params;
use serde::Serialize;

pub struct GetSecurityGroupsForVpc {
    vpc: String,
    filters: Filters<Item>,
    page: Page,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    security_group_for_vpc_set: Vec<Item>,
    next_token: Option<String>,
}

/// One group.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    group_id: String,
    group_name: String,
    description: String,
    owner_id: String,
    primary_vpc_id: String,
    tag_set: Vec<Tag>,
}

impl Filtered for Item {
    const FILTERS: &'static [(&'static str, Values<Self>)] = &[
        ("description", |g| vec![g.description.as_str().into()]),
        ("group-id", |g| vec![g.group_id.as_str().into()]),
        ("group-name", |g| vec![g.group_name.as_str().into()]),
        ("owner-id", |g| vec![g.owner_id.as_str().into()]),
        ("primary-vpc-id", |g| vec![g.primary_vpc_id.as_str().into()]),
    ];
    const TAGGED: bool = true;
    fn tags(&self) -> Option<&[Tag]> {
        Some(&self.tag_set)
    }
}

impl Action for GetSecurityGroupsForVpc {
    const NAME: &'static str = "GetSecurityGroupsForVpc";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(GetSecurityGroupsForVpc {
            vpc: p.id("VpcId", Kind::Vpc)?.to_owned(),
            filters: Filters::read(p)?,
            page: Page::read(p, None)?,
        })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let (all, mut tags) = cx
            .look(|c, account, region| {
                let vpc = vpcs::need(c, account, region, &self.vpc)?;
                let tags = db::tags::by_resource(c, account, region, "security-group")?;
                Ok((records::in_vpc::<Group>(c, &vpc.id)?, tags))
            })
            .await?;
        let item = |group: records::Kept<Group>| Item {
            tag_set: tags.remove(&group.id).unwrap_or_default(),
            group_id: group.id,
            group_name: group.it.name,
            description: group.it.description,
            owner_id: group.account,
            primary_vpc_id: group.it.vpc,
        };
        let items = all.into_iter().map(item).filter(|item| self.filters.accept(item)).collect();
        let (security_group_for_vpc_set, next_token) = self.page.cut(items, |one: &Item| one.group_id.clone());
        Ok(Output { security_group_for_vpc_set, next_token })
    }
}
