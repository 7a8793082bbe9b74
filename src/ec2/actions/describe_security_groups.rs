//! The caller's security groups: the default one, so far, with AWS's rules for it.

use crate::compute;
use crate::db;
use crate::db::tags::Tag;
use crate::ec2::filter::{Filtered, Filters, Values};
use crate::ec2::page::Page;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeSecurityGroups {
    ids: Vec<String>,
    names: Vec<String>,
    filters: Filters<Item>,
    page: Page,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    security_group_info: Vec<Item>,
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    owner_id: String,
    group_id: String,
    group_name: String,
    group_description: &'static str,
    vpc_id: String,
    security_group_arn: String,
    ip_permissions: Vec<Permission>,
    ip_permissions_egress: Vec<Permission>,
    tag_set: Vec<Tag>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Permission {
    ip_protocol: &'static str,
    groups: Vec<Pair>,
    ip_ranges: Vec<Range>,
    ipv6_ranges: Vec<String>,
    prefix_list_ids: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Pair {
    user_id: String,
    group_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Range {
    cidr_ip: &'static str,
}

impl Filtered for Item {
    const FILTERS: &'static [(&'static str, Values<Self>)] = &[
        ("description", |g| vec![g.group_description.into()]),
        ("egress.ip-permission.cidr", |_| vec!["0.0.0.0/0".into()]),
        ("egress.ip-permission.protocol", |_| vec!["-1".into()]),
        ("group-id", |g| vec![g.group_id.as_str().into()]),
        ("group-name", |g| vec![g.group_name.as_str().into()]),
        ("ip-permission.cidr", |_| vec![]),
        ("ip-permission.from-port", |_| vec![]),
        ("ip-permission.group-id", |g| vec![g.group_id.as_str().into()]),
        ("ip-permission.protocol", |_| vec!["-1".into()]),
        ("ip-permission.to-port", |_| vec![]),
        ("ip-permission.user-id", |g| vec![g.owner_id.as_str().into()]),
        ("owner-id", |g| vec![g.owner_id.as_str().into()]),
        ("vpc-id", |g| vec![g.vpc_id.as_str().into()]),
    ];
    const TAGGED: bool = true;
    fn tags(&self) -> Option<&[Tag]> {
        Some(&self.tag_set)
    }
}

impl Action for DescribeSecurityGroups {
    const NAME: &'static str = "DescribeSecurityGroups";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let ids: Vec<String> = p.ids("GroupId", Kind::SecurityGroup)?.into_iter().map(str::to_owned).collect();
        Ok(DescribeSecurityGroups {
            page: Page::read(p, (!ids.is_empty()).then_some("groupIds"))?,
            ids,
            names: p.list("GroupName").into_iter().map(str::to_owned).collect(),
            filters: Filters::read(p)?,
        })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let (account, region) = (&cx.caller.account, &cx.region);
        let vpc_id = cx.default_subnets().await?.into_iter().next().map(|s| s.vpc_id).unwrap_or_default();
        let group = compute::default_group(&vpc_id);
        let wrong_name = self.names.iter().find(|name| **name != group.name);
        if let Some(id) = self.ids.iter().find(|id| **id != group.id) {
            return Err(Error::no_such(Kind::SecurityGroup, id));
        }
        if let Some(name) = wrong_name {
            return Err(Error::NoSuchGroupName { name: name.clone(), vpc: vpc_id });
        }
        let mut tags = cx.cloud.db.read(|c| db::tags::by_resource(c, account, region, "security-group"))?;
        let permission = |groups, ip_ranges| Permission {
            ip_protocol: "-1",
            groups,
            ip_ranges,
            ipv6_ranges: Vec::new(),
            prefix_list_ids: Vec::new(),
        };
        let item = Item {
            owner_id: account.clone(),
            group_name: group.name,
            group_description: "default VPC security group",
            vpc_id,
            security_group_arn: format!("arn:aws:ec2:{region}:{account}:security-group/{}", group.id),
            ip_permissions: vec![permission(
                vec![Pair { user_id: account.clone(), group_id: group.id.clone() }],
                Vec::new(),
            )],
            ip_permissions_egress: vec![permission(Vec::new(), vec![Range { cidr_ip: "0.0.0.0/0" }])],
            tag_set: tags.remove(&group.id).unwrap_or_default(),
            group_id: group.id,
        };
        let items = [item].into_iter().filter(|item| self.filters.accept(item)).collect();
        let (security_group_info, next_token) = self.page.cut(items, |g| g.group_id.clone());
        Ok(Output { security_group_info, next_token })
    }
}
