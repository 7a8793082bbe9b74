//! Default VPCs. Runs inside a caller's transaction.
//!
//! The first need of an account in a region makes its default VPC, a /16 of its own with a /20 for each zone; once deleted,
//! it is made again only when it is asked for (`docs/decisions/0002-default-vpc-ranges.md` tells how the /16 is picked).

use super::vpcs::{self, Vpc};
use super::{Cidr, Error, Subnet, lifecycle};
use crate::db;
use std::net::Ipv4Addr;

/// Hand the account's region over as AWS does, once: with a default VPC and a subnet of it for each of `zones` (full names).
pub fn begin_region(conn: &db::Conn, account: &str, region: &str, zones: &[String]) -> Result<(), Error> {
    if db::network::begin_region(conn, account, region)? {
        create_default_vpc(conn, account, region, zones)?;
    }
    Ok(())
}

/// Make the account's default VPC with its subnets, when it has none.
pub fn create_default_vpc(conn: &db::Conn, account: &str, region: &str, zones: &[String]) -> Result<Vpc, Error> {
    if db::network::default_vpc(conn, account, region)?.is_some() {
        return Err(Error::DefaultVpcExists);
    }
    let routed: Vec<Cidr> = super::host::routes().into_iter().map(|(_, range)| range).collect();
    let vpc = make_default_vpc(conn, account, region, &routed)?;
    zones.iter().try_for_each(|zone| create_default_subnet(conn, account, region, zone).map(drop))?;
    Ok(vpc)
}

/// Make the default VPC's subnet of a zone, when it has none.
pub fn create_default_subnet(conn: &db::Conn, account: &str, region: &str, zone: &str) -> Result<Subnet, Error> {
    let vpc = vpcs::need_default(conn, account, region)?;
    let subnets = db::network::subnets_of(conn, &vpc.id)?;
    if let Some(found) = subnets.iter().find(|s| s.is_default && s.zone == zone) {
        return Err(Error::DefaultSubnetExists { zone: zone.to_owned(), id: found.id.clone() });
    }
    let taken = subnets.iter().map(|s| super::nics::parse(&s.cidr)).collect::<Result<Vec<_>, _>>()?;
    let free = vpc.cidr.split(20).find(|c| !taken.iter().any(|t| t.overlaps(*c))).ok_or(Error::NoRange)?;
    lifecycle::insert_subnet(conn, &vpc, zone, free, true)
}

/// Make a default VPC on the first range of the pool that no VPC has and that the host does not reach elsewhere.
pub(super) fn make_default_vpc(conn: &db::Conn, account: &str, region: &str, routed: &[Cidr]) -> Result<Vpc, Error> {
    let taken: Vec<Cidr> =
        db::network::vpc_cidrs(conn)?.iter().map(|c| super::nics::parse(c)).collect::<Result<_, _>>()?;
    let range =
        pool().find(|range| !taken.iter().chain(routed).any(|other| other.overlaps(*range))).ok_or(Error::NoRange)?;
    lifecycle::insert_vpc(conn, account, region, range, "default", true)
}

/// Ranges of default VPCs in the order they are used: AWS's own first.
pub(super) fn pool() -> impl Iterator<Item = Cidr> {
    let b_class = (16..=31).rev().map(|n| Cidr::new(Ipv4Addr::new(172, n, 0, 0), 16));
    b_class.chain((0..=255).rev().map(|n| Cidr::new(Ipv4Addr::new(10, n, 0, 0), 16)))
}
