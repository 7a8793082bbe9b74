//! Snapshots of volumes, and who may make volumes of them.

use super::{Conn, Error};
use rusqlite::Row;

/// One snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotRow {
    /// `snap-…`
    pub id: String,
    pub account: String,
    pub region: String,
    /// The volume that it is of, which may be gone.
    pub volume: String,
    pub gib: i64,
    pub description: String,
    pub encrypted: bool,
    /// An ARN.
    pub kms_key: Option<String>,
    /// The layer that holds it.
    pub layer: String,
    /// `pending`, `completed`, `error`
    pub state: String,
    pub is_public: bool,
    /// Milliseconds since the epoch.
    pub started_at: i64,
    pub completed_at: Option<i64>,
    /// Accounts that may make volumes of it, besides its owner. Not written with the snapshot.
    pub shared_with: Vec<String>,
}

const COLUMNS: &str = "id, account, region, volume, gib, description, encrypted, kms_key, layer, state, is_public, \
     started_at, completed_at";

fn snapshot(r: &Row<'_>) -> rusqlite::Result<SnapshotRow> {
    Ok(SnapshotRow {
        id: r.get(0)?,
        account: r.get(1)?,
        region: r.get(2)?,
        volume: r.get(3)?,
        gib: r.get(4)?,
        description: r.get(5)?,
        encrypted: r.get(6)?,
        kms_key: r.get(7)?,
        layer: r.get(8)?,
        state: r.get(9)?,
        is_public: r.get(10)?,
        started_at: r.get(11)?,
        completed_at: r.get(12)?,
        shared_with: Vec::new(),
    })
}

fn collect(c: &Conn, rest: &str, params: impl rusqlite::Params) -> Result<Vec<SnapshotRow>, Error> {
    let mut q = c.prepare_cached(&format!("SELECT {COLUMNS} FROM snapshots {rest}"))?;
    let rows: Vec<SnapshotRow> = q.query_map(params, snapshot)?.collect::<Result<_, _>>()?;
    let mut shares =
        c.prepare_cached("SELECT account FROM snapshot_permissions WHERE snapshot = ?1 ORDER BY account")?;
    rows.into_iter()
        .map(|row| {
            let shared_with = shares.query_map([&row.id], |r| r.get(0))?.collect::<Result<_, _>>()?;
            Ok(SnapshotRow { shared_with, ..row })
        })
        .collect()
}

/// How many snapshots an account has in a region.
pub fn count(c: &Conn, account: &str, region: &str) -> Result<usize, Error> {
    let count: i64 = c
        .prepare_cached("SELECT count(*) FROM snapshots WHERE account = ?1 AND region = ?2")?
        .query_row((account, region), |r| r.get(0))?;
    Ok(count as usize)
}

/// Keep a new snapshot.
pub fn insert(c: &Conn, s: &SnapshotRow) -> Result<(), Error> {
    c.prepare_cached(&format!(
        "INSERT INTO snapshots ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)"
    ))?
    .execute(rusqlite::params![
        s.id,
        s.account,
        s.region,
        s.volume,
        s.gib,
        s.description,
        s.encrypted,
        s.kms_key,
        s.layer,
        s.state,
        s.is_public,
        s.started_at,
        s.completed_at,
    ])?;
    Ok(())
}

/// One snapshot of any account.
pub fn get(c: &Conn, id: &str) -> Result<Option<SnapshotRow>, Error> {
    Ok(collect(c, "WHERE id = ?1", [id])?.pop())
}

/// The snapshots in a region that an account may make volumes of: its own, those shared with it, and public ones.
pub fn visible(c: &Conn, account: &str, region: &str) -> Result<Vec<SnapshotRow>, Error> {
    collect(
        c,
        "WHERE region = ?2 AND (account = ?1 OR is_public = 1
           OR id IN (SELECT snapshot FROM snapshot_permissions WHERE account = ?1))
         ORDER BY started_at, id",
        [account, region],
    )
}

/// The pending snapshots that a layer is to hold are complete.
pub fn complete(c: &Conn, layer: &str, now: i64) -> Result<(), Error> {
    c.prepare_cached(
        "UPDATE snapshots SET state = 'completed', completed_at = ?2 WHERE layer = ?1 AND state = 'pending'",
    )?
    .execute((layer, now))?;
    Ok(())
}

/// Make a snapshot everybody's, or nobody's.
pub fn publish(c: &Conn, id: &str, public: bool) -> Result<(), Error> {
    c.prepare_cached("UPDATE snapshots SET is_public = ?2 WHERE id = ?1")?.execute((id, public))?;
    Ok(())
}

/// Let an account make volumes of a snapshot, or no more.
pub fn permit(c: &Conn, id: &str, account: &str, may: bool) -> Result<(), Error> {
    let sql = if may {
        "INSERT INTO snapshot_permissions (snapshot, account) VALUES (?1, ?2) ON CONFLICT DO NOTHING"
    } else {
        "DELETE FROM snapshot_permissions WHERE snapshot = ?1 AND account = ?2"
    };
    c.prepare_cached(sql)?.execute([id, account])?;
    Ok(())
}

/// Forget a snapshot.
pub fn delete(c: &Conn, id: &str) -> Result<(), Error> {
    c.prepare_cached("DELETE FROM snapshot_permissions WHERE snapshot = ?1")?.execute([id])?;
    c.prepare_cached("DELETE FROM snapshots WHERE id = ?1")?.execute([id])?;
    Ok(())
}
