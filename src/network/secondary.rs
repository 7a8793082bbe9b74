//! Further addresses of interfaces. They are records: packets from them are not let through yet.

use super::{Error, Nic, reservations};
use crate::clock;
use crate::db::network as rows;
use crate::db::{Conn, elastic_addresses};
use std::net::Ipv4Addr;

/// Give an interface these addresses and `more` that are free; gives what it got. With `may_move`, another interface's secondary
/// address may be taken from it.
pub fn assign(c: &Conn, nic: &mut Nic, wanted: &[Ipv4Addr], more: u32, may_move: bool) -> Result<Vec<Ipv4Addr>, Error> {
    let subnet = &nic.subnet;
    let (first, last) = subnet.cidr.usable();
    let mut taken = Vec::new();
    let mut got = Vec::new();
    for ip in wanted.iter().copied() {
        if ip < first || ip > last {
            return Err(Error::AddressOutside(ip, subnet.cidr));
        }
        match rows::nic_at(c, &subnet.id, ip)? {
            Some(holder) if holder.id == nic.eni_id => continue,
            Some(holder) if !may_move || holder.private_ip == ip => taken.push(ip),
            Some(_) | None => got.push(ip),
        }
    }
    if !taken.is_empty() {
        return Err(Error::AddressesTaken(taken));
    }
    let now = clock::now_ms();
    for ip in &got {
        take_away(c, &subnet.id, *ip)?;
        rows::assign_address(c, &nic.eni_id, &subnet.id, *ip, now)?;
    }
    for _ in 0..more {
        let ip = reservations::lowest_free(c, subnet)?;
        rows::assign_address(c, &nic.eni_id, &subnet.id, ip, now)?;
        got.push(ip);
    }
    nic.secondary.extend(&got);
    Ok(got)
}

/// Take secondary addresses away from an interface.
pub fn unassign(c: &Conn, nic: &Nic, unwanted: &[Ipv4Addr]) -> Result<(), Error> {
    if unwanted.contains(&nic.private_ip) {
        return Err(Error::PrimaryAddress(nic.private_ip));
    }
    if unwanted.iter().any(|ip| !nic.secondary.contains(ip)) {
        return Err(Error::NotAssigned { ips: unwanted.to_vec(), eni: nic.eni_id.clone() });
    }
    unwanted.iter().try_for_each(|ip| take_away(c, &nic.subnet.id, *ip))
}

/// Nobody has the secondary address any more, and no public one leads to it.
fn take_away(c: &Conn, subnet: &str, ip: Ipv4Addr) -> Result<(), Error> {
    if let Some(holder) = rows::nic_at(c, subnet, ip)? {
        elastic_addresses::lead_away(c, &holder.id, Some(ip))?;
    }
    Ok(rows::unassign_address(c, subnet, ip)?)
}
