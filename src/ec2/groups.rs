//! Security groups as requests name them and as answers write them.

use super::{Cx, Error, resource};
use crate::clock;
use crate::db::tags::Tag;
use crate::db::{self, Conn};
use crate::id::Kind;
use crate::network::groups::{self, Across, Allow, Group, Peer, Rule, check_size};
use crate::network::records::{self, Kept};
use crate::network::{peerings, prefix_lists, vpcs};
use crate::wire::query::{self, Params};
use serde::Serialize;
use std::collections::HashMap;

/// The group that a request names: by id, or by name in the default VPC.
pub enum Named {
    Id(String),
    Name(String),
}

impl Named {
    pub fn read(p: &Params<'_>) -> Result<Named, Error> {
        let name = p.opt("GroupName").filter(|text| !text.is_empty());
        match (p.opt_id("GroupId", Kind::SecurityGroup)?, name) {
            (Some(id), None) => Ok(Named::Id(id.to_owned())),
            (None, Some(name)) => Ok(Named::Name(name.to_owned())),
            (Some(_), Some(_)) => Err(Error::ParameterCombination(
                "The parameter GroupName cannot be used with the parameter GroupId".into(),
            )),
            (None, None) => Err(query::Error::Missing("GroupId".into()).into()),
        }
    }

    pub fn find(&self, c: &Conn, account: &str, region: &str) -> Result<Kept<Group>, Error> {
        match self {
            Named::Id(id) => Ok(records::need(c, account, region, id)?),
            Named::Name(name) => Ok(groups::named(c, &vpcs::need_default(c, account, region)?.id, name)?),
        }
    }
}

/// A rule that a request describes; its peer may be a group by name.
pub struct Wanted {
    protocol: String,
    from: i32,
    to: i32,
    peer: WantedPeer,
    pub description: Option<String>,
}

enum WantedPeer {
    Range(Peer),
    PrefixList(String),
    Group { id: Option<String>, name: Option<String>, account: Option<String> },
}

impl Wanted {
    /// What it allows, for the group `of`; a group that is named must be there.
    pub fn resolve(self, c: &Conn, of: &Kept<Group>) -> Result<(Allow, Option<String>), Error> {
        let peer = match self.peer {
            WantedPeer::Range(peer) => peer,
            WantedPeer::PrefixList(id) => {
                prefix_lists::check(c, &of.account, &of.region, &id)?;
                Peer::PrefixList(id)
            }
            WantedPeer::Group { id, name, account } => {
                let id = match (id, name) {
                    (Some(id), _) => id,
                    (None, Some(name)) => groups::named(c, &of.it.vpc, &name)?.id,
                    (None, None) => return Err(query::Error::Missing("GroupId".into()).into()),
                };
                match groups::peer(c, of, &id)? {
                    Peer::Group { account: has, .. } if account.as_ref().is_some_and(|wanted| *wanted != has) => {
                        return Err(Error::no_such(Kind::SecurityGroup, id));
                    }
                    peer => peer,
                }
            }
        };
        Ok((Allow { protocol: self.protocol, from: self.from, to: self.to, peer }, self.description))
    }
}

/// The rules of `IpPermissions.N`, or of the flat parameters of before.
pub fn wanted(p: &Params<'_>) -> Result<Vec<Wanted>, Error> {
    let mut all = Vec::new();
    for permission in p.structs("IpPermissions") {
        bundle(&permission, &mut all)?;
    }
    flat(p, &mut all)?;
    Ok(all)
}

fn bundle(p: &Params<'_>, all: &mut Vec<Wanted>) -> Result<(), Error> {
    let (protocol, from, to) = ports(p)?;
    let before = all.len();
    let text = |p: &Params<'_>| -> Result<Option<String>, Error> { description(p.opt("Description")) };
    let mut add = |peer, description| all.push(Wanted { protocol: protocol.clone(), from, to, peer, description });
    for range in p.structs("IpRanges") {
        add(WantedPeer::Range(v4(range.req("CidrIp")?)?), text(&range)?);
    }
    for range in p.structs("Ipv6Ranges") {
        add(WantedPeer::Range(v6(range.req("CidrIpv6")?)?), text(&range)?);
    }
    for pair in p.structs("Groups") {
        // A group's id tells its VPC and the peering to it.
        let _ = (pair.opt("VpcId"), pair.opt("VpcPeeringConnectionId"), pair.opt("PeeringStatus"));
        let owned = |name| pair.opt(name).filter(|text| !text.is_empty()).map(str::to_owned);
        let id = pair.opt_id("GroupId", Kind::SecurityGroup)?.map(str::to_owned);
        add(WantedPeer::Group { id, name: owned("GroupName"), account: owned("UserId") }, text(&pair)?);
    }
    for list in p.structs("PrefixListIds") {
        add(WantedPeer::PrefixList(list.id("PrefixListId", Kind::PrefixList)?.to_owned()), text(&list)?);
    }
    if all.len() == before {
        return Err(query::Error::Missing(p.name("IpRanges")).into());
    }
    Ok(())
}

