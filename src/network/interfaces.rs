//! Network interfaces as accounts make, change and delete them. Runs inside a caller's transaction.
//!
//! An interface begins with one address and may have more, which are records: packets from them are not let through yet.

use super::{CardRequest, Error, Nic, Subnet, address, reservations};
use crate::clock;
use crate::db::network as rows;
use crate::db::{Conn, elastic_addresses};
use crate::id::Kind;
use std::net::Ipv4Addr;

/// All interfaces of an account in a region.
pub fn all(c: &Conn, account: &str, region: &str) -> Result<Vec<Nic>, Error> {
    Nic::all(rows::nics_of_account(c, account, region)?)
}

/// The account's interface of that id.
pub fn need(c: &Conn, account: &str, region: &str, id: &str) -> Result<Nic, Error> {
    let found = address::nic(c, id)?.filter(|n| n.account == account && n.subnet.region == region);
    found.ok_or_else(|| Error::NoSuch(Kind::NetworkInterface, id.to_owned()))
}

/// [`need`] one that no service has for its own.
pub fn need_own(c: &Conn, account: &str, region: &str, id: &str) -> Result<Nic, Error> {
    let nic = need(c, account, region, id)?;
    if nic.details.service.is_some() { Err(Error::Managed) } else { Ok(nic) }
}

/// The account's interface whose attachment has that id.
pub fn need_attached(c: &Conn, account: &str, region: &str, attachment: &str) -> Result<Nic, Error> {
    let id = attachment.replacen(Kind::Attachment.prefix(), Kind::NetworkInterface.prefix(), 1);
    let found = address::nic(c, &id)?.filter(|n| n.account == account && n.subnet.region == region);
    let attached = found.filter(|n| n.instance_id.is_some());
    attached.ok_or_else(|| Error::NoSuch(Kind::Attachment, attachment.to_owned()))
}

/// Make an interface that is attached to nothing.
pub fn create(c: &Conn, account: &str, subnet: &Subnet, mut card: CardRequest) -> Result<Nic, Error> {
    card.details.delete_on_termination = false;
    card.details.requester = Some(account.to_owned());
    address::allocate(c, account, subnet, &card)
}

/// Delete an interface that is attached to nothing.
pub fn delete(c: &Conn, nic: &Nic) -> Result<(), Error> {
    if nic.is_used() {
        return Err(Error::InterfaceInUse(nic.eni_id.clone()));
    }
    address::release(c, &nic.eni_id)
}

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

/// An error if the interface is attached to something.
pub fn check_free(nic: &Nic) -> Result<(), Error> {
    if nic.is_used() { Err(Error::InterfaceTaken(nic.eni_id.clone())) } else { Ok(()) }
}

/// Attach a free interface to an instance as its `index`-th one.
pub fn attach(c: &Conn, nic: &mut Nic, instance: &str, index: u32, delete_on_termination: bool) -> Result<(), Error> {
    check_free(nic)?;
    let details = nic.details_mut();
    details.delete_on_termination = delete_on_termination;
    details.attached_at = Some(clock::now_ms());
    address::update_nic(c, nic)?;
    address::attach(c, &nic.eni_id, instance, index)?;
    (nic.instance_id, nic.device_index) = (Some(instance.to_owned()), Some(index));
    Ok(())
}

/// Take an interface from its instance.
pub fn detach(c: &Conn, nic: &Nic) -> Result<(), Error> {
    Ok(rows::detach_nic(c, &nic.eni_id)?)
}

/// An instance is terminated: its interfaces go, or are free, as each is to.
pub fn leave(c: &Conn, instance: &str) -> Result<(), Error> {
    for nic in address::nics_of(c, instance)? {
        match nic.details.delete_on_termination {
            true => address::release(c, &nic.eni_id)?,
            false => detach(c, &nic)?,
        }
    }
    Ok(())
}
