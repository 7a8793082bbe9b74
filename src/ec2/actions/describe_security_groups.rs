//! The caller's security groups with their rules.

use crate::db::tags::Tag;
use crate::ec2::describe::Listing;
use crate::ec2::filter::{Filtered, Values};
use crate::ec2::groups::{Permission, peering_statuses, permissions};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error, resource};
use crate::id::Kind;
use crate::network::groups::{self, Group};
use crate::network::records::{self, Kept};
use crate::network::vpcs;
use crate::wire::query::Params;
use serde::Serialize;
use std::borrow::Cow;
use std::collections::HashMap;

pub struct DescribeSecurityGroups {
    names: Vec<String>,
    listing: Listing<Item>,
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
    group_description: String,
    vpc_id: String,
    security_group_arn: String,
    ip_permissions: Vec<Permission>,
    ip_permissions_egress: Vec<Permission>,
    tag_set: Vec<Tag>,
    /// Names of the groups that the rules name, for filters.
    #[serde(skip)]
    peers: [Vec<String>; 2],
}

fn peers(permissions: &[Permission], value: fn(&Permission) -> Vec<String>) -> Vec<Cow<'_, str>> {
    permissions.iter().flat_map(value).map(Cow::Owned).collect()
}

fn cidrs(p: &Permission) -> Vec<String> {
    p.ip_ranges.iter().map(|r| r.cidr_ip.clone()).collect()
}

fn cidrs_v6(p: &Permission) -> Vec<String> {
    p.ipv6_ranges.iter().map(|r| r.cidr_ipv6.clone()).collect()
}

fn lists(p: &Permission) -> Vec<String> {
    p.prefix_list_ids.iter().map(|list| list.prefix_list_id.clone()).collect()
}

fn from_port(p: &Permission) -> Vec<String> {
    p.from_port.iter().map(i32::to_string).collect()
}

fn to_port(p: &Permission) -> Vec<String> {
    p.to_port.iter().map(i32::to_string).collect()
}

fn protocol(p: &Permission) -> Vec<String> {
    vec![p.ip_protocol.clone()]
}

fn group_ids(p: &Permission) -> Vec<String> {
    p.groups.iter().map(|g| g.group_id.clone()).collect()
}

fn users(p: &Permission) -> Vec<String> {
    p.groups.iter().map(|g| g.user_id.clone()).collect()
}

impl Filtered for Item {
    const FILTERS: &'static [(&'static str, Values<Self>)] = &[
        ("description", |g| vec![g.group_description.as_str().into()]),
        ("egress.ip-permission.cidr", |g| peers(&g.ip_permissions_egress, cidrs)),
        ("egress.ip-permission.from-port", |g| peers(&g.ip_permissions_egress, from_port)),
        ("egress.ip-permission.group-id", |g| peers(&g.ip_permissions_egress, group_ids)),
        ("egress.ip-permission.group-name", |g| g.peers[1].iter().map(|n| n.as_str().into()).collect()),
        ("egress.ip-permission.ipv6-cidr", |g| peers(&g.ip_permissions_egress, cidrs_v6)),
        ("egress.ip-permission.prefix-list-id", |g| peers(&g.ip_permissions_egress, lists)),
        ("egress.ip-permission.protocol", |g| peers(&g.ip_permissions_egress, protocol)),
        ("egress.ip-permission.to-port", |g| peers(&g.ip_permissions_egress, to_port)),
        ("egress.ip-permission.user-id", |g| peers(&g.ip_permissions_egress, users)),
        ("group-id", |g| vec![g.group_id.as_str().into()]),
        ("group-name", |g| vec![g.group_name.as_str().into()]),
        ("ip-permission.cidr", |g| peers(&g.ip_permissions, cidrs)),
        ("ip-permission.from-port", |g| peers(&g.ip_permissions, from_port)),
        ("ip-permission.group-id", |g| peers(&g.ip_permissions, group_ids)),
        ("ip-permission.group-name", |g| g.peers[0].iter().map(|n| n.as_str().into()).collect()),
        ("ip-permission.ipv6-cidr", |g| peers(&g.ip_permissions, cidrs_v6)),
        ("ip-permission.prefix-list-id", |g| peers(&g.ip_permissions, lists)),
        ("ip-permission.protocol", |g| peers(&g.ip_permissions, protocol)),
        ("ip-permission.to-port", |g| peers(&g.ip_permissions, to_port)),
        ("ip-permission.user-id", |g| peers(&g.ip_permissions, users)),
        ("owner-id", |g| vec![g.owner_id.as_str().into()]),
        ("vpc-id", |g| vec![g.vpc_id.as_str().into()]),
    ];
    const ID: &'static str = "group-id";
    const TAGGED: bool = true;
    fn tags(&self) -> Option<&[Tag]> {
        Some(&self.tag_set)
    }
}

impl Item {
    fn new(group: Kept<Group>, names: &HashMap<String, String>, tags: Vec<Tag>) -> Item {
        let bundled = |egress| {
            let rules = group.it.rules.iter().filter(move |r| r.egress == egress);
            permissions(rules.map(|r| (r.allow.clone(), r.description.clone())))
        };
        let (ip_permissions, ip_permissions_egress) = (bundled(false), bundled(true));
        let named =
            |all: &[Permission]| all.iter().flat_map(group_ids).filter_map(|id| names.get(&id).cloned()).collect();
        Item {
            security_group_arn: resource::arn(&group.region, &group.account, "security-group", &group.id),
            peers: [named(&ip_permissions), named(&ip_permissions_egress)],
            ip_permissions,
            ip_permissions_egress,
            owner_id: group.account,
            group_id: group.id,
            group_name: group.it.name,
            group_description: group.it.description,
            vpc_id: group.it.vpc,
            tag_set: tags,
        }
    }
}

impl Action for DescribeSecurityGroups {
    const NAME: &'static str = "DescribeSecurityGroups";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(DescribeSecurityGroups {
            names: p.list("GroupName").into_iter().map(str::to_owned).collect(),
            listing: Listing::read(p, Kind::SecurityGroup, "GroupId", "groupIds")?,
        })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let DescribeSecurityGroups { names, mut listing } = self;
        let (all, tags, peers, statuses) = cx
            .look(|c, account, region| {
                // Names are those of the default VPC.
                if !names.is_empty() {
                    let vpc = vpcs::need_default(c, account, region)?.id;
                    for name in &names {
                        listing.add([groups::named(c, &vpc, name)?.id]);
                    }
                }
                let wanted = listing.wanted(c, account, region)?;
                let get = |id: &String| records::get::<Group>(c, account, region, id);
                let all = wanted.read(get, || records::all::<Group>(c, account, region))?;
                let mut peers: HashMap<String, String> =
                    all.iter().map(|g| (g.id.clone(), g.it.name.clone())).collect();
                for id in all.iter().flat_map(|group| group.it.peers()) {
                    if !peers.contains_key(id)
                        && let Some(peer) = get(id)?
                    {
                        peers.insert(peer.id, peer.it.name);
                    }
                }
                let tags = wanted.tags(c, account, region, "security-group")?;
                Ok((all, tags, peers, peering_statuses(c, account, region)?))
            })
            .await?;
        let item = |group, tags| {
            let mut item = Item::new(group, &peers, tags);
            let permissions = item.ip_permissions.iter_mut().chain(&mut item.ip_permissions_egress);
            permissions.flat_map(|p| &mut p.groups).for_each(|pair| pair.look(&statuses));
            Ok(item)
        };
        let (security_group_info, next_token) = listing.answer(all, tags, |g| &g.id, item)?;
        Ok(Output { security_group_info, next_token })
    }
}
