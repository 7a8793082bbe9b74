//! The tables `uploads` and `parts`.

use super::super::{Conn, Error};
use super::Place;
use rusqlite::{OptionalExtension, Row};

/// A multipart upload in progress.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadRow {
    pub id: String,
    pub bucket: String,
    pub key: String,
    /// Milliseconds.
    pub initiated_at: i64,
    /// Account id.
    pub initiator: String,
    /// Account id: whose the object will be.
    pub owner: String,
    pub acl: String,
    pub storage_class: String,
    pub checksum_algorithm: String,
    pub checksum_type: String,
    /// The client chose the algorithm.
    pub checksum_asked: bool,
    /// JSON.
    pub headers: String,
    /// JSON; empty: none.
    pub tags: String,
    /// JSON; empty: none.
    pub lock: String,
    /// JSON; empty: the parts are plain.
    pub encryption: String,
}

/// One part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartRow {
    pub upload: String,
    pub number: i64,
    /// Bytes.
    pub size: i64,
    /// Without quotes.
    pub etag: String,
    pub checksum: String,
    /// Milliseconds.
    pub modified_at: i64,
    pub place: Place,
    /// Offset in the completed object.
    pub start: Option<i64>,
    /// Hex; empty: the body is plain.
    pub salt: String,
}

macro_rules! upload_columns {
    () => {
        "id, bucket, key, initiated_at, initiator, acl, storage_class, checksum_algorithm, checksum_type, checksum_asked, \
         headers, owner, tags, lock, encryption"
    };
}

macro_rules! part_columns {
    () => {
        "upload, number, size, etag, checksum, modified_at, place, body, start, salt"
    };
}

fn read_upload(r: &Row<'_>) -> rusqlite::Result<UploadRow> {
    Ok(UploadRow {
        id: r.get(0)?,
        bucket: r.get(1)?,
        key: r.get(2)?,
        initiated_at: r.get(3)?,
        initiator: r.get(4)?,
        acl: r.get(5)?,
        storage_class: r.get(6)?,
        checksum_algorithm: r.get(7)?,
        checksum_type: r.get(8)?,
        checksum_asked: r.get(9)?,
        headers: r.get(10)?,
        owner: r.get(11)?,
        tags: r.get(12)?,
        lock: r.get(13)?,
        encryption: r.get(14)?,
    })
}

fn read_part(r: &Row<'_>) -> rusqlite::Result<PartRow> {
    Ok(PartRow {
        upload: r.get(0)?,
        number: r.get(1)?,
        size: r.get(2)?,
        etag: r.get(3)?,
        checksum: r.get(4)?,
        modified_at: r.get(5)?,
        place: Place::read(r, 6, 7)?,
        start: r.get(8)?,
        salt: r.get(9)?,
    })
}

/// Begin an upload.
pub fn insert(c: &Conn, u: &UploadRow) -> Result<(), Error> {
    c.prepare_cached(concat!(
        "INSERT INTO uploads (",
        upload_columns!(),
        ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)"
    ))?
    .execute(rusqlite::params![
        u.id,
        u.bucket,
        u.key,
        u.initiated_at,
        u.initiator,
        u.acl,
        u.storage_class,
        u.checksum_algorithm,
        u.checksum_type,
        u.checksum_asked,
        u.headers,
        u.owner,
        u.tags,
        u.lock,
        u.encryption
    ])?;
    Ok(())
}

/// The upload of this id.
pub fn get(c: &Conn, id: &str) -> Result<Option<UploadRow>, Error> {
    Ok(c.prepare_cached(concat!("SELECT ", upload_columns!(), " FROM uploads WHERE id = ?1"))?
        .query_row([id], read_upload)
        .optional()?)
}

