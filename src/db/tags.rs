//! Tags of every kind of resource, in one table.

use super::{Conn, Error};
use std::collections::HashMap;

/// A key and its value.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Tag {
    pub key: String,
    pub value: String,
}

/// A tag with what it is on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagRow {
    pub resource_id: String,
    /// AWS's name: `instance`, `image`, `key-pair`, …
    pub resource_type: String,
    pub key: String,
    pub value: String,
}

/// The resource that tags are put on.
#[derive(Debug, Clone, Copy)]
pub struct Resource<'a> {
    pub account: &'a str,
    pub region: &'a str,
    pub id: &'a str,
    /// AWS's name: `instance`, `image`, `key-pair`, …
    pub kind: &'a str,
}

/// Set tags; a key that is there gets its new value.
pub fn put(c: &Conn, on: Resource<'_>, tags: &[Tag]) -> Result<(), Error> {
    let mut q = c.prepare_cached(
        "INSERT INTO tags (account, region, resource_id, resource_type, key, value) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (account, resource_id, key) DO UPDATE SET value = excluded.value",
    )?;
    for tag in tags {
        q.execute((on.account, on.region, on.id, on.kind, &tag.key, &tag.value))?;
    }
    Ok(())
}

/// Remove one tag; with a `value`, only if it has that value.
pub fn remove(c: &Conn, account: &str, resource_id: &str, key: &str, value: Option<&str>) -> Result<(), Error> {
    c.prepare_cached(
        "DELETE FROM tags WHERE account = ?1 AND resource_id = ?2 AND key = ?3 AND (?4 IS NULL OR value = ?4)",
    )?
    .execute((account, resource_id, key, value))?;
    Ok(())
}

/// Remove all tags that an account put on a resource, except AWS's own (`aws:…`).
pub fn remove_all(c: &Conn, account: &str, resource_id: &str) -> Result<(), Error> {
    c.prepare_cached("DELETE FROM tags WHERE account = ?1 AND resource_id = ?2 AND key NOT LIKE 'aws:%'")?
        .execute((account, resource_id))?;
    Ok(())
}

/// Remove everybody's tags of a resource that is gone.
pub fn forget(c: &Conn, resource_id: &str) -> Result<(), Error> {
    c.prepare_cached("DELETE FROM tags WHERE resource_id = ?1")?.execute([resource_id])?;
    Ok(())
}

/// An account's tags of one resource, by key.
pub fn of(c: &Conn, account: &str, resource_id: &str) -> Result<Vec<Tag>, Error> {
    let mut q = c.prepare_cached("SELECT key, value FROM tags WHERE account = ?1 AND resource_id = ?2 ORDER BY key")?;
    let rows = q.query_map((account, resource_id), |r| Ok(Tag { key: r.get(0)?, value: r.get(1)? }))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// An account's tags of all resources of one kind in a region, by resource id.
pub fn by_resource(c: &Conn, account: &str, region: &str, kind: &str) -> Result<HashMap<String, Vec<Tag>>, Error> {
    let mut q = c.prepare_cached(
        "SELECT resource_id, key, value FROM tags WHERE account = ?1 AND region = ?2 AND resource_type = ?3 ORDER BY key",
    )?;
    let mut all: HashMap<String, Vec<Tag>> = HashMap::new();
    let mut rows = q.query((account, region, kind))?;
    while let Some(r) = rows.next()? {
        all.entry(r.get(0)?).or_default().push(Tag { key: r.get(1)?, value: r.get(2)? });
    }
    Ok(all)
}

/// Every tag of an account's region, by resource and key.
pub fn all(c: &Conn, account: &str, region: &str) -> Result<Vec<TagRow>, Error> {
    let mut q = c.prepare_cached(
        "SELECT resource_id, resource_type, key, value FROM tags WHERE account = ?1 AND region = ?2
         ORDER BY resource_id, key",
    )?;
    let rows = q.query_map((account, region), |r| {
        Ok(TagRow { resource_id: r.get(0)?, resource_type: r.get(1)?, key: r.get(2)?, value: r.get(3)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Forget every tag.
pub fn wipe(c: &Conn) -> Result<(), Error> {
    c.execute_batch("DELETE FROM tags")?;
    Ok(())
}
