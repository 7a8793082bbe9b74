//! Security groups: what they are called, which rules they hold, and what hangs on them.
//!
//! A rule allows one direction, one protocol, one range of ports and one peer; AWS's IpPermission is a bundle of rules that
//! differ in the peer only. Two rules of a group never say the same. Nothing is enforced in this room: the agent will read
//! the same rows.

use super::records::{self, Kept, Record};
use super::{Error, Nic, peerings};
use crate::clock;
use crate::db::quotas::{self, Quota};
use crate::db::{self, Conn};
use crate::id::{self, Kind};
use serde::{Deserialize, Serialize};

/// The group that every VPC has and nobody can delete.
pub const DEFAULT: &str = "default";

/// A security group.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Group {
    pub vpc: String,
    pub name: String,
    pub description: String,
    pub rules: Vec<Rule>,
}

impl Record for Group {
    const KIND: Kind = Kind::SecurityGroup;

    fn vpc(&self) -> &str {
        &self.vpc
    }

    fn name(&self) -> &str {
        &self.name
    }
}

impl Group {
    /// Ids of the groups that its rules name.
    pub fn peers(&self) -> impl Iterator<Item = &String> {
        self.rules.iter().filter_map(|rule| match &rule.allow.peer {
            Peer::Group { id, .. } => Some(id),
            Peer::Ipv4(_) | Peer::Ipv6(_) | Peer::PrefixList(_) => None,
        })
    }
}

/// A group as an interface names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupRef {
    pub id: String,
    pub name: String,
}

/// One rule that is in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// `sgr-…`
    pub id: String,
    pub egress: bool,
    #[serde(flatten)]
    pub allow: Allow,
    pub description: Option<String>,
}

/// What a rule allows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allow {
    /// `tcp`, `udp`, `icmp`, `icmpv6`, `-1` for all, or another protocol's number.
    pub protocol: String,
    /// First and last port; of ICMP type and code; -1 for all.
    pub from: i32,
    pub to: i32,
    pub peer: Peer,
}

/// The other side of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Peer {
    /// Canonical: no bits below the prefix.
    Ipv4(String),
    Ipv6(String),
    Group {
        id: String,
        account: String,
        /// What lies between, if the group is of another VPC.
        #[serde(default)]
        across: Option<Across>,
    },
    /// The ranges of a prefix list (`pl-…`).
    PrefixList(String),
}

/// How a group of another VPC is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Across {
    pub vpc: String,
    pub peering: String,
}

impl Allow {
    /// Everything, to or from everywhere: what a new group lets out.
    pub fn everything() -> Allow {
        Allow { protocol: "-1".into(), from: -1, to: -1, peer: Peer::Ipv4("0.0.0.0/0".into()) }
    }
}

/// A rule as AWS's messages write it.
impl std::fmt::Display for Allow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let peer = match &self.peer {
            Peer::Ipv4(cidr) | Peer::Ipv6(cidr) => cidr,
            Peer::Group { id, .. } | Peer::PrefixList(id) => id,
        };
        write!(f, "peer: {peer}, ")?;
        match self.protocol.as_str() {
            "-1" => write!(f, "ALL, ALLOW"),
            "tcp" | "udp" => {
                write!(f, "{}, from port: {}, to port: {}, ALLOW", self.protocol.to_uppercase(), self.from, self.to)
            }
            "icmp" | "icmpv6" => {
                write!(f, "{}, type: {}, code: {}, ALLOW", self.protocol.to_uppercase(), self.from, self.to)
            }
            number => write!(f, "PROTOCOL {number}, ALLOW"),
        }
    }
}

/// Make a group, with the rule that lets everything out.
pub fn create(
    c: &Conn,
    account: &str,
    region: &str,
    vpc: &str,
    name: &str,
    description: &str,
) -> Result<Kept<Group>, Error> {
    if !quotas::allows(c, account, Quota::SecurityGroups, records::all::<Group>(c, account, region)?.len())? {
        return Err(Error::TooManyGroups);
    }
    let out =
        Rule { id: id::new(Kind::SecurityGroupRule), egress: true, allow: Allow::everything(), description: None };
    let group = Group { vpc: vpc.into(), name: name.into(), description: description.into(), rules: vec![out] };
    let taken = || Error::GroupExists { name: name.into(), vpc: vpc.into() };
    records::insert(c, account, region, group)?.ok_or_else(taken)
}

/// Make a VPC's default group, whose members reach each other.
pub fn create_default(c: &Conn, account: &str, region: &str, vpc: &str) -> Result<Kept<Group>, Error> {
    let mut group = create(c, account, region, vpc, DEFAULT, "default VPC security group")?;
    let peer = Peer::Group { id: group.id.clone(), account: account.into(), across: None };
    group.it.rules.push(Rule {
        id: id::new(Kind::SecurityGroupRule),
        egress: false,
        allow: Allow { peer, ..Allow::everything() },
        description: None,
    });
    records::update(c, &group)?;
    Ok(group)
}

