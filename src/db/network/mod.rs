//! VPCs, subnets and network interfaces.
//!
//! Ranges are text here (`172.31.0.0/16`) and addresses numbers, so that the lowest free one is one query.

mod interfaces;

pub use interfaces::{
    NewNic, NicRow, PublicRow, addresses_in_use, assign_address, attach_nic, attached_nics, attached_nics_of,
    delete_nic, detach_nic, insert_nic, lowest_free, nic, nic_at, nics_in_vpc, nics_of, nics_of_account,
    unassign_address, update_nic,
};

use super::{Conn, Error, address_marks};
use rusqlite::OptionalExtension;

/// One VPC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VpcRow {
    pub id: String,
    pub account: String,
    pub region: String,
    pub cidr: String,
    pub is_default: bool,
    /// JSON of `network::VpcAttributes`.
    pub attributes: String,
    /// Milliseconds since the epoch.
    pub created_at: i64,
}

/// One subnet with what it takes from its VPC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubnetRow {
    pub id: String,
    pub vpc: String,
    pub vpc_cidr: String,
    /// JSON of the VPC's attributes.
    pub vpc_attributes: String,
    pub account: String,
    pub region: String,
    pub zone: String,
    pub cidr: String,
    pub is_default: bool,
    /// JSON of `network::SubnetAttributes`.
    pub attributes: String,
}

const SUBNET: &str =
    "s.id, s.vpc, v.cidr, v.account, v.region, s.zone, s.cidr, s.is_default, s.attributes, v.attributes";
const SUBNET_FROM: &str = "FROM subnets s JOIN vpcs v ON v.id = s.vpc";

fn subnet_row(r: &rusqlite::Row<'_>, at: usize) -> rusqlite::Result<SubnetRow> {
    Ok(SubnetRow {
        id: r.get(at)?,
        vpc: r.get(at + 1)?,
        vpc_cidr: r.get(at + 2)?,
        account: r.get(at + 3)?,
        region: r.get(at + 4)?,
        zone: r.get(at + 5)?,
        cidr: r.get(at + 6)?,
        is_default: r.get(at + 7)?,
        attributes: r.get(at + 8)?,
        vpc_attributes: r.get(at + 9)?,
    })
}

const VPC: &str = "id, account, region, cidr, is_default, attributes, created_at";

