//! The table `objects`: versions of keys.

use super::super::{Conn, Error};
use super::{Place, PlaceKind};
use rusqlite::{OptionalExtension, Row};
use std::ops::ControlFlow;

/// One version of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectRow {
    pub bucket: String,
    pub key: String,
    pub rank: i64,
    pub version_id: String,
    pub delete_marker: bool,
    /// Bytes.
    pub size: i64,
    /// Without quotes.
    pub etag: String,
    /// Milliseconds.
    pub modified_at: i64,
    /// Account id.
    pub owner: String,
    pub acl: String,
    pub storage_class: String,
    /// 0 when not uploaded in parts.
    pub part_count: i64,
    pub checksum_algorithm: Option<String>,
    pub checksum_type: Option<String>,
    pub checksum: Option<String>,
    pub place: Place,
    /// JSON.
    pub headers: String,
}

macro_rules! columns {
    () => {
        "bucket, key, rank, version_id, delete_marker, size, etag, modified_at, owner, acl, storage_class, part_count, \
         checksum_algorithm, checksum_type, checksum, place, body, headers"
    };
}

fn read(r: &Row<'_>) -> rusqlite::Result<ObjectRow> {
    Ok(ObjectRow {
        bucket: r.get(0)?,
        key: r.get(1)?,
        rank: r.get(2)?,
        version_id: r.get(3)?,
        delete_marker: r.get(4)?,
        size: r.get(5)?,
        etag: r.get(6)?,
        modified_at: r.get(7)?,
        owner: r.get(8)?,
        acl: r.get(9)?,
        storage_class: r.get(10)?,
        part_count: r.get(11)?,
        checksum_algorithm: r.get(12)?,
        checksum_type: r.get(13)?,
        checksum: r.get(14)?,
        place: Place::read(r, 15, 16)?,
        headers: r.get(17)?,
    })
}

/// The version that GET sees; a delete marker hides the key.
pub fn live(c: &Conn, bucket: &str, key: &str) -> Result<Option<ObjectRow>, Error> {
    Ok(c.prepare_cached(concat!("SELECT ", columns!(), " FROM objects WHERE bucket = ?1 AND key = ?2 AND live = 1"))?
        .query_row((bucket, key), read)
        .optional()?)
}

/// Add a version that becomes the current one. The caller has seen to the one before.
pub fn insert(c: &Conn, o: &ObjectRow) -> Result<(), Error> {
    let (place, body) = o.place.columns();
    c.prepare_cached(concat!(
        "INSERT INTO objects (",
        columns!(),
        ", live) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19)"
    ))?
    .execute(rusqlite::params![
        o.bucket,
        o.key,
        o.rank,
        o.version_id,
        o.delete_marker,
        o.size,
        o.etag,
        o.modified_at,
        o.owner,
        o.acl,
        o.storage_class,
        o.part_count,
        o.checksum_algorithm,
        o.checksum_type,
        o.checksum,
        place,
        body,
        o.headers,
        !o.delete_marker,
    ])?;
    Ok(())
}

/// Remove the version with this id; returns where its bytes are, which are the caller's to release.
pub fn delete(c: &Conn, bucket: &str, key: &str, version_id: &str) -> Result<Option<Place>, Error> {
    Ok(c.prepare_cached(
        "DELETE FROM objects WHERE bucket = ?1 AND key = ?2 AND version_id = ?3 RETURNING place, body",
    )?
    .query_row((bucket, key, version_id), |r| Place::read(r, 0, 1))
    .optional()?)
}

/// Give the live version of a key another ACL; false when there is none.
pub fn set_acl(c: &Conn, bucket: &str, key: &str, acl: &str) -> Result<bool, Error> {
    let n = c
        .prepare_cached("UPDATE objects SET acl = ?3 WHERE bucket = ?1 AND key = ?2 AND live = 1")?
        .execute((bucket, key, acl))?;
    Ok(n > 0)
}

/// What a listing shows of a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedRow {
    pub key: String,
    pub size: i64,
    pub etag: String,
    pub modified_at: i64,
    pub owner: String,
    pub storage_class: String,
    pub checksum_algorithm: Option<String>,
    pub checksum_type: Option<String>,
}

/// What a scan does after a row: [`ControlFlow::Continue`] with `None` goes on, with `Some(key)` jumps to the first
/// key at or after that one.
pub type Step = ControlFlow<(), Option<String>>;

/// What a scan calls: the key, and how to read the rest of the row.
pub type Visit<'v> = dyn FnMut(&str, &dyn Fn() -> Result<ListedRow, Error>) -> Result<Step, Error> + 'v;

/// Visit live objects from `from` (included) on, in key order; `visit` may jump ahead, which costs one descent of the
/// index whatever lies between. `visit` sees the key before the rest of the row is read.
pub fn scan(c: &Conn, bucket: &str, from: &str, visit: &mut Visit<'_>) -> Result<(), Error> {
    let mut q = c.prepare_cached(
        "SELECT key, size, etag, modified_at, owner, storage_class, checksum_algorithm, checksum_type
         FROM objects WHERE bucket = ?1 AND key >= ?2 AND live = 1 ORDER BY key",
    )?;
    let mut from = from.to_owned();
    'descend: loop {
        let mut rows = q.query((bucket, &from))?;
        while let Some(r) = rows.next()? {
            let whole = || listed(r).map_err(Error::from);
            match visit(r.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?, &whole)? {
                ControlFlow::Break(()) => return Ok(()),
                ControlFlow::Continue(None) => {}
                ControlFlow::Continue(Some(ahead)) => {
                    from = ahead;
                    continue 'descend;
                }
            }
        }
        return Ok(());
    }
}

fn listed(r: &Row<'_>) -> rusqlite::Result<ListedRow> {
    Ok(ListedRow {
        key: r.get(0)?,
        size: r.get(1)?,
        etag: r.get(2)?,
        modified_at: r.get(3)?,
        owner: r.get(4)?,
        storage_class: r.get(5)?,
        checksum_algorithm: r.get(6)?,
        checksum_type: r.get(7)?,
    })
}

/// Visit every version's whereabouts: bucket, key, size, place. For `check`.
pub fn each_place(c: &Conn, visit: &mut dyn FnMut(&str, &str, i64, Place)) -> Result<(), Error> {
    let mut q = c.prepare_cached("SELECT bucket, key, size, place, body FROM objects")?;
    let mut rows = q.query([])?;
    while let Some(r) = rows.next()? {
        let text = |i| -> Result<&str, Error> { Ok(r.get_ref(i)?.as_str().map_err(rusqlite::Error::from)?) };
        visit(text(0)?, text(1)?, r.get(2)?, Place::read(r, 3, 4)?);
    }
    Ok(())
}

/// Whether any object or part refers to this body.
pub fn refers(c: &Conn, kind: PlaceKind, body: &str) -> Result<bool, Error> {
    let by_object = "SELECT EXISTS (SELECT 1 FROM objects WHERE body = ?1 AND place IN ('file', 'parts'))";
    let by_part = "SELECT EXISTS (SELECT 1 FROM parts WHERE body = ?1 AND place = 'file')";
    if c.prepare_cached(by_object)?.query_row([body], |r| r.get(0))? {
        return Ok(true);
    }
    Ok(kind == PlaceKind::File && c.prepare_cached(by_part)?.query_row([body], |r| r.get(0))?)
}
