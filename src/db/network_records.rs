//! What surrounds subnets: security groups, route tables, gateways and so on. Each is one row with its struct as JSON: nothing
//! is looked up by what is inside.

use super::{Conn, Error};

/// One record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordRow {
    pub id: String,
    /// The prefix of its id.
    pub kind: String,
    pub account: String,
    pub region: String,
    /// The VPC it is in; empty while it is in none.
    pub vpc: String,
    /// Unique among its kind in the VPC, unless empty.
    pub name: String,
    pub body: String,
    /// Milliseconds since the epoch.
    pub created_at: i64,
}

const COLUMNS: &str = "id, kind, account, region, vpc, name, body, created_at";

fn collect(c: &Conn, filter: &str, params: impl rusqlite::Params) -> Result<Vec<RecordRow>, Error> {
    let mut q = c.prepare_cached(&format!("SELECT {COLUMNS} FROM network_records {filter} ORDER BY created_at, id"))?;
    let rows = q.query_map(params, |r| {
        Ok(RecordRow {
            id: r.get(0)?,
            kind: r.get(1)?,
            account: r.get(2)?,
            region: r.get(3)?,
            vpc: r.get(4)?,
            name: r.get(5)?,
            body: r.get(6)?,
            created_at: r.get(7)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Keep a new record. `false`: its name is taken.
pub fn insert(c: &Conn, r: &RecordRow) -> Result<bool, Error> {
    let n = c
        .prepare_cached(&format!(
            "INSERT INTO network_records ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING"
        ))?
        .execute((&r.id, &r.kind, &r.account, &r.region, &r.vpc, &r.name, &r.body, r.created_at))?;
    Ok(n == 1)
}

/// Write a record's body anew, and the VPC it is in.
pub fn update(c: &Conn, id: &str, vpc: &str, body: &str) -> Result<(), Error> {
    c.prepare_cached("UPDATE network_records SET vpc = ?2, body = ?3 WHERE id = ?1")?.execute((id, vpc, body))?;
    Ok(())
}

/// One record by id.
pub fn get(c: &Conn, id: &str) -> Result<Option<RecordRow>, Error> {
    Ok(collect(c, "WHERE id = ?1", [id])?.pop())
}

/// Records of a kind that an account has in a region.
pub fn of_account(c: &Conn, account: &str, region: &str, kind: &str) -> Result<Vec<RecordRow>, Error> {
    collect(c, "WHERE account = ?1 AND region = ?2 AND kind = ?3", (account, region, kind))
}

/// Records of a kind, whoever has them.
pub fn of_kind(c: &Conn, kind: &str) -> Result<Vec<RecordRow>, Error> {
    collect(c, "WHERE kind = ?1", [kind])
}

/// Records of a kind in a VPC.
pub fn in_vpc(c: &Conn, vpc: &str, kind: &str) -> Result<Vec<RecordRow>, Error> {
    collect(c, "WHERE vpc = ?1 AND kind = ?2", (vpc, kind))
}

/// The record of a kind that has that name in a VPC.
pub fn named(c: &Conn, vpc: &str, kind: &str, name: &str) -> Result<Option<RecordRow>, Error> {
    Ok(collect(c, "WHERE vpc = ?1 AND kind = ?2 AND name = ?3 AND name <> ''", (vpc, kind, name))?.pop())
}

/// Forget a record.
pub fn delete(c: &Conn, id: &str) -> Result<(), Error> {
    c.prepare_cached("DELETE FROM network_records WHERE id = ?1")?.execute([id])?;
    Ok(())
}
