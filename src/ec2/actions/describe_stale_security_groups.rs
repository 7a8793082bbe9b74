//! The groups of a VPC with rules that name a peer's group which is gone, or to which no peering leads any more.

use crate::ec2::groups::{Pair, Permission, peering_statuses, permissions};
use crate::ec2::page::Page;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::network::groups::{self, Group};
use crate::network::{records, vpcs};
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeStaleSecurityGroups {
    vpc: String,
    page: Page,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    stale_security_group_set: Vec<Item>,
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    group_id: String,
    group_name: String,
    description: String,
    vpc_id: String,
    stale_ip_permissions: Vec<Stale>,
    stale_ip_permissions_egress: Vec<Stale>,
}

/// An IpPermission of which only groups can be stale; AWS writes it a little differently than others.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Stale {
    ip_protocol: String,
    from_port: Option<i32>,
    to_port: Option<i32>,
    ip_ranges: [(); 0],
    prefix_list_ids: [(); 0],
    groups: Vec<Pair>,
}

impl From<Permission> for Stale {
    fn from(p: Permission) -> Stale {
        Stale {
            ip_protocol: p.ip_protocol,
            from_port: p.from_port,
            to_port: p.to_port,
            ip_ranges: [],
            prefix_list_ids: [],
            groups: p.groups,
        }
    }
}

impl Action for DescribeStaleSecurityGroups {
    const NAME: &'static str = "DescribeStaleSecurityGroups";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let vpc = p.id("VpcId", Kind::Vpc)?.to_owned();
        Ok(DescribeStaleSecurityGroups { vpc, page: Page::within(p, None, 5..=255)? })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let items = cx
            .look(|c, account, region| {
                let vpc = vpcs::need(c, account, region, &self.vpc)?;
                let statuses = peering_statuses(c, account, region)?;
                let mut items = Vec::new();
                for group in records::in_vpc::<Group>(c, &vpc.id)? {
                    let mut stale = [Vec::new(), Vec::new()];
                    for rule in &group.it.rules {
                        if groups::is_stale(c, &group, &rule.allow.peer)? {
                            stale[usize::from(rule.egress)].push((rule.allow.clone(), rule.description.clone()));
                        }
                    }
                    if stale.iter().all(Vec::is_empty) {
                        continue;
                    }
                    let [mut ingress, mut egress] = stale.map(|rules| permissions(rules.into_iter()));
                    let all = ingress.iter_mut().chain(&mut egress);
                    all.flat_map(|p| &mut p.groups).for_each(|pair| pair.look(&statuses));
                    items.push(Item {
                        group_id: group.id,
                        group_name: group.it.name,
                        description: group.it.description,
                        vpc_id: group.it.vpc,
                        stale_ip_permissions: ingress.into_iter().map(Stale::from).collect(),
                        stale_ip_permissions_egress: egress.into_iter().map(Stale::from).collect(),
                    });
                }
                Ok(items)
            })
            .await?;
        let (stale_security_group_set, next_token) = self.page.cut(items, |one: &Item| one.group_id.clone());
        Ok(Output { stale_security_group_set, next_token })
    }
}