/// `IpProtocol`, `FromPort`, `ToPort`, `CidrIp`, `SourceSecurityGroupName`.
fn flat(p: &Params<'_>, all: &mut Vec<Wanted>) -> Result<(), Error> {
    let owned = |name| p.opt(name).filter(|text| !text.is_empty()).map(str::to_owned);
    let source = owned("SourceSecurityGroupName");
    let account = owned("SourceSecurityGroupOwnerId");
    let protocol = owned("IpProtocol");
    if let Some(cidr) = owned("CidrIp") {
        let (protocol, from, to) = ports(p)?;
        all.push(Wanted { protocol, from, to, peer: WantedPeer::Range(v4(&cidr)?), description: None });
    } else if let Some(name) = source {
        let kinds = match protocol {
            Some(_) => vec![ports(p)?],
            // AWS's meaning of a source group alone.
            None => vec![("tcp".into(), 0, 65535), ("udp".into(), 0, 65535), ("icmp".into(), -1, -1)],
        };
        for (protocol, from, to) in kinds {
            let peer = WantedPeer::Group { id: None, name: Some(name.clone()), account: account.clone() };
            all.push(Wanted { protocol, from, to, peer, description: None });
        }
    } else if protocol.is_some() {
        return Err(query::Error::Missing("CidrIp".into()).into());
    }
    Ok(())
}

/// One rule as `ModifySecurityGroupRules` has it.
pub fn wanted_one(p: &Params<'_>) -> Result<Wanted, Error> {
    let (protocol, from, to) = ports(p)?;
    let owned = |name| p.opt(name).filter(|text| !text.is_empty()).map(str::to_owned);
    let group = p.opt_id("ReferencedGroupId", Kind::SecurityGroup)?.map(str::to_owned);
    let list = p.opt_id("PrefixListId", Kind::PrefixList)?.map(str::to_owned);
    let peer = match (owned("CidrIpv4"), owned("CidrIpv6"), group, list) {
        (Some(cidr), None, None, None) => WantedPeer::Range(v4(&cidr)?),
        (None, Some(cidr), None, None) => WantedPeer::Range(v6(&cidr)?),
        (None, None, Some(id), None) => WantedPeer::Group { id: Some(id), name: None, account: None },
        (None, None, None, Some(id)) => WantedPeer::PrefixList(id),
        _ => {
            return Err(Error::ParameterCombination(
                "A rule has exactly one of CidrIpv4, CidrIpv6, PrefixListId and ReferencedGroupId".into(),
            ));
        }
    };
    Ok(Wanted { protocol, from, to, peer, description: description(p.opt("Description"))? })
}

/// A rule's description, within AWS's limits.
pub fn description(text: Option<&str>) -> Result<Option<String>, Error> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    if text.len() > 255 || !is_plain(text) {
        return Err(Error::ParameterValue(
            "Invalid rule description. Valid descriptions are strings less than 256 characters from the following set: \
             a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*"
                .into(),
        ));
    }
    Ok(Some(text.to_owned()))
}

/// Whether a text has only the characters that groups' names and descriptions may have.
pub fn is_plain(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphanumeric() || " ._-:/()#,@[]+=&;{}!$*".contains(c))
}

fn v4(text: &str) -> Result<Peer, Error> {
    let wrong = || Error::ParameterValue(format!("CIDR block {text} is malformed"));
    groups::canonical_v4(text).map(Peer::Ipv4).ok_or_else(wrong)
}

fn v6(text: &str) -> Result<Peer, Error> {
    let wrong = || Error::ParameterValue(format!("CIDR block {text} is malformed"));
    groups::canonical_v6(text).map(Peer::Ipv6).ok_or_else(wrong)
}