/// Up to `limit` uploads of a bucket after the pair (`key`, `id`), by key and id. Without an id: after every upload of
/// that key.
pub fn after(c: &Conn, bucket: &str, key: &str, id: Option<&str>, limit: usize) -> Result<Vec<UploadRow>, Error> {
    let mut q = c.prepare_cached(concat!(
        "SELECT ",
        upload_columns!(),
        " FROM uploads WHERE bucket = ?1 AND (key > ?2 OR (key = ?2 AND id > ?3)) ORDER BY key, id LIMIT ?4"
    ))?;
    // No id is greater than this one: they are hex digits.
    let rows = q.query_map((bucket, key, id.unwrap_or("~"), limit as i64), read_upload)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Remove the upload's row; its parts stay.
pub fn delete(c: &Conn, id: &str) -> Result<(), Error> {
    c.prepare_cached("DELETE FROM uploads WHERE id = ?1")?.execute([id])?;
    Ok(())
}

/// Put a part in place of the one of the same number; returns where the old one's bytes are.
pub fn put_part(c: &Conn, p: &PartRow) -> Result<Option<Place>, Error> {
    let old = delete_part(c, &p.upload, p.number)?;
    let (place, body) = p.place.columns();
    c.prepare_cached(concat!(
        "INSERT INTO parts (",
        part_columns!(),
        ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
    ))?
    .execute((
        &p.upload,
        p.number,
        p.size,
        &p.etag,
        &p.checksum,
        p.modified_at,
        place,
        body,
        p.start,
        &p.salt,
    ))?;
    Ok(old)
}

/// Remove a part; returns where its bytes are.
pub fn delete_part(c: &Conn, upload: &str, number: i64) -> Result<Option<Place>, Error> {
    Ok(c.prepare_cached("DELETE FROM parts WHERE upload = ?1 AND number = ?2 RETURNING place, body")?
        .query_row((upload, number), |r| Place::read(r, 0, 1))
        .optional()?)
}

/// Up to `limit` parts after this number, by number.
pub fn parts(c: &Conn, upload: &str, after: i64, limit: usize) -> Result<Vec<PartRow>, Error> {
    let mut q = c.prepare_cached(concat!(
        "SELECT ",
        part_columns!(),
        " FROM parts WHERE upload = ?1 AND number > ?2 ORDER BY number LIMIT ?3"
    ))?;
    let rows = q.query_map((upload, after, limit as i64), read_part)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Say where in the completed object a part begins.
pub fn set_start(c: &Conn, upload: &str, number: i64, start: i64) -> Result<(), Error> {
    c.prepare_cached("UPDATE parts SET start = ?3 WHERE upload = ?1 AND number = ?2")?
        .execute((upload, number, start))?;
    Ok(())
}

/// The part of a completed object that holds the byte at `offset`; of several that begin there, the last (the ones
/// before it are empty).
pub fn part_at(c: &Conn, upload: &str, offset: i64) -> Result<Option<PartRow>, Error> {
    Ok(c.prepare_cached(concat!(
        "SELECT ",
        part_columns!(),
        " FROM parts WHERE upload = ?1 AND start <= ?2 AND start IS NOT NULL ORDER BY start DESC, number DESC LIMIT 1"
    ))?
    .query_row((upload, offset), read_part)
    .optional()?)
}

/// The part of this number.
pub fn part(c: &Conn, upload: &str, number: i64) -> Result<Option<PartRow>, Error> {
    Ok(c.prepare_cached(concat!("SELECT ", part_columns!(), " FROM parts WHERE upload = ?1 AND number = ?2"))?
        .query_row((upload, number), read_part)
        .optional()?)
}

/// Visit every upload in progress, in order of id: its id, bucket, key and wrapped key. For `check`.
pub fn each(c: &Conn, visit: &mut dyn FnMut(&str, &str, &str, &str)) -> Result<(), Error> {
    let mut q = c.prepare_cached("SELECT id, bucket, key, encryption FROM uploads ORDER BY id")?;
    let mut rows = q.query([])?;
    while let Some(r) = rows.next()? {
        let text = |n| -> Result<&str, Error> { Ok(r.get_ref(n)?.as_str().map_err(rusqlite::Error::from)?) };
        visit(text(0)?, text(1)?, text(2)?, text(3)?);
    }
    Ok(())
}

/// Visit the place and size of every part, in order of upload and number. For `check`.
pub fn each_part(c: &Conn, visit: &mut dyn FnMut(&PartRow)) -> Result<(), Error> {
    let mut q = c.prepare_cached(concat!("SELECT ", part_columns!(), " FROM parts ORDER BY upload, number"))?;
    let mut rows = q.query([])?;
    while let Some(r) = rows.next()? {
        visit(&read_part(r)?);
    }
    Ok(())
}