/// The group of that name in a VPC.
pub fn named(c: &Conn, vpc: &str, name: &str) -> Result<Kept<Group>, Error> {
    let found = records::named::<Group>(c, vpc, name)?;
    found.ok_or_else(|| Error::NoGroupNamed { name: name.into(), vpc: vpc.into() })
}

/// The group of that id as a rule of the group `of` names it: of the same VPC, or of one that an active peering joins to it. A
/// rule that names it already may always be named.
pub fn peer(c: &Conn, of: &Kept<Group>, id: &str) -> Result<Peer, Error> {
    let named = |peer: &Peer| matches!(peer, Peer::Group { id: there, .. } if there == id);
    if let Some(rule) = of.it.rules.iter().find(|rule| named(&rule.allow.peer)) {
        return Ok(rule.allow.peer.clone());
    }
    let missing = || Error::NoSuch(Kind::SecurityGroup, id.to_owned());
    let found = records::find::<Group>(c, id)?.filter(|g| g.region == of.region).ok_or_else(missing)?;
    let own = found.account == of.account;
    if own && found.it.vpc == of.it.vpc {
        return Ok(Peer::Group { id: found.id, account: found.account, across: None });
    }
    let peerings = peerings::holding(c, &of.it.vpc, clock::now_ms())?;
    let joined = peerings.into_iter().find(|p| p.it.is_active() && p.it.other_end(&of.it.vpc).vpc == found.it.vpc);
    match joined {
        Some(p) => {
            let across = Some(Across { vpc: found.it.vpc, peering: p.id });
            Ok(Peer::Group { id: found.id, account: found.account, across })
        }
        None if own => Err(Error::OtherNetwork),
        None => Err(missing()),
    }
}

/// The peerings over which rules of other VPCs' groups name this one, each with the VPC there.
pub fn references(c: &Conn, group: &Kept<Group>) -> Result<Vec<Across>, Error> {
    let mut all = Vec::new();
    for other in records::of_everybody::<Group>(c)? {
        for rule in other.it.rules {
            if let Peer::Group { id, across: Some(across), .. } = rule.allow.peer
                && id == group.id
            {
                let there = Across { vpc: other.it.vpc.clone(), peering: across.peering };
                if !all.contains(&there) {
                    all.push(there);
                }
            }
        }
    }
    Ok(all)
}

/// Whether a rule names a group of another VPC that is gone, or that no active peering leads to any more.
pub fn is_stale(c: &Conn, of: &Kept<Group>, peer: &Peer) -> Result<bool, Error> {
    let Peer::Group { id, across: Some(across), .. } = peer else { return Ok(false) };
    let peerings = peerings::holding(c, &of.it.vpc, clock::now_ms())?;
    let active = peerings.iter().any(|p| p.id == across.peering && p.it.is_active());
    Ok(!active || records::find::<Group>(c, id)?.is_none())
}

/// The groups of these ids or names that an interface in `vpc` is to be in; the default group when there are none.
pub fn choose(
    c: &Conn,
    account: &str,
    region: &str,
    vpc: &str,
    ids: &[String],
    names: &[String],
) -> Result<Vec<GroupRef>, Error> {
    let mut chosen: Vec<GroupRef> = Vec::new();
    let mut add = |group: Kept<Group>| {
        if !chosen.iter().any(|g| g.id == group.id) {
            chosen.push(GroupRef { id: group.id, name: group.it.name });
        }
    };
    for id in ids {
        let group = records::need::<Group>(c, account, region, id)?;
        if group.it.vpc != vpc {
            return Err(Error::GroupElsewhere { id: id.clone(), vpc: vpc.into() });
        }
        add(group);
    }
    for name in names {
        add(named(c, vpc, name)?);
    }
    if ids.is_empty() && names.is_empty() {
        add(named(c, vpc, DEFAULT)?);
    }
    let most = quotas::limit(c, account, Quota::SecurityGroupsPerInterface)?;
    if chosen.len() as i64 > most { Err(Error::TooManyGroupsOnInterface) } else { Ok(chosen) }
}

/// Delete a group that nothing depends on.
pub fn delete(c: &Conn, group: &Kept<Group>) -> Result<(), Error> {
    if group.it.name == DEFAULT {
        return Err(Error::DefaultGroup(group.id.clone()));
    }
    let used = Nic::all(db::network::nics_in_vpc(c, &group.it.vpc)?)?
        .iter()
        .any(|nic| nic.groups.iter().any(|g| g.id == group.id));
    let named = records::all::<Group>(c, &group.account, &group.region)?
        .iter()
        .filter(|other| other.id != group.id && other.it.vpc == group.it.vpc)
        .any(|other| other.it.rules.iter().any(|r| matches!(&r.allow.peer, Peer::Group { id, .. } if *id == group.id)));
    if used || named {
        return Err(Error::Dependent(group.id.clone()));
    }
    forget(c, group)
}

/// Delete a group, whatever it is: its VPC goes.
pub fn forget(c: &Conn, group: &Kept<Group>) -> Result<(), Error> {
    group.it.rules.iter().try_for_each(|rule| db::tags::forget(c, &rule.id))?;
    records::delete(c, &group.id)
}