/// `IpProtocol` in the form that rules are kept in, with its ports.
fn ports(p: &Params<'_>) -> Result<(String, i32, i32), Error> {
    let (from, to) = (p.opt_int("FromPort", -1..=65535)?, p.opt_int("ToPort", -1..=65535)?);
    let text = p.req("IpProtocol")?.to_ascii_lowercase();
    let unknown = || Error::ParameterValue(format!("Invalid value '{text}' for IP protocol. Unknown protocol."));
    let protocol = match text.as_str() {
        "all" | "-1" => return Ok(("-1".into(), -1, -1)),
        "tcp" | "6" => "tcp",
        "udp" | "17" => "udp",
        "icmp" | "1" => "icmp",
        "icmpv6" | "58" => "icmpv6",
        number => {
            let number: u8 = number.parse().map_err(|_| unknown())?;
            return Ok((number.to_string(), -1, -1));
        }
    };
    if protocol.starts_with("icmp") {
        return Ok((protocol.into(), from.unwrap_or(-1) as i32, to.unwrap_or(-1) as i32));
    }
    match (from, to) {
        (Some(from), Some(to)) if from < 0 || to < 0 || from > to => {
            Err(Error::ParameterValue(format!("Invalid TCP/UDP port range ({from}:{to})")))
        }
        (Some(from), Some(to)) => Ok((protocol.into(), from as i32, to as i32)),
        (None, _) | (_, None) => Err(Error::ParameterValue(
            "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.".into(),
        )),
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

/// What authorizing answers.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Authorized {
    #[serde(rename = "return")]
    done: bool,
    security_group_rule_set: Vec<RuleItem>,
}

/// Add rules to a group, with these tags on each.
pub async fn authorize(
    cx: &Cx,
    group: Named,
    egress: bool,
    wanted: Vec<Wanted>,
    tags: Vec<Tag>,
) -> Result<Authorized, Error> {
    let job = move |c: &Conn, account: &str, region: &str| {
        let mut group = group.find(c, account, region)?;
        let rules = wanted.into_iter().map(|w| w.resolve(c, &group)).collect::<Result<_, _>>()?;
        let added = group.it.authorize(egress, rules)?;
        check_size(c, &group, egress)?;
        records::update(c, &group)?;
        for rule in &added {
            let on = db::tags::Resource { account, region, id: &rule.id, kind: "security-group-rule" };
            db::tags::put(c, on, &tags)?;
        }
        let items = added.into_iter().map(|rule| RuleItem::new(&group, rule, tags.clone())).collect();
        Ok(Authorized { done: true, security_group_rule_set: items })
    };
    cx.change(job).await
}

/// What revoking answers.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Revoked {
    #[serde(rename = "return")]
    done: bool,
    unknown_ip_permission_set: Vec<Permission>,
    revoked_security_group_rule_set: Vec<RuleItem>,
}

/// Take rules away from a group, by what they say or by their ids. What a group of the default VPC does not say is an error;
/// elsewhere the answer tells it.
pub async fn revoke(
    cx: &Cx,
    group: Named,
    egress: bool,
    unwanted: Vec<Wanted>,
    ids: Vec<String>,
) -> Result<Revoked, Error> {
    let job = move |c: &Conn, account: &str, region: &str| {
        let mut group = group.find(c, account, region)?;
        let mut allows = Vec::new();
        for rule in unwanted {
            allows.push(rule.resolve(c, &group)?.0);
        }
        let mut gone = group.it.revoke_ids(egress, &ids)?;
        let (more, unknown) = group.it.revoke(egress, allows);
        if !unknown.is_empty() && vpcs::need(c, account, region, &group.it.vpc)?.is_default {
            return Err(crate::network::Error::NoSuchRule.into());
        }
        gone.extend(more);
        records::update(c, &group)?;
        gone.iter().try_for_each(|rule| db::tags::forget(c, &rule.id))?;
        Ok(Revoked {
            done: true,
            unknown_ip_permission_set: permissions(unknown.into_iter().map(|allow| (allow, None))),
            revoked_security_group_rule_set: gone.into_iter().map(|r| RuleItem::revoked(&group, r)).collect(),
        })
    };
    cx.change(job).await
}

/// New descriptions for rules: by what they say, or by their ids.
pub struct Descriptions {
    group: Named,
    rules: Vec<Wanted>,
    by_id: Vec<(String, Option<String>)>,
}

impl Descriptions {
    pub fn read(p: &Params<'_>) -> Result<Descriptions, Error> {
        let mut by_id = Vec::new();
        for item in p.structs("SecurityGroupRuleDescription") {
            let id = item.id("SecurityGroupRuleId", Kind::SecurityGroupRule)?.to_owned();
            by_id.push((id, description(item.opt("Description"))?));
        }
        let rules = wanted(p)?;
        if rules.is_empty() && by_id.is_empty() {
            return Err(query::Error::Missing("ipPermissions".into()).into());
        }
        Ok(Descriptions { group: Named::read(p)?, rules, by_id })
    }

    pub async fn write(self, cx: &Cx, egress: bool) -> Result<super::Done, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            let mut group = self.group.find(c, account, region)?;
            for rule in self.rules {
                let (allow, text) = rule.resolve(c, &group)?;
                group.it.describe(egress, &allow, text)?;
            }
            for (id, text) in self.by_id {
                group.it.rule(&id)?.description = text;
            }
            records::update(c, &group)?;
            Ok(super::Done::YES)
        };
        cx.change(job).await
    }
}
