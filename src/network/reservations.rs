//! Reservations of a part of a subnet's range: nobody is given an address there unless it is asked for by name.

use super::records::{self, Kept, Record};
use super::{Cidr, Error, Subnet, cidr};
use crate::db::{self, Conn};
use crate::id::Kind;
use serde::{Deserialize, Serialize};
use std::net::Ipv4Addr;

/// A reservation.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Reservation {
    pub vpc: String,
    pub subnet: String,
    /// Canonical.
    pub cidr: String,
    /// `prefix` or `explicit`
    pub kind: String,
    pub description: String,
}

impl Record for Reservation {
    const KIND: Kind = Kind::SubnetReservation;

    fn vpc(&self) -> &str {
        &self.vpc
    }
}

/// The reservations of a subnet.
pub fn of_subnet(c: &Conn, vpc: &str, subnet: &str) -> Result<Vec<Kept<Reservation>>, Error> {
    let mut all = records::in_vpc::<Reservation>(c, vpc)?;
    all.retain(|one| one.it.subnet == subnet);
    Ok(all)
}

fn ranges(c: &Conn, subnet: &Subnet) -> Result<Vec<Cidr>, Error> {
    let all = of_subnet(c, &subnet.vpc_id, &subnet.id)?;
    all.into_iter().map(|one| one.it.cidr.parse().map_err(|e| db::Error::Damaged(e).into())).collect()
}

impl Reservation {
    /// A reservation of a part of a subnet of which nothing is reserved yet.
    pub fn new(c: &Conn, subnet: &Subnet, cidr: &str, kind: &str, description: &str) -> Result<Reservation, Error> {
        let range = cidr::canonical_v4(cidr).and_then(|text| text.parse::<Cidr>().ok());
        let range = range.filter(|r| r.prefix() >= subnet.cidr.prefix() && r.overlaps(subnet.cidr));
        let range = range.ok_or_else(|| Error::ReservationOutside(cidr.to_owned()))?;
        if ranges(c, subnet)?.iter().any(|there| there.overlaps(range)) {
            return Err(Error::ReservationConflict(range));
        }
        Ok(Reservation {
            vpc: subnet.vpc_id.clone(),
            subnet: subnet.id.clone(),
            cidr: range.to_string(),
            kind: kind.to_owned(),
            description: description.to_owned(),
        })
    }
}

/// The lowest address of a subnet that is neither taken nor reserved.
pub(super) fn lowest_free(c: &Conn, subnet: &Subnet) -> Result<Ipv4Addr, Error> {
    let reserved = ranges(c, subnet)?;
    let (mut first, last) = subnet.cidr.usable();
    while let Some(ip) = db::network::lowest_free(c, &subnet.id, first, last)? {
        let Some(range) = reserved.iter().find(|range| range.contains(ip)) else { return Ok(ip) };
        let Some(next) = u32::from(range.last()).checked_add(1) else { break };
        first = next.into();
    }
    Err(Error::SubnetFull(subnet.id.clone()))
}

/// A subnet goes, and its reservations with it.
pub(super) fn leave(c: &Conn, vpc: &str, subnet: &str) -> Result<(), Error> {
    of_subnet(c, vpc, subnet)?.iter().try_for_each(|one| records::delete(c, &one.id))
}
