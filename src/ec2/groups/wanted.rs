//! Rules as requests describe them.

use crate::db::Conn;
use crate::ec2::Error;
use crate::id::Kind;
use crate::network::groups::{self, Allow, Group, Peer};
use crate::network::records::Kept;
use crate::network::{self, prefix_lists};
use crate::wire::query::{self, Params};

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
    network::canonical_v4(text).map(Peer::Ipv4).ok_or_else(wrong)
}

fn v6(text: &str) -> Result<Peer, Error> {
    let wrong = || Error::ParameterValue(format!("CIDR block {text} is malformed"));
    network::canonical_v6(text).map(Peer::Ipv6).ok_or_else(wrong)
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
