//! What launches instances by itself or is launched onto: spot requests, fleets, dedicated hosts. Each is one row with its struct
//! as JSON: nothing is looked up by what is inside.

use super::{Conn, Error};
use rusqlite::OptionalExtension;

/// One record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordRow {
    pub id: String,
    /// The prefix of its id.
    pub kind: String,
    pub account: String,
    pub region: String,
    /// The loop may have something to do about it.
    pub is_open: bool,
    pub body: String,
    /// Milliseconds since the epoch.
    pub created_at: i64,
    pub changed_at: i64,
}

const COLUMNS: &str = "id, kind, account, region, is_open, body, created_at, changed_at";

fn record(r: &rusqlite::Row<'_>) -> rusqlite::Result<RecordRow> {
    Ok(RecordRow {
        id: r.get(0)?,
        kind: r.get(1)?,
        account: r.get(2)?,
        region: r.get(3)?,
        is_open: r.get(4)?,
        body: r.get(5)?,
        created_at: r.get(6)?,
        changed_at: r.get(7)?,
    })
}

fn collect(c: &Conn, filter: &str, params: impl rusqlite::Params) -> Result<Vec<RecordRow>, Error> {
    let mut q = c.prepare_cached(&format!("SELECT {COLUMNS} FROM compute_records {filter} ORDER BY created_at, id"))?;
    let rows = q.query_map(params, record)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Keep a new record.
pub fn insert(c: &Conn, r: &RecordRow) -> Result<(), Error> {
    c.prepare_cached(&format!("INSERT INTO compute_records ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"))?
        .execute((&r.id, &r.kind, &r.account, &r.region, r.is_open, &r.body, r.created_at, r.changed_at))?;
    Ok(())
}

/// Write a record's new state.
pub fn update(c: &Conn, id: &str, is_open: bool, body: &str, now: i64) -> Result<(), Error> {
    c.prepare_cached("UPDATE compute_records SET is_open = ?2, body = ?3, changed_at = ?4 WHERE id = ?1")?
        .execute((id, is_open, body, now))?;
    Ok(())
}

/// One record by id.
pub fn get(c: &Conn, id: &str) -> Result<Option<RecordRow>, Error> {
    Ok(c.prepare_cached(&format!("SELECT {COLUMNS} FROM compute_records WHERE id = ?1"))?
        .query_row([id], record)
        .optional()?)
}

/// Records of a kind that an account has in a region, oldest first.
pub fn of_account(c: &Conn, account: &str, region: &str, kind: &str) -> Result<Vec<RecordRow>, Error> {
    collect(c, "WHERE account = ?1 AND region = ?2 AND kind = ?3", (account, region, kind))
}

/// Records of a kind with which the loop may have something to do, of every account.
pub fn open(c: &Conn, kind: &str) -> Result<Vec<RecordRow>, Error> {
    collect(c, "WHERE kind = ?1 AND is_open = 1", [kind])
}

/// Ids of records of a kind that are done, and have not changed since `limit`.
pub fn done_before(c: &Conn, kind: &str, limit: i64) -> Result<Vec<String>, Error> {
    let mut q =
        c.prepare_cached("SELECT id FROM compute_records WHERE kind = ?1 AND is_open = 0 AND changed_at < ?2")?;
    let rows = q.query_map((kind, limit), |r| r.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Forget a record.
pub fn delete(c: &Conn, id: &str) -> Result<(), Error> {
    c.prepare_cached("DELETE FROM compute_records WHERE id = ?1")?.execute([id])?;
    Ok(())
}

/// Forget all records.
pub fn wipe(c: &Conn) -> Result<(), Error> {
    c.execute_batch("DELETE FROM compute_records")?;
    Ok(())
}
