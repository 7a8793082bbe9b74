//! Tags of every kind of resource, in one table.

use super::{Conn, Error};
use rusqlite::Row;
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

/// Ids of the resources of one kind on which an account has put a tag with one of these values: `most` at most.
pub fn having(
    c: &Conn,
    account: &str,
    region: &str,
    kind: &str,
    key: &str,
    values: &[String],
    most: usize,
) -> Result<Vec<String>, Error> {
    let mut q = c.prepare_cached(
        "SELECT resource_id FROM tags
         WHERE account = ?1 AND region = ?2 AND resource_type = ?3 AND key = ?4 AND value = ?5 LIMIT ?6",
    )?;
    let mut ids = Vec::new();
    for value in values {
        let room = (most - ids.len()) as i64;
        let rows = q.query_map((account, region, kind, key, value, room), |r| r.get(0))?;
        ids.extend(rows.collect::<Result<Vec<_>, _>>()?);
    }
    Ok(ids)
}

/// An account's tags of all resources of one kind in a region, by resource id.
pub fn by_resource(c: &Conn, account: &str, region: &str, kind: &str) -> Result<HashMap<String, Vec<Tag>>, Error> {
    let mut q = c.prepare_cached(
        "SELECT resource_id, key, value FROM tags WHERE account = ?1 AND region = ?2 AND resource_type = ?3 ORDER BY key",
    )?;
    let mut all: HashMap<String, Vec<Tag>> = HashMap::new();
    let mut rows = q.query((account, region, kind))?;
    while let Some(r) = rows.next()? {
        let (id, tag) =
            (r.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?, Tag { key: r.get(1)?, value: r.get(2)? });
        match all.get_mut(id) {
            Some(tags) => tags.push(tag),
            None => drop(all.insert(id.to_owned(), vec![tag])),
        }
    }
    Ok(all)
}

const ROW: &str = "resource_id, resource_type, key, value";

fn row(r: &Row<'_>) -> rusqlite::Result<TagRow> {
    Ok(TagRow { resource_id: r.get(0)?, resource_type: r.get(1)?, key: r.get(2)?, value: r.get(3)? })
}

/// Every tag of an account's region.
pub fn all(c: &Conn, account: &str, region: &str) -> Result<Vec<TagRow>, Error> {
    let mut q = c.prepare_cached(&format!("SELECT {ROW} FROM tags WHERE account = ?1 AND region = ?2"))?;
    let rows = q.query_map((account, region), row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The tags of some resources of an account's region.
pub fn of_these(c: &Conn, account: &str, region: &str, resources: &[String]) -> Result<Vec<TagRow>, Error> {
    let mut q = c.prepare_cached(&format!(
        "SELECT {ROW} FROM tags WHERE account = ?1 AND region = ?2 AND resource_id = ?3 ORDER BY key"
    ))?;
    let mut all = Vec::new();
    for id in resources {
        let rows = q.query_map((account, region, id), row)?;
        all.extend(rows.collect::<Result<Vec<_>, _>>()?);
    }
    Ok(all)
}

/// Forget every tag.
pub fn wipe(c: &Conn) -> Result<(), Error> {
    c.execute_batch("DELETE FROM tags")?;
    Ok(())
}