fn vpcs(c: &Conn, filter: &str, params: impl rusqlite::Params) -> Result<Vec<VpcRow>, Error> {
    let mut q = c.prepare_cached(&format!("SELECT {VPC} FROM vpcs {filter} ORDER BY created_at, id"))?;
    let rows = q.query_map(params, |r| {
        Ok(VpcRow {
            id: r.get(0)?,
            account: r.get(1)?,
            region: r.get(2)?,
            cidr: r.get(3)?,
            is_default: r.get(4)?,
            attributes: r.get(5)?,
            created_at: r.get(6)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Make a VPC.
pub fn insert_vpc(c: &Conn, v: &VpcRow) -> Result<(), Error> {
    c.prepare_cached(&format!("INSERT INTO vpcs ({VPC}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"))?.execute((
        &v.id,
        &v.account,
        &v.region,
        &v.cidr,
        v.is_default,
        &v.attributes,
        v.created_at,
    ))?;
    Ok(())
}

/// One VPC by id.
pub fn vpc(c: &Conn, id: &str) -> Result<Option<VpcRow>, Error> {
    Ok(vpcs(c, "WHERE id = ?1", [id])?.pop())
}

/// The VPCs of an account in a region.
pub fn vpcs_of(c: &Conn, account: &str, region: &str) -> Result<Vec<VpcRow>, Error> {
    vpcs(c, "WHERE account = ?1 AND region = ?2", (account, region))
}

/// The account's default VPC in the region, if it has one.
pub fn default_vpc(c: &Conn, account: &str, region: &str) -> Result<Option<VpcRow>, Error> {
    Ok(vpcs(c, "WHERE account = ?1 AND region = ?2 AND is_default = 1", (account, region))?.pop())
}

/// Write a VPC's attributes.
pub fn set_vpc_attributes(c: &Conn, id: &str, json: &str) -> Result<(), Error> {
    c.prepare_cached("UPDATE vpcs SET attributes = ?2 WHERE id = ?1")?.execute((id, json))?;
    Ok(())
}

/// Forget a VPC that has no subnets.
pub fn delete_vpc(c: &Conn, id: &str) -> Result<(), Error> {
    c.prepare_cached("DELETE FROM vpcs WHERE id = ?1")?.execute([id])?;
    Ok(())
}

/// Note that the account's region was handed over; `false`: it was before.
pub fn begin_region(c: &Conn, account: &str, region: &str) -> Result<bool, Error> {
    let n = c
        .prepare_cached("INSERT INTO regions_begun (account, region) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
        .execute((account, region))?;
    Ok(n == 1)
}

/// Whether the account's region was handed over.
pub fn has_begun(c: &Conn, account: &str, region: &str) -> Result<bool, Error> {
    Ok(c.prepare_cached("SELECT 1 FROM regions_begun WHERE account = ?1 AND region = ?2")?.exists((account, region))?)
}

/// Ranges of every VPC of every account.
pub fn vpc_cidrs(c: &Conn) -> Result<Vec<String>, Error> {
    let mut q = c.prepare_cached("SELECT cidr FROM vpcs")?;
    let rows = q.query_map([], |r| r.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Make a subnet.
pub fn insert_subnet(c: &Conn, s: &SubnetRow, now: i64) -> Result<(), Error> {
    c.prepare_cached(
        "INSERT INTO subnets (id, vpc, zone, cidr, is_default, attributes, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute((&s.id, &s.vpc, &s.zone, &s.cidr, s.is_default, &s.attributes, now))?;
    Ok(())
}

/// Subnets of a VPC, by range.
pub fn subnets_of(c: &Conn, vpc: &str) -> Result<Vec<SubnetRow>, Error> {
    let mut q = c.prepare_cached(&format!("SELECT {SUBNET} {SUBNET_FROM} WHERE s.vpc = ?1 ORDER BY s.zone, s.id"))?;
    let rows = q.query_map([vpc], |r| subnet_row(r, 0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The subnets of an account in a region.
pub fn subnets_of_account(c: &Conn, account: &str, region: &str) -> Result<Vec<SubnetRow>, Error> {
    let mut q = c.prepare_cached(&format!(
        "SELECT {SUBNET} {SUBNET_FROM} WHERE v.account = ?1 AND v.region = ?2 ORDER BY s.zone, s.id"
    ))?;
    let rows = q.query_map((account, region), |r| subnet_row(r, 0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The subnets that have attached interfaces.
pub fn subnets_in_use(c: &Conn) -> Result<Vec<SubnetRow>, Error> {
    let mut q = c.prepare_cached(&format!(
        "SELECT {SUBNET} {SUBNET_FROM}
         WHERE EXISTS (SELECT 1 FROM network_interfaces n WHERE n.subnet = s.id AND n.instance IS NOT NULL) ORDER BY s.id"
    ))?;
    let rows = q.query_map([], |r| subnet_row(r, 0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Write a subnet's attributes.
pub fn set_subnet_attributes(c: &Conn, id: &str, json: &str) -> Result<(), Error> {
    c.prepare_cached("UPDATE subnets SET attributes = ?2 WHERE id = ?1")?.execute((id, json))?;
    Ok(())
}

/// Forget a subnet that has no interfaces.
pub fn delete_subnet(c: &Conn, id: &str) -> Result<(), Error> {
    c.prepare_cached("DELETE FROM subnets WHERE id = ?1")?.execute([id])?;
    address_marks::forget(c, id)
}

/// One subnet by id.
pub fn subnet(c: &Conn, id: &str) -> Result<Option<SubnetRow>, Error> {
    Ok(c.prepare_cached(&format!("SELECT {SUBNET} {SUBNET_FROM} WHERE s.id = ?1"))?
        .query_row([id], |r| subnet_row(r, 0))
        .optional()?)
}

/// Forget every network of every account (the operator's reset).
pub fn wipe(c: &Conn) -> Result<(), Error> {
    Ok(c.execute_batch(
        "DELETE FROM elastic_addresses; DELETE FROM network_interfaces; DELETE FROM subnets; DELETE FROM vpcs; DELETE FROM network_records;
         DELETE FROM regions_begun; DELETE FROM address_marks;",
    )?)
}
