//! The table `bucket_configs`: what can be configured of a bucket and is read only by who needs it, a document each.

use super::super::{Conn, Error};
use rusqlite::OptionalExtension;

/// The document of this name (a sub-resource's: `cors`, `website`, `lifecycle`, …).
pub fn get(c: &Conn, bucket: &str, name: &str) -> Result<Option<String>, Error> {
    Ok(c.prepare_cached("SELECT document FROM bucket_configs WHERE bucket = ?1 AND name = ?2")?
        .query_row((bucket, name), |r| r.get(0))
        .optional()?)
}

/// Put a document in place of the one of the same name.
pub fn put(c: &Conn, bucket: &str, name: &str, document: &str) -> Result<(), Error> {
    c.prepare_cached(
        "INSERT INTO bucket_configs (bucket, name, document) VALUES (?1, ?2, ?3)
         ON CONFLICT (bucket, name) DO UPDATE SET document = excluded.document",
    )?
    .execute((bucket, name, document))?;
    Ok(())
}

/// Remove a document; false when there was none.
pub fn delete(c: &Conn, bucket: &str, name: &str) -> Result<bool, Error> {
    let n = c.prepare_cached("DELETE FROM bucket_configs WHERE bucket = ?1 AND name = ?2")?.execute((bucket, name))?;
    Ok(n == 1)
}

/// Every bucket that has a document of this name, with the document.
pub fn of_all(c: &Conn, name: &str) -> Result<Vec<(String, String)>, Error> {
    let mut q = c.prepare_cached("SELECT bucket, document FROM bucket_configs WHERE name = ?1 ORDER BY bucket")?;
    let rows = q.query_map([name], |r| Ok((r.get(0)?, r.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The documents whose name begins with `prefix`, by name.
pub fn with_prefix(c: &Conn, bucket: &str, prefix: &str) -> Result<Vec<(String, String)>, Error> {
    let mut q = c.prepare_cached(
        "SELECT name, document FROM bucket_configs WHERE bucket = ?1 AND substr(name, 1, length(?2)) = ?2 ORDER BY name",
    )?;
    let rows = q.query_map((bucket, prefix), |r| Ok((r.get(0)?, r.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
