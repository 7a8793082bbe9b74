//! Where the search for a pool's lowest free address begins, so that it does not walk over all that are taken.
//!
//! Every address from a pool's first one up to its mark is taken. Who frees an address lowers the marks over it, in the same
//! transaction; a mark that is too low only costs time.

use super::{Conn, Error};
use rusqlite::OptionalExtension;
use std::net::Ipv4Addr;

/// The pool of public addresses; a subnet's is named by its id.
pub const PUBLIC: &str = "";

/// A search walks over so many taken addresses before it is worth a mark.
const STEP: u32 = 16;

/// The lowest free address of `first ..= last`, as `search` finds it from some address on.
pub fn lowest_free(
    c: &Conn,
    pool: &str,
    first: Ipv4Addr,
    last: Ipv4Addr,
    search: impl Fn(Ipv4Addr) -> Result<Option<Ipv4Addr>, Error>,
) -> Result<Option<Ipv4Addr>, Error> {
    let mark: Option<u32> = c
        .prepare_cached("SELECT taken_below FROM address_marks WHERE pool = ?1 AND first = ?2")?
        .query_row((pool, u32::from(first)), |r| r.get(0))
        .optional()?;
    let from = Ipv4Addr::from(mark.unwrap_or(0)).max(first);
    let found = search(from)?;
    let reached = u32::from(found.unwrap_or(last));
    if reached >= u32::from(from).saturating_add(STEP) {
        c.prepare_cached(
            "INSERT INTO address_marks (pool, first, taken_below) VALUES (?1, ?2, ?3)
             ON CONFLICT (pool, first) DO UPDATE SET taken_below = excluded.taken_below",
        )?
        .execute((pool, u32::from(first), reached))?;
    }
    Ok(found)
}

/// An address of the pool is free again.
pub fn freed(c: &Conn, pool: &str, ip: Ipv4Addr) -> Result<(), Error> {
    c.prepare_cached("UPDATE address_marks SET taken_below = ?2 WHERE pool = ?1 AND first <= ?2 AND taken_below > ?2")?
        .execute((pool, u32::from(ip)))?;
    Ok(())
}

/// The pool is gone.
pub fn forget(c: &Conn, pool: &str) -> Result<(), Error> {
    c.prepare_cached("DELETE FROM address_marks WHERE pool = ?1")?.execute([pool])?;
    Ok(())
}
