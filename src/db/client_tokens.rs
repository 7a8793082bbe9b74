//! Client tokens of calls that make something, other than launches.

use super::{Conn, Error};
use rusqlite::OptionalExtension;

/// A token, with whose it is and which action it was given to.
#[derive(Debug, Clone, Copy)]
pub struct Given<'a> {
    pub account: &'a str,
    pub region: &'a str,
    pub action: &'a str,
    pub token: &'a str,
}

/// The fingerprint of the call that brought the token first, and the id of what it made.
pub fn find(c: &Conn, given: Given<'_>) -> Result<Option<(String, String)>, Error> {
    let sql =
        "SELECT fingerprint, made FROM client_tokens WHERE account = ?1 AND region = ?2 AND action = ?3 AND token = ?4";
    Ok(c.prepare_cached(sql)?
        .query_row((given.account, given.region, given.action, given.token), |r| Ok((r.get(0)?, r.get(1)?)))
        .optional()?)
}

/// Remember a token at `now` (milliseconds since the epoch), and forget those from before `limit`.
pub fn keep(c: &Conn, given: Given<'_>, fingerprint: &str, made: &str, now: i64, limit: i64) -> Result<(), Error> {
    c.prepare_cached("DELETE FROM client_tokens WHERE created_at < ?1")?.execute([limit])?;
    c.prepare_cached(
        "INSERT INTO client_tokens (account, region, action, token, fingerprint, made, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute((given.account, given.region, given.action, given.token, fingerprint, made, now))?;
    Ok(())
}
