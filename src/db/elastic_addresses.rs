//! Public addresses: Elastic ones, which accounts keep, and automatic ones, which interfaces have while their instance runs.

use super::address_marks::{self, PUBLIC};
use super::{Conn, Error};
use rusqlite::OptionalExtension;
use std::net::Ipv4Addr;

/// One address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressRow {
    /// `eipalloc-…`
    pub id: String,
    pub account: String,
    pub region: String,
    pub public_ip: Ipv4Addr,
    pub leads_to: Option<LeadsTo>,
    /// What a reverse lookup is to give; empty for nothing.
    pub domain_name: String,
    /// Milliseconds since the epoch.
    pub created_at: i64,
}

/// Where an address leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeadsTo {
    /// `eipassoc-…`
    pub association: String,
    pub interface: String,
    pub private_ip: Ipv4Addr,
}

const COLUMNS: &str = "id, account, region, public_ip, association, interface, private_ip, domain_name, created_at";

fn row(r: &rusqlite::Row<'_>) -> rusqlite::Result<AddressRow> {
    let (association, interface, private_ip): (Option<String>, Option<String>, Option<u32>) =
        (r.get(4)?, r.get(5)?, r.get(6)?);
    let leads_to = association.zip(interface).zip(private_ip);
    Ok(AddressRow {
        id: r.get(0)?,
        account: r.get(1)?,
        region: r.get(2)?,
        public_ip: r.get::<_, u32>(3)?.into(),
        leads_to: leads_to.map(|((association, interface), ip)| LeadsTo {
            association,
            interface,
            private_ip: ip.into(),
        }),
        domain_name: r.get(7)?,
        created_at: r.get(8)?,
    })
}

/// The lowest address of `first ..= last` that nobody has.
pub fn lowest_free(c: &Conn, first: Ipv4Addr, last: Ipv4Addr) -> Result<Option<Ipv4Addr>, Error> {
    address_marks::lowest_free(c, PUBLIC, first, last, |from| lowest_from(c, from, last))
}

fn lowest_from(c: &Conn, first: Ipv4Addr, last: Ipv4Addr) -> Result<Option<Ipv4Addr>, Error> {
    let (low, high) = (u32::from(first), u32::from(last));
    if !is_taken(c, first)? {
        return Ok((low <= high).then_some(first));
    }
    let before: Option<u32> = c
        .prepare_cached(
            "SELECT e.public_ip FROM elastic_addresses e WHERE e.public_ip >= ?1 AND e.public_ip < ?2 AND NOT EXISTS
               (SELECT 1 FROM elastic_addresses n WHERE n.public_ip = e.public_ip + 1) ORDER BY e.public_ip LIMIT 1",
        )?
        .query_row((low, high), |r| r.get(0))
        .optional()?;
    Ok(before.map(|ip| Ipv4Addr::from(ip + 1)))
}

/// Whether somebody has the address.
pub fn is_taken(c: &Conn, ip: Ipv4Addr) -> Result<bool, Error> {
    Ok(c.prepare_cached("SELECT 1 FROM elastic_addresses WHERE public_ip = ?1")?.exists([u32::from(ip)])?)
}

/// Give an interface's address an automatic one. `false`: something leads there already.
pub fn insert_automatic(c: &Conn, a: &AddressRow, to: &LeadsTo) -> Result<bool, Error> {
    let n = c
        .prepare_cached(
            "INSERT INTO elastic_addresses
               (id, account, region, public_ip, domain_name, created_at, association, interface, private_ip, automatic)
             VALUES (?1, ?2, ?3, ?4, '', ?5, ?6, ?7, ?8, 1) ON CONFLICT DO NOTHING",
        )?
        .execute((
            &a.id,
            &a.account,
            &a.region,
            u32::from(a.public_ip),
            a.created_at,
            &to.association,
            &to.interface,
            u32::from(to.private_ip),
        ))?;
    Ok(n == 1)
}

/// Take the automatic addresses of an instance's interfaces back.
pub fn take_automatic(c: &Conn, instance: &str) -> Result<(), Error> {
    free(
        c,
        "DELETE FROM elastic_addresses WHERE automatic = 1
           AND interface IN (SELECT id FROM network_interfaces WHERE instance = ?1)",
        [instance],
    )
}

/// Delete addresses, which are free then.
fn free(c: &Conn, deletion: &str, params: impl rusqlite::Params) -> Result<(), Error> {
    let mut q = c.prepare_cached(&format!("{deletion} RETURNING public_ip"))?;
    let freed = q.query_map(params, |r| r.get::<_, u32>(0))?.collect::<Result<Vec<_>, _>>()?;
    freed.into_iter().try_for_each(|ip| address_marks::freed(c, PUBLIC, ip.into()))
}

/// Keep a new address, which leads nowhere. `false`: somebody has it.
pub fn insert(c: &Conn, a: &AddressRow) -> Result<bool, Error> {
    let n = c
        .prepare_cached(
            "INSERT INTO elastic_addresses (id, account, region, public_ip, domain_name, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
        )?
        .execute((&a.id, &a.account, &a.region, u32::from(a.public_ip), &a.domain_name, a.created_at))?;
    Ok(n == 1)
}

/// The Elastic addresses of an account in a region, oldest first.
pub fn of_account(c: &Conn, account: &str, region: &str) -> Result<Vec<AddressRow>, Error> {
    let mut q = c.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM elastic_addresses WHERE account = ?1 AND region = ?2 AND automatic = 0 ORDER BY created_at, id"
    ))?;
    let rows = q.query_map((account, region), row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Have an address lead somewhere, or nowhere.
pub fn lead(c: &Conn, id: &str, to: Option<&LeadsTo>) -> Result<(), Error> {
    c.prepare_cached("UPDATE elastic_addresses SET association = ?2, interface = ?3, private_ip = ?4 WHERE id = ?1")?
        .execute((id, to.map(|t| &t.association), to.map(|t| &t.interface), to.map(|t| u32::from(t.private_ip))))?;
    Ok(())
}

/// Have whatever leads to an interface lead nowhere; with an `ip`, only what leads to that address of it. An automatic address
/// goes.
pub fn lead_away(c: &Conn, interface: &str, ip: Option<Ipv4Addr>) -> Result<(), Error> {
    free(
        c,
        "DELETE FROM elastic_addresses WHERE automatic = 1 AND interface = ?1 AND (?2 IS NULL OR private_ip = ?2)",
        (interface, ip.map(u32::from)),
    )?;
    c.prepare_cached(
        "UPDATE elastic_addresses SET association = NULL, interface = NULL, private_ip = NULL
         WHERE interface = ?1 AND (?2 IS NULL OR private_ip = ?2)",
    )?
    .execute((interface, ip.map(u32::from)))?;
    Ok(())
}

/// Write what a reverse lookup is to give.
pub fn set_domain_name(c: &Conn, id: &str, name: &str) -> Result<(), Error> {
    c.prepare_cached("UPDATE elastic_addresses SET domain_name = ?2 WHERE id = ?1")?.execute((id, name))?;
    Ok(())
}

/// Forget an address: it is free again.
pub fn delete(c: &Conn, id: &str) -> Result<(), Error> {
    free(c, "DELETE FROM elastic_addresses WHERE id = ?1", [id])
}
