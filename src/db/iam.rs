//! Accounts, access keys and the installation's settings.

use super::{Conn, Error};
use rusqlite::OptionalExtension;

/// One account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRow {
    pub id: String,
    pub name: String,
    pub canonical_id: String,
    pub email: String,
}

/// One access key with its account.
#[derive(Debug, Clone)]
pub struct KeyRow {
    pub access_key_id: String,
    pub secret_access_key: String,
    /// By the operator's configuration, and not by the first start.
    pub declared: bool,
    pub account: AccountRow,
}

/// Make the account or bring its names up to date.
pub fn upsert_account(c: &Conn, a: &AccountRow, now: i64) -> Result<(), Error> {
    c.prepare_cached(
        "INSERT INTO accounts (id, name, canonical_id, email, created_at) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, canonical_id = excluded.canonical_id, email = excluded.email",
    )?
    .execute((&a.id, &a.name, &a.canonical_id, &a.email, now))?;
    Ok(())
}

/// Make the access key or give it its new secret and account.
pub fn upsert_key(c: &Conn, k: &KeyRow, now: i64) -> Result<(), Error> {
    c.prepare_cached(
        "INSERT INTO access_keys (access_key_id, secret_access_key, account, declared, created_at) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (access_key_id) DO UPDATE SET secret_access_key = excluded.secret_access_key,
           account = excluded.account, declared = excluded.declared",
    )?
    .execute((&k.access_key_id, &k.secret_access_key, &k.account.id, k.declared, now))?;
    Ok(())
}

/// Forget the access keys that a configuration declared: those that still are come anew.
pub fn forget_declared_keys(c: &Conn) -> Result<(), Error> {
    c.prepare_cached("DELETE FROM access_keys WHERE declared = 1")?.execute([])?;
    Ok(())
}

/// Every access key, with its account.
pub fn keys(c: &Conn) -> Result<Vec<KeyRow>, Error> {
    let mut q = c.prepare_cached(
        "SELECT k.access_key_id, k.secret_access_key, k.declared, a.id, a.name, a.canonical_id, a.email
         FROM access_keys k JOIN accounts a ON a.id = k.account ORDER BY k.created_at, k.access_key_id",
    )?;
    let rows = q.query_map([], |r| {
        Ok(KeyRow {
            access_key_id: r.get(0)?,
            secret_access_key: r.get(1)?,
            declared: r.get(2)?,
            account: AccountRow { id: r.get(3)?, name: r.get(4)?, canonical_id: r.get(5)?, email: r.get(6)? },
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Every account, by id.
pub fn accounts(c: &Conn) -> Result<Vec<AccountRow>, Error> {
    let mut q = c.prepare_cached("SELECT id, name, canonical_id, email FROM accounts ORDER BY id")?;
    let rows = q.query_map([], |r| {
        Ok(AccountRow { id: r.get(0)?, name: r.get(1)?, canonical_id: r.get(2)?, email: r.get(3)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A setting's value, if it was ever set.
pub fn setting(c: &Conn, name: &str) -> Result<Option<String>, Error> {
    Ok(c.prepare_cached("SELECT value FROM settings WHERE name = ?1")?.query_row([name], |r| r.get(0)).optional()?)
}

/// Set a setting unless it is set already; returns what it is now.
pub fn setting_or(c: &Conn, name: &str, value: &str) -> Result<String, Error> {
    c.prepare_cached("INSERT INTO settings (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO NOTHING")?
        .execute((name, value))?;
    Ok(setting(c, name)?.unwrap_or_else(|| value.to_owned()))
}
