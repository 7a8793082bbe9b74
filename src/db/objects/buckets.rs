//! The table `buckets`.

use super::super::{Conn, Error};
use rusqlite::OptionalExtension;

/// One bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketRow {
    pub name: String,
    /// Account id.
    pub owner: String,
    pub region: String,
    pub acl: String,
    pub ownership: Option<String>,
    pub access_block: Option<i64>,
    pub policy: Option<String>,
    /// Milliseconds.
    pub created_at: i64,
    /// `off`, `enabled` or `suspended`.
    pub versioning: String,
    /// JSON; empty: no object lock.
    pub lock: String,
    /// JSON; empty: no rules.
    pub lifecycle: String,
    /// JSON; empty: no rules.
    pub notification: String,
}

macro_rules! columns {
    () => {
        "name, owner, region, acl, ownership, access_block, policy, created_at, versioning, lock, lifecycle, notification"
    };
}

fn read(r: &rusqlite::Row<'_>) -> rusqlite::Result<BucketRow> {
    Ok(BucketRow {
        name: r.get(0)?,
        owner: r.get(1)?,
        region: r.get(2)?,
        acl: r.get(3)?,
        ownership: r.get(4)?,
        access_block: r.get(5)?,
        policy: r.get(6)?,
        created_at: r.get(7)?,
        versioning: r.get(8)?,
        lock: r.get(9)?,
        lifecycle: r.get(10)?,
        notification: r.get(11)?,
    })
}

/// The bucket of this name.
pub fn get(c: &Conn, name: &str) -> Result<Option<BucketRow>, Error> {
    Ok(c.prepare_cached(concat!("SELECT ", columns!(), " FROM buckets WHERE name = ?1"))?
        .query_row([name], read)
        .optional()?)
}

/// Make it; false when the name is taken.
pub fn insert(c: &Conn, b: &BucketRow) -> Result<bool, Error> {
    let n = c
        .prepare_cached(concat!(
            "INSERT INTO buckets (",
            columns!(),
            ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) ON CONFLICT (name) DO NOTHING"
        ))?
        .execute(rusqlite::params![
            b.name,
            b.owner,
            b.region,
            b.acl,
            b.ownership,
            b.access_block,
            b.policy,
            b.created_at,
            b.versioning,
            b.lock,
            b.lifecycle,
            b.notification
        ])?;
    Ok(n == 1)
}

/// Set its rule of object ownership.
pub fn set_ownership(c: &Conn, name: &str, ownership: Option<&str>) -> Result<(), Error> {
    c.prepare_cached("UPDATE buckets SET ownership = ?2 WHERE name = ?1")?.execute((name, ownership))?;
    Ok(())
}

/// Set its public access block.
pub fn set_access_block(c: &Conn, name: &str, switches: Option<i64>) -> Result<(), Error> {
    c.prepare_cached("UPDATE buckets SET access_block = ?2 WHERE name = ?1")?.execute((name, switches))?;
    Ok(())
}

/// Set its policy.
pub fn set_policy(c: &Conn, name: &str, policy: Option<&str>) -> Result<(), Error> {
    c.prepare_cached("UPDATE buckets SET policy = ?2 WHERE name = ?1")?.execute((name, policy))?;
    Ok(())
}

/// Give it another ACL.
pub fn set_acl(c: &Conn, name: &str, acl: &str) -> Result<(), Error> {
    c.prepare_cached("UPDATE buckets SET acl = ?2 WHERE name = ?1")?.execute((name, acl))?;
    Ok(())
}

/// Turn versioning on or off.
pub fn set_versioning(c: &Conn, name: &str, versioning: &str) -> Result<(), Error> {
    c.prepare_cached("UPDATE buckets SET versioning = ?2 WHERE name = ?1")?.execute((name, versioning))?;
    Ok(())
}

/// Set the lifecycle's rules.
pub fn set_lifecycle(c: &Conn, name: &str, rules: &str) -> Result<(), Error> {
    c.prepare_cached("UPDATE buckets SET lifecycle = ?2 WHERE name = ?1")?.execute((name, rules))?;
    Ok(())
}

/// Set the notification rules.
pub fn set_notification(c: &Conn, name: &str, rules: &str) -> Result<(), Error> {
    c.prepare_cached("UPDATE buckets SET notification = ?2 WHERE name = ?1")?.execute((name, rules))?;
    Ok(())
}

/// The buckets that have lifecycle rules, and these.
pub fn with_lifecycle(c: &Conn) -> Result<Vec<(String, String)>, Error> {
    let mut q = c.prepare_cached("SELECT name, lifecycle FROM buckets WHERE lifecycle <> '' ORDER BY name")?;
    let rows = q.query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Set what object lock does by default.
pub fn set_lock(c: &Conn, name: &str, lock: &str) -> Result<(), Error> {
    c.prepare_cached("UPDATE buckets SET lock = ?2 WHERE name = ?1")?.execute((name, lock))?;
    Ok(())
}

/// Every bucket of an account, by name.
pub fn of_owner(c: &Conn, owner: &str) -> Result<Vec<BucketRow>, Error> {
    let mut q = c.prepare_cached(concat!("SELECT ", columns!(), " FROM buckets WHERE owner = ?1 ORDER BY name"))?;
    let rows = q.query_map([owner], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Whether the bucket has any version of any object.
pub fn has_objects(c: &Conn, name: &str) -> Result<bool, Error> {
    Ok(c.prepare_cached("SELECT EXISTS (SELECT 1 FROM objects WHERE bucket = ?1)")?.query_row([name], |r| r.get(0))?)
}

/// Remove the bucket, which has no objects, with its uploads in progress.
pub fn delete(c: &Conn, name: &str) -> Result<(), Error> {
    c.prepare_cached(
        "INSERT INTO garbage (body, place) SELECT id, 'parts' FROM uploads WHERE bucket = ?1 ON CONFLICT (body) DO NOTHING",
    )?
    .execute([name])?;
    c.prepare_cached("DELETE FROM uploads WHERE bucket = ?1")?.execute([name])?;
    c.prepare_cached("DELETE FROM bucket_configs WHERE bucket = ?1")?.execute([name])?;
    c.prepare_cached("DELETE FROM buckets WHERE name = ?1")?.execute([name])?;
    Ok(())
}
