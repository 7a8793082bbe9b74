//! Public addresses that interfaces have while their instance runs: out of the same ranges as Elastic ones, and records like
//! them.
//!
//! A launch into a subnet gives the instance's only interface one, if the subnet gives addresses or the request asks for it.
//! It goes when the instance stops or an Elastic address takes its place; with the next start comes another, and when the Elastic
//! one leaves.

use super::{Cidr, Error, Nic, vpcs};
use crate::clock;
use crate::db::elastic_addresses::{self as rows, AddressRow, LeadsTo};
use crate::db::{self, Conn};
use crate::id::{self, Kind};
use std::net::Ipv4Addr;

/// What public addresses come out of.
#[derive(Debug, Clone)]
pub struct Pool {
    pub ranges: Vec<Cidr>,
    /// Whether subnets give addresses by themselves. Where the ranges are nobody's, an address would lead those astray who want to
    /// reach the guest, so only who asks for one gets it.
    pub subnets_give: bool,
}

/// A public address that leads to one of an interface's addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Public {
    /// `eipalloc-…` and `eipassoc-…`; `None`: the interface has it while its instance runs.
    pub elastic: Option<(String, String)>,
    pub ip: Ipv4Addr,
    pub private_ip: Ipv4Addr,
}

/// A free address of `ranges`: `wanted`, or the lowest one.
pub(super) fn free(c: &Conn, ranges: &[Cidr], wanted: Option<Ipv4Addr>) -> Result<Option<Ipv4Addr>, Error> {
    for (first, last) in ranges.iter().map(|range| hosts(*range)) {
        let found = match wanted {
            Some(ip) if ip < first || ip > last || rows::is_taken(c, ip)? => None,
            Some(ip) => Some(ip),
            None => rows::lowest_free(c, first, last)?,
        };
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// An address of an account that leads nowhere yet.
pub(super) fn new_row(account: &str, region: &str, public_ip: Ipv4Addr) -> AddressRow {
    AddressRow {
        id: id::new(Kind::ElasticAddress),
        account: account.to_owned(),
        region: region.to_owned(),
        public_ip,
        leads_to: None,
        domain_name: String::new(),
        created_at: clock::now_ms(),
    }
}

/// The first and the last address of a range that a host can have.
fn hosts(range: Cidr) -> (Ipv4Addr, Ipv4Addr) {
    let ends = u32::from(range.prefix() < 31);
    ((u32::from(range.nth(0)) + ends).into(), (u32::from(range.last()) - ends).into())
}

/// Whether a subnet gives those who launch into it an address.
pub fn given_by(c: &Conn, pool: &Pool, subnet: &str) -> Result<bool, Error> {
    if !pool.subnets_give {
        return Ok(false);
    }
    let row = db::network::subnet(c, subnet)?;
    Ok(row.map(|row| vpcs::attributes_of(&row)).transpose()?.is_some_and(|a| a.map_public_ip))
}

/// Give an interface that is to have one an address to its own, if nothing leads there yet. `false`: none is free.
pub fn give(c: &Conn, pool: &Pool, nic: &Nic) -> Result<bool, Error> {
    if !nic.details.public_while_running || nic.public_of(nic.private_ip).is_some() {
        return Ok(true);
    }
    let Some(ip) = free(c, &pool.ranges, None)? else { return Ok(false) };
    let association = id::new(Kind::AddressAssociation);
    let to = LeadsTo { association, interface: nic.eni_id.clone(), private_ip: nic.private_ip };
    Ok(rows::insert_automatic(c, &new_row(&nic.account, &nic.subnet.region, ip), &to)?)
}

/// An instance is started, or an Elastic address left it: give its only interface an address, if it is to have one and one is free.
pub fn give_again(c: &Conn, pool: &Pool, nics: &[Nic]) -> Result<(), Error> {
    match nics {
        [only] => give(c, pool, only).map(drop),
        _ => Ok(()),
    }
}

/// An instance has stopped: its interfaces keep no such address.
pub fn take_back(c: &Conn, instance: &str) -> Result<(), Error> {
    Ok(rows::take_automatic(c, instance)?)
}
