//! Key pairs.

use super::{Conn, Error};
use rusqlite::{OptionalExtension, Row};

/// One key pair; names are unique in an account's region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPairRow {
    /// `key-…`
    pub id: String,
    pub account: String,
    pub region: String,
    pub name: String,
    /// `rsa` or `ed25519`.
    pub key_type: String,
    /// In AWS's form, which depends on type and origin.
    pub fingerprint: String,
    /// One OpenSSH line, as `authorized_keys` wants it.
    pub public_key: String,
    /// Milliseconds since the epoch.
    pub created_at: i64,
}

const COLUMNS: &str = "id, account, region, name, type, fingerprint, public_key, created_at";

fn row(r: &Row<'_>) -> rusqlite::Result<KeyPairRow> {
    Ok(KeyPairRow {
        id: r.get(0)?,
        account: r.get(1)?,
        region: r.get(2)?,
        name: r.get(3)?,
        key_type: r.get(4)?,
        fingerprint: r.get(5)?,
        public_key: r.get(6)?,
        created_at: r.get(7)?,
    })
}

/// Keep a new key pair; `false` when its name is taken.
pub fn insert(c: &Conn, k: &KeyPairRow) -> Result<bool, Error> {
    let n = c
        .prepare_cached(
            "INSERT INTO key_pairs (id, account, region, name, type, fingerprint, public_key, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (account, region, name) DO NOTHING",
        )?
        .execute((&k.id, &k.account, &k.region, &k.name, &k.key_type, &k.fingerprint, &k.public_key, k.created_at))?;
    Ok(n == 1)
}

/// Every key pair of an account's region, by name.
pub fn all(c: &Conn, account: &str, region: &str) -> Result<Vec<KeyPairRow>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM key_pairs WHERE account = ?1 AND region = ?2 ORDER BY name");
    let mut q = c.prepare_cached(&sql)?;
    Ok(q.query_map((account, region), row)?.collect::<Result<_, _>>()?)
}

/// The key pair of that name.
pub fn by_name(c: &Conn, account: &str, region: &str, name: &str) -> Result<Option<KeyPairRow>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM key_pairs WHERE account = ?1 AND region = ?2 AND name = ?3");
    Ok(c.prepare_cached(&sql)?.query_row((account, region, name), row).optional()?)
}

/// The key pair of that id.
pub fn by_id(c: &Conn, account: &str, region: &str, id: &str) -> Result<Option<KeyPairRow>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM key_pairs WHERE account = ?1 AND region = ?2 AND id = ?3");
    Ok(c.prepare_cached(&sql)?.query_row((account, region, id), row).optional()?)
}

/// Forget a key pair and its tags.
pub fn delete(c: &Conn, id: &str) -> Result<(), Error> {
    super::tags::forget(c, id)?;
    c.prepare_cached("DELETE FROM key_pairs WHERE id = ?1")?.execute([id])?;
    Ok(())
}

/// Forget every key pair.
pub fn wipe(c: &Conn) -> Result<(), Error> {
    c.execute_batch("DELETE FROM key_pairs")?;
    Ok(())
}
