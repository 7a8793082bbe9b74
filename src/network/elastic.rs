//! Elastic IP addresses: public ones out of the operator's ranges, which accounts keep and have lead to their interfaces.
//!
//! They are records: nothing brings packets for them to a guest yet. Runs inside a caller's transaction.

use super::gateways::InternetGateway;
use super::{Cidr, Error, Nic, public, records};
use crate::db::elastic_addresses::{self as rows, AddressRow, LeadsTo};
use crate::db::quotas::{self, Quota};
use crate::db::{self, Conn};
use crate::id::{self, Kind};
use std::net::Ipv4Addr;

/// How a request names an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Name {
    Allocation(String),
    Ip(Ipv4Addr),
    Association(String),
}

/// All addresses of an account in a region, oldest first.
pub fn all(c: &Conn, account: &str, region: &str) -> Result<Vec<AddressRow>, Error> {
    Ok(rows::of_account(c, account, region)?)
}

/// The account's address of that name.
pub fn need(c: &Conn, account: &str, region: &str, name: &Name) -> Result<AddressRow, Error> {
    let is_it = |a: &AddressRow| match name {
        Name::Allocation(id) => a.id == *id,
        Name::Ip(ip) => a.public_ip == *ip,
        Name::Association(id) => a.leads_to.as_ref().is_some_and(|to| to.association == *id),
    };
    let found = all(c, account, region)?.into_iter().find(is_it);
    found.ok_or_else(|| match name {
        Name::Allocation(id) => Error::NoSuch(Kind::ElasticAddress, id.clone()),
        Name::Ip(ip) => Error::NoSuchAddress(*ip),
        Name::Association(id) => Error::NoSuch(Kind::AddressAssociation, id.clone()),
    })
}

/// Give an account a free address of `ranges`: `wanted`, or the lowest one.
pub fn allocate(
    c: &Conn,
    account: &str,
    region: &str,
    ranges: &[Cidr],
    wanted: Option<Ipv4Addr>,
) -> Result<AddressRow, Error> {
    if !quotas::allows(c, account, Quota::ElasticAddresses, all(c, account, region)?.len())? {
        return Err(Error::TooManyPublicAddresses);
    }
    let public_ip = public::free(c, ranges, wanted)?;
    let row =
        public::new_row(account, region, public_ip.ok_or(wanted.map_or(Error::NoPublicAddress, Error::NoSuchAddress))?);
    match rows::insert(c, &row)? {
        true => Ok(row),
        false => Err(Error::NoPublicAddress),
    }
}

/// Give an address back that leads nowhere.
pub fn release(c: &Conn, address: &AddressRow) -> Result<(), Error> {
    if address.leads_to.is_some() {
        return Err(Error::AddressInUse(address.public_ip));
    }
    rows::delete(c, &address.id)?;
    Ok(db::tags::forget(c, &address.id)?)
}

/// Have an address lead to one of an interface's addresses (the first one, if none is said); gives the association's id. What
/// led there before leads nowhere then. An address that leads elsewhere is taken from there only when it `may_move`.
pub fn associate(
    c: &Conn,
    address: &AddressRow,
    nic: &Nic,
    private_ip: Option<Ipv4Addr>,
    may_move: bool,
) -> Result<String, Error> {
    let private_ip = private_ip.unwrap_or(nic.private_ip);
    if !nic.addresses().any(|ip| ip == private_ip) {
        return Err(Error::NotAssigned { ips: vec![private_ip], eni: nic.eni_id.clone() });
    }
    if records::in_vpc::<InternetGateway>(c, &nic.subnet.vpc_id)?.is_empty() {
        return Err(Error::NoGateway(nic.subnet.vpc_id.clone()));
    }
    match &address.leads_to {
        Some(to) if to.interface == nic.eni_id && to.private_ip == private_ip => return Ok(to.association.clone()),
        Some(to) if !may_move => {
            return Err(Error::AddressAssociated { id: address.id.clone(), association: to.association.clone() });
        }
        Some(_) | None => {}
    }
    rows::lead_away(c, &nic.eni_id, Some(private_ip))?;
    let to = LeadsTo { association: id::new(Kind::AddressAssociation), interface: nic.eni_id.clone(), private_ip };
    rows::lead(c, &address.id, Some(&to))?;
    Ok(to.association)
}

/// Have an address lead nowhere.
pub fn disassociate(c: &Conn, address: &AddressRow) -> Result<(), Error> {
    Ok(rows::lead(c, &address.id, None)?)
}
