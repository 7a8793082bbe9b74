//! Rules as answers write them.

use crate::clock;
use crate::db::Conn;
use crate::db::tags::Tag;
use crate::ec2::{Error, resource};
use crate::network::groups::{Across, Allow, Group, GroupRef, Peer, Rule};
use crate::network::peerings;
use crate::network::records::Kept;
use serde::Serialize;
use std::collections::HashMap;

/// A group, as what is in it names it.
#[derive(Serialize, Clone)]
#[serde(rename_all = "camelCase")]
pub struct GroupItem<S = String> {
    pub group_id: S,
    pub group_name: S,
}

impl<'a> From<&'a GroupRef> for GroupItem<&'a str> {
    fn from(group: &'a GroupRef) -> GroupItem<&'a str> {
        GroupItem { group_id: &group.id, group_name: &group.name }
    }
}

impl From<&GroupRef> for GroupItem {
    fn from(group: &GroupRef) -> GroupItem {
        GroupItem { group_id: group.id.clone(), group_name: group.name.clone() }
    }
}

/// One rule, as `securityGroupRuleSet` has it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleItem {
    pub security_group_rule_id: String,
    pub group_id: String,
    group_owner_id: Option<String>,
    pub is_egress: bool,
    ip_protocol: String,
    from_port: i32,
    to_port: i32,
    cidr_ipv4: Option<String>,
    cidr_ipv6: Option<String>,
    prefix_list_id: Option<String>,
    pub referenced_group_info: Option<Pair>,
    referenced_group_id: Option<String>,
    description: Option<String>,
    pub tag_set: Option<Vec<Tag>>,
    security_group_rule_arn: Option<String>,
}

/// A group of an account, as rules name it.
#[derive(Serialize, Clone)]
#[serde(rename_all = "camelCase")]
pub struct Pair {
    pub user_id: String,
    pub group_id: String,
    description: Option<String>,
    /// Of a group of another VPC.
    vpc_id: Option<String>,
    vpc_peering_connection_id: Option<String>,
    peering_status: Option<&'static str>,
}

impl Pair {
    fn new(account: String, id: String, across: Option<Across>, description: Option<String>) -> Pair {
        let (vpc_id, vpc_peering_connection_id) = across.map(|a| (a.vpc, a.peering)).unzip();
        Pair { user_id: account, group_id: id, description, vpc_id, vpc_peering_connection_id, peering_status: None }
    }

    /// Tell how its peering stands.
    pub fn look(&mut self, statuses: &HashMap<String, &'static str>) {
        let peering = self.vpc_peering_connection_id.as_ref();
        self.peering_status = peering.map(|id| statuses.get(id).copied().unwrap_or("deleted"));
    }
}

/// How each peering of the caller stands.
pub fn peering_statuses(c: &Conn, account: &str, region: &str) -> Result<HashMap<String, &'static str>, Error> {
    let now = clock::now_ms();
    let all = peerings::all(c, account, region, now)?;
    Ok(all.into_iter().map(|p| (p.id, p.it.status(now).0)).collect())
}

impl RuleItem {
    /// A rule of the group, with its tags.
    pub fn new(group: &Kept<Group>, rule: Rule, tags: Vec<Tag>) -> RuleItem {
        let arn = resource::arn(&group.region, &group.account, "security-group-rule", &rule.id);
        let mut item = RuleItem {
            security_group_rule_id: rule.id,
            group_id: group.id.clone(),
            group_owner_id: Some(group.account.clone()),
            is_egress: rule.egress,
            ip_protocol: rule.allow.protocol,
            from_port: rule.allow.from,
            to_port: rule.allow.to,
            cidr_ipv4: None,
            cidr_ipv6: None,
            prefix_list_id: None,
            referenced_group_info: None,
            referenced_group_id: None,
            description: rule.description,
            tag_set: Some(tags),
            security_group_rule_arn: Some(arn),
        };
        match rule.allow.peer {
            Peer::Ipv4(cidr) => item.cidr_ipv4 = Some(cidr),
            Peer::Ipv6(cidr) => item.cidr_ipv6 = Some(cidr),
            Peer::PrefixList(id) => item.prefix_list_id = Some(id),
            Peer::Group { id, account, across } => {
                item.referenced_group_info = Some(Pair::new(account, id, across, None));
            }
        }
        item
    }

    /// The same as revoking answers it: without owner, tags and name.
    pub fn revoked(group: &Kept<Group>, rule: Rule) -> RuleItem {
        let mut item = RuleItem::new(group, rule, Vec::new());
        item.referenced_group_id = item.referenced_group_info.take().map(|pair| pair.group_id);
        (item.group_owner_id, item.tag_set, item.security_group_rule_arn) = (None, None, None);
        item
    }
}

/// An IpPermission: rules that differ in their peer only.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Permission {
    pub ip_protocol: String,
    pub from_port: Option<i32>,
    pub to_port: Option<i32>,
    pub groups: Vec<Pair>,
    pub ip_ranges: Vec<V4>,
    pub ipv6_ranges: Vec<V6>,
    pub prefix_list_ids: Vec<PrefixListItem>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct V4 {
    pub cidr_ip: String,
    description: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct V6 {
    pub cidr_ipv6: String,
    description: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PrefixListItem {
    pub prefix_list_id: String,
    description: Option<String>,
}

/// Rules bundled as AWS bundles them, in the order in which each bundle first comes.
pub fn permissions(rules: impl Iterator<Item = (Allow, Option<String>)>) -> Vec<Permission> {
    let mut all: Vec<Permission> = Vec::new();
    for (allow, description) in rules {
        let ported = matches!(allow.protocol.as_str(), "tcp" | "udp" | "icmp" | "icmpv6");
        let (from_port, to_port) = (ported.then_some(allow.from), ported.then_some(allow.to));
        let same = |p: &Permission| (&p.ip_protocol, p.from_port, p.to_port) == (&allow.protocol, from_port, to_port);
        let at = all.iter().position(same).unwrap_or(all.len());
        if at == all.len() {
            all.push(Permission {
                ip_protocol: allow.protocol.clone(),
                from_port,
                to_port,
                groups: Vec::new(),
                ip_ranges: Vec::new(),
                ipv6_ranges: Vec::new(),
                prefix_list_ids: Vec::new(),
            });
        }
        match allow.peer {
            Peer::Ipv4(cidr_ip) => all[at].ip_ranges.push(V4 { cidr_ip, description }),
            Peer::Ipv6(cidr_ipv6) => all[at].ipv6_ranges.push(V6 { cidr_ipv6, description }),
            Peer::PrefixList(prefix_list_id) => {
                all[at].prefix_list_ids.push(PrefixListItem { prefix_list_id, description });
            }
            Peer::Group { id, account, across } => all[at].groups.push(Pair::new(account, id, across, description)),
        }
    }
    all
}
