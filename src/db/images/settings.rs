//! What an account says of images in a region: a few named documents.

use crate::db::{Conn, Error};
use rusqlite::OptionalExtension;

/// The document of that name, if the account ever set it.
pub fn setting(c: &Conn, account: &str, region: &str, name: &str) -> Result<Option<String>, Error> {
    let mut q =
        c.prepare_cached("SELECT document FROM image_settings WHERE account = ?1 AND region = ?2 AND name = ?3")?;
    Ok(q.query_row([account, region, name], |r| r.get(0)).optional()?)
}

/// Set a document.
pub fn set_setting(c: &Conn, account: &str, region: &str, name: &str, document: &str) -> Result<(), Error> {
    c.prepare_cached(
        "INSERT INTO image_settings (account, region, name, document) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (account, region, name) DO UPDATE SET document = excluded.document",
    )?
    .execute([account, region, name, document])?;
    Ok(())
}

/// Forget what all accounts said.
pub fn wipe_settings(c: &Conn) -> Result<(), Error> {
    c.execute_batch("DELETE FROM image_settings")?;
    Ok(())
}
