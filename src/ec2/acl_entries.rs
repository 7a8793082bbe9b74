//! Entries of network ACLs as requests describe them.

use super::Error;
use crate::network;
use crate::network::acls::{AclEntry, LAST};
use crate::wire::query::{self, Params};

/// Read the entry that a request describes.
pub fn read(p: &Params<'_>) -> Result<AclEntry, Error> {
    let allow = match p.req("RuleAction")? {
        "allow" => true,
        "deny" => false,
        other => return Err(p.invalid("RuleAction", other, "Expecting allow or deny.").into()),
    };
    let protocol = match p.req("Protocol")?.to_ascii_lowercase().as_str() {
        "-1" | "all" => "-1".to_owned(),
        "tcp" => "6".to_owned(),
        "udp" => "17".to_owned(),
        "icmp" => "1".to_owned(),
        "icmpv6" => "58".to_owned(),
        text => match text.parse::<u8>() {
            Ok(number) => number.to_string(),
            Err(_) => return Err(p.invalid("Protocol", text, "Unknown protocol.").into()),
        },
    };
    let cidr = match (p.opt("CidrBlock"), p.opt("Ipv6CidrBlock")) {
        (Some(text), None) => network::canonical_v4(text)
            .ok_or_else(|| p.invalid("CidrBlock", text, "This is not a valid CIDR block."))?,
        (None, Some(text)) => network::canonical_v6(text)
            .ok_or_else(|| p.invalid("Ipv6CidrBlock", text, "This is not a valid CIDR block."))?,
        (None, None) => return Err(query::Error::Missing("cidrBlock".into()).into()),
        (Some(_), Some(_)) => {
            return Err(Error::ParameterCombination("An entry has exactly one of CidrBlock and Ipv6CidrBlock".into()));
        }
    };
    let pair = |group: &str,
                first: &str,
                second: &str,
                range: std::ops::RangeInclusive<i64>|
     -> Result<Option<(i32, i32)>, Error> {
        let Some(nested) = p.nested(group) else { return Ok(None) };
        Ok(Some((nested.int(first, range.clone())? as i32, nested.int(second, range)? as i32)))
    };
    let ports = pair("PortRange", "From", "To", 0..=65535)?;
    let icmp = pair("Icmp", "Type", "Code", -1..=255)?;
    if matches!(protocol.as_str(), "6" | "17") && ports.is_none() {
        return Err(query::Error::Missing("portRange".into()).into());
    }
    if matches!(protocol.as_str(), "1" | "58") && icmp.is_none() {
        return Err(query::Error::Missing("icmpTypeCode".into()).into());
    }
    let (egress, number) = place(p)?;
    Ok(AclEntry {
        egress,
        number,
        allow,
        ports: ports.filter(|_| matches!(protocol.as_str(), "6" | "17")),
        icmp: icmp.filter(|_| matches!(protocol.as_str(), "1" | "58")),
        protocol,
        cidr,
    })
}

/// The direction and the number of an entry.
pub fn place(p: &Params<'_>) -> Result<(bool, u32), Error> {
    // Older versions of the API did not ask for it.
    let egress = p.opt_bool("Egress")?.unwrap_or(false);
    Ok((egress, p.int("RuleNumber", 1..=i64::from(LAST) - 1)? as u32))
}