impl Group {
    /// Add rules to one direction, all or none; gives them with their ids.
    pub fn authorize(&mut self, egress: bool, wanted: Vec<(Allow, Option<String>)>) -> Result<Vec<Rule>, Error> {
        let mut added: Vec<Rule> = Vec::new();
        for (allow, description) in wanted {
            if self.rules.iter().chain(&added).any(|r| r.egress == egress && r.allow == allow) {
                return Err(Error::DuplicateRule(Box::new(allow)));
            }
            added.push(Rule { id: id::new(Kind::SecurityGroupRule), egress, allow, description });
        }
        self.rules.extend(added.iter().cloned());
        Ok(added)
    }

    /// Take rules of one direction away; gives those that went, and those that were not there.
    pub fn revoke(&mut self, egress: bool, unwanted: Vec<Allow>) -> (Vec<Rule>, Vec<Allow>) {
        let (mut gone, mut unknown) = (Vec::new(), Vec::new());
        for allow in unwanted {
            match self.rules.iter().position(|r| r.egress == egress && r.allow == allow) {
                Some(at) => gone.push(self.rules.remove(at)),
                None => unknown.push(allow),
            }
        }
        (gone, unknown)
    }

    /// Take rules away by their ids, all or none.
    pub fn revoke_ids(&mut self, egress: bool, ids: &[String]) -> Result<Vec<Rule>, Error> {
        let mut gone = Vec::new();
        for id in ids {
            let at = self.rules.iter().position(|r| r.egress == egress && r.id == *id);
            gone.push(self.rules.remove(at.ok_or_else(|| Error::NoSuch(Kind::SecurityGroupRule, id.clone()))?));
        }
        Ok(gone)
    }

    /// The rule of that id.
    pub fn rule(&mut self, id: &str) -> Result<&mut Rule, Error> {
        let found = self.rules.iter_mut().find(|r| r.id == id);
        found.ok_or_else(|| Error::NoSuch(Kind::SecurityGroupRule, id.to_owned()))
    }

    /// Make a rule say something else, under its id.
    pub fn replace(&mut self, id: &str, allow: Allow, description: Option<String>) -> Result<(), Error> {
        let egress = self.rule(id)?.egress;
        if self.rules.iter().any(|r| r.id != id && r.egress == egress && r.allow == allow) {
            return Err(Error::DuplicateRule(Box::new(allow)));
        }
        let rule = self.rule(id)?;
        (rule.allow, rule.description) = (allow, description);
        Ok(())
    }

    /// Describe the rule that allows just this.
    pub fn describe(&mut self, egress: bool, allow: &Allow, text: Option<String>) -> Result<(), Error> {
        let rule = self.rules.iter_mut().find(|r| r.egress == egress && r.allow == *allow);
        rule.ok_or(Error::NoSuchRule)?.description = text;
        Ok(())
    }
}

/// An error if a group has more rules of a direction than its account may have.
pub fn check_size(c: &Conn, group: &Kept<Group>, egress: bool) -> Result<(), Error> {
    let most = quotas::limit(c, &group.account, Quota::RulesPerSecurityGroup)?;
    let there = group.it.rules.iter().filter(|r| r.egress == egress).count();
    if there as i64 > most { Err(Error::TooManyRules) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tcp(port: i32, peer: &str) -> Allow {
        Allow { protocol: "tcp".into(), from: port, to: port, peer: Peer::Ipv4(peer.into()) }
    }

    #[test]
    fn a_rule_is_there_once_and_all_of_a_call_or_none_are_added() {
        let mut group =
            Group { vpc: "vpc-1".into(), name: "web".into(), description: String::new(), rules: Vec::new() };
        let added = group.authorize(false, vec![(tcp(22, "0.0.0.0/0"), None), (tcp(80, "0.0.0.0/0"), None)]).unwrap();
        let again = group.authorize(false, vec![(tcp(443, "0.0.0.0/0"), None), (tcp(22, "0.0.0.0/0"), None)]);
        assert_eq!(
            again.unwrap_err().to_string(),
            "the specified rule \"peer: 0.0.0.0/0, TCP, from port: 22, to port: 22, ALLOW\" already exists"
        );
        assert_eq!(group.rules.len(), 2);
        group.authorize(true, vec![(tcp(22, "0.0.0.0/0"), None)]).unwrap();
        assert!(group.replace(&added[0].id, tcp(80, "0.0.0.0/0"), None).is_err());
        group.replace(&added[0].id, tcp(2222, "0.0.0.0/0"), Some("ssh".into())).unwrap();
        let (gone, unknown) = group.revoke(false, vec![tcp(2222, "0.0.0.0/0"), tcp(9, "0.0.0.0/0")]);
        assert_eq!((gone.len(), unknown), (1, vec![tcp(9, "0.0.0.0/0")]));
        assert!(group.revoke_ids(true, &[added[1].id.clone()]).is_err());
    }
}
