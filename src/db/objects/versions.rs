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
    /// JSON; empty: none.
    pub tags: String,
    /// JSON; empty: none.
    pub lock: String,
    /// JSON; empty: the body is plain.
    pub encryption: String,
}

macro_rules! columns {
    () => {
        "bucket, key, rank, version_id, delete_marker, size, etag, modified_at, owner, acl, storage_class, part_count, \
         checksum_algorithm, checksum_type, checksum, place, body, headers, tags, lock, encryption"
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
        tags: r.get(18)?,
        lock: r.get(19)?,
        encryption: r.get(20)?,
    })
}

/// The version that GET sees; a delete marker hides the key.
pub fn live(c: &Conn, bucket: &str, key: &str) -> Result<Option<ObjectRow>, Error> {
    Ok(c.prepare_cached(concat!("SELECT ", columns!(), " FROM objects WHERE bucket = ?1 AND key = ?2 AND live = 1"))?
        .query_row((bucket, key), read)
        .optional()?)
}

/// The newest version of a key, which may be a delete marker.
pub fn current(c: &Conn, bucket: &str, key: &str) -> Result<Option<ObjectRow>, Error> {
    Ok(c.prepare_cached(concat!(
        "SELECT ",
        columns!(),
        " FROM objects WHERE bucket = ?1 AND key = ?2 ORDER BY rank LIMIT 1"
    ))?
    .query_row((bucket, key), read)
    .optional()?)
}

/// The version of this rank.
pub fn at(c: &Conn, bucket: &str, key: &str, rank: i64) -> Result<Option<ObjectRow>, Error> {
    Ok(c.prepare_cached(concat!("SELECT ", columns!(), " FROM objects WHERE bucket = ?1 AND key = ?2 AND rank = ?3"))?
        .query_row((bucket, key, rank), read)
        .optional()?)
}

/// The version `null`.
pub fn null(c: &Conn, bucket: &str, key: &str) -> Result<Option<ObjectRow>, Error> {
    if let Some(live) = live(c, bucket, key)?.filter(|row| row.version_id == "null") {
        return Ok(Some(live));
    }
    Ok(c.prepare_cached(concat!(
        "SELECT ",
        columns!(),
        " FROM objects WHERE bucket = ?1 AND key = ?2 AND version_id = 'null' AND live = 0"
    ))?
    .query_row((bucket, key), read)
    .optional()?)
}

/// The live version of a key is not the newest any more.
pub fn retire(c: &Conn, bucket: &str, key: &str) -> Result<(), Error> {
    c.prepare_cached("UPDATE objects SET live = 0 WHERE bucket = ?1 AND key = ?2 AND live = 1")?
        .execute((bucket, key))?;
    Ok(())
}

/// The newest version of a key went: the one before it is live now, unless it is a delete marker.
pub fn promote(c: &Conn, bucket: &str, key: &str) -> Result<(), Error> {
    c.prepare_cached(
        "UPDATE objects SET live = 1 WHERE bucket = ?1 AND key = ?2 AND live = 0 AND delete_marker = 0
         AND rank = (SELECT min(rank) FROM objects WHERE bucket = ?1 AND key = ?2)",
    )?
    .execute((bucket, key))?;
    Ok(())
}

/// Remove the version of this rank; returns where its bytes are, which are the caller's to release.
pub fn remove(c: &Conn, bucket: &str, key: &str, rank: i64) -> Result<Option<Place>, Error> {
    Ok(c.prepare_cached("DELETE FROM objects WHERE bucket = ?1 AND key = ?2 AND rank = ?3 RETURNING place, body")?
        .query_row((bucket, key, rank), |r| Place::read(r, 0, 1))
        .optional()?)
}

/// Give a version other tags.
pub fn set_tags(c: &Conn, bucket: &str, key: &str, rank: i64, tags: &str) -> Result<(), Error> {
    c.prepare_cached("UPDATE objects SET tags = ?4 WHERE bucket = ?1 AND key = ?2 AND rank = ?3")?
        .execute((bucket, key, rank, tags))?;
    Ok(())
}

/// Give a version another lock.
pub fn set_lock(c: &Conn, bucket: &str, key: &str, rank: i64, lock: &str) -> Result<(), Error> {
    c.prepare_cached("UPDATE objects SET lock = ?4 WHERE bucket = ?1 AND key = ?2 AND rank = ?3")?
        .execute((bucket, key, rank, lock))?;
    Ok(())
}

/// Give a version another wrap of its data key.
pub fn set_encryption(c: &Conn, bucket: &str, key: &str, rank: i64, encryption: &str) -> Result<(), Error> {
    c.prepare_cached("UPDATE objects SET encryption = ?4 WHERE bucket = ?1 AND key = ?2 AND rank = ?3")?
        .execute((bucket, key, rank, encryption))?;
    Ok(())
}

