//! What an account says of a region as a whole.

use super::{Conn, Error};
use rusqlite::OptionalExtension;

/// A setting's value, if it was ever set.
pub fn get(c: &Conn, account: &str, region: &str, name: &str) -> Result<Option<String>, Error> {
    Ok(c.prepare_cached("SELECT value FROM account_settings WHERE account = ?1 AND region = ?2 AND name = ?3")?
        .query_row((account, region, name), |r| r.get(0))
        .optional()?)
}

/// Set it.
pub fn set(c: &Conn, account: &str, region: &str, name: &str, value: &str) -> Result<(), Error> {
    c.prepare_cached(
        "INSERT INTO account_settings (account, region, name, value) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (account, region, name) DO UPDATE SET value = excluded.value",
    )?
    .execute((account, region, name, value))?;
    Ok(())
}

/// Forget all settings.
pub fn wipe(c: &Conn) -> Result<(), Error> {
    c.execute_batch("DELETE FROM account_settings")?;
    Ok(())
}