/// Give a version another storage class; false when it is gone or has it.
pub fn set_storage_class(c: &Conn, bucket: &str, key: &str, rank: i64, class: &str) -> Result<bool, Error> {
    let n = c
        .prepare_cached(
            "UPDATE objects SET storage_class = ?4 WHERE bucket = ?1 AND key = ?2 AND rank = ?3 AND storage_class <> ?4",
        )?
        .execute((bucket, key, rank, class))?;
    Ok(n == 1)
}

/// What lifecycle rules ask of a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgedRow {
    pub key: String,
    pub rank: i64,
    pub delete_marker: bool,
    /// Bytes.
    pub size: i64,
    /// Milliseconds.
    pub modified_at: i64,
    pub storage_class: String,
    /// JSON; empty: none.
    pub tags: String,
}

/// Up to `limit` versions behind the pair of key and rank, in key order and newest first.
pub fn aged(c: &Conn, bucket: &str, from: &(String, i64), limit: usize) -> Result<Vec<AgedRow>, Error> {
    let mut q = c.prepare_cached(
        "SELECT key, rank, delete_marker, size, modified_at, storage_class, tags FROM objects
         WHERE bucket = ?1 AND (key, rank) > (?2, ?3) ORDER BY key, rank LIMIT ?4",
    )?;
    let rows = q.query_map((bucket, &from.0, from.1, limit as i64), |r| {
        Ok(AgedRow {
            key: r.get(0)?,
            rank: r.get(1)?,
            delete_marker: r.get(2)?,
            size: r.get(3)?,
            modified_at: r.get(4)?,
            storage_class: r.get(5)?,
            tags: r.get(6)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Add a version that becomes the current one. The caller has seen to the one before.
pub fn insert(c: &Conn, o: &ObjectRow) -> Result<(), Error> {
    let (place, body) = o.place.columns();
    c.prepare_cached(concat!(
        "INSERT INTO objects (",
        columns!(),
        ", live) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20,?21,?22)"
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
        o.tags,
        o.lock,
        o.encryption,
        !o.delete_marker,
    ])?;
    Ok(())
}

/// Remove the live version of a key; returns where its bytes are, which are the caller's to release.
pub fn remove_live(c: &Conn, bucket: &str, key: &str) -> Result<Option<Place>, Error> {
    Ok(c.prepare_cached("DELETE FROM objects WHERE bucket = ?1 AND key = ?2 AND live = 1 RETURNING place, body")?
        .query_row((bucket, key), |r| Place::read(r, 0, 1))
        .optional()?)
}

/// Give a version another ACL.
pub fn set_acl(c: &Conn, bucket: &str, key: &str, rank: i64, acl: &str) -> Result<(), Error> {
    c.prepare_cached("UPDATE objects SET acl = ?4 WHERE bucket = ?1 AND key = ?2 AND rank = ?3")?
        .execute((bucket, key, rank, acl))?;
    Ok(())
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

/// What a listing of versions shows beside [`ListedRow`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionRow {
    pub version_id: String,
    pub delete_marker: bool,
    pub listed: ListedRow,
}

/// Where a scan of versions jumps to: behind this pair.
pub type VersionStep = ControlFlow<(), Option<(String, i64)>>;

/// What a scan of versions calls: the key, and how to read the rest of the row.
pub type VisitVersion<'v> = dyn FnMut(&str, &dyn Fn() -> Result<VersionRow, Error>) -> Result<VersionStep, Error> + 'v;

/// Visit all versions behind the pair of key and rank, in key order and newest first; else as [`scan`].
pub fn scan_all(c: &Conn, bucket: &str, from: (String, i64), visit: &mut VisitVersion<'_>) -> Result<(), Error> {
    let mut q = c.prepare_cached(
        "SELECT key, size, etag, modified_at, owner, storage_class, checksum_algorithm, checksum_type, version_id,
                delete_marker
         FROM objects WHERE bucket = ?1 AND (key, rank) > (?2, ?3) ORDER BY key, rank",
    )?;
    let mut from = from;
    'descend: loop {
        let mut rows = q.query((bucket, &from.0, from.1))?;
        while let Some(r) = rows.next()? {
            let whole = || Ok(VersionRow { version_id: r.get(8)?, delete_marker: r.get(9)?, listed: listed(r)? });
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

/// Visit every version's whereabouts: bucket, key, size, place, and what opens the body. For `check`.
pub fn each_place(c: &Conn, visit: &mut dyn FnMut(&str, &str, i64, Place, &str)) -> Result<(), Error> {
    let mut q = c.prepare_cached("SELECT bucket, key, size, place, body, encryption FROM objects")?;
    let mut rows = q.query([])?;
    while let Some(r) = rows.next()? {
        let text = |i| -> Result<&str, Error> { Ok(r.get_ref(i)?.as_str().map_err(rusqlite::Error::from)?) };
        visit(text(0)?, text(1)?, r.get(2)?, Place::read(r, 3, 4)?, text(5)?);
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
