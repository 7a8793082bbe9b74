//! Multipart uploads: parts arrive in any order and number, completion makes a list of them the object's body.

use super::acl::Acl;
use super::checksum::{self, Algorithm, Kind};
use super::condition::Conditions;
use super::error::{Error, Result};
use super::info::{self, Checksum, Headers, ObjectInfo};
use super::ingest::Staged;
use super::listing::successor;
use super::lock::Lock;
use super::notification::Cause;
use super::object::{self, Body, NewObject, Written};
use super::tags::Tags;
use super::version::Versioning;
use super::{Store, bucket, listing, version};
use crate::clock;
use crate::db::objects::uploads::{self, PartRow, UploadRow};
use crate::db::objects::{Place, bytes as db_bytes, next_number};
use crate::db::{self, Conn};
use crate::id;
use md5::Digest;

/// Every part but the last has at least this many bytes.
pub const MIN_PART: u64 = 5 * 1024 * 1024;
/// The greatest part number.
pub const MAX_PARTS: u32 = 10_000;

/// An upload in progress.
#[derive(Debug, Clone)]
pub struct Upload {
    pub id: String,
    pub bucket: String,
    pub key: String,
    /// Milliseconds.
    pub initiated_at: i64,
    /// Account id.
    pub initiator: String,
    /// Account id: whose the object will be.
    pub owner: String,
    pub acl: Acl,
    pub storage_class: String,
    pub algorithm: Algorithm,
    pub kind: Kind,
    /// The client chose the algorithm.
    pub asked: bool,
    pub headers: Headers,
    pub tags: Tags,
    pub lock: Lock,
}

/// A part that was uploaded.
#[derive(Debug, Clone)]
pub struct Part {
    pub number: u32,
    /// Bytes.
    pub size: u64,
    /// Without quotes.
    pub etag: String,
    /// Of the upload's algorithm, base64.
    pub checksum: String,
    /// Milliseconds.
    pub modified_at: i64,
}

/// A part as CompleteMultipartUpload names it.
#[derive(Debug, Clone)]
pub struct Chosen {
    pub number: u32,
    /// Quoted or not.
    pub etag: String,
    pub checksum: Option<checksum::Value>,
}

/// What CompleteMultipartUpload asks for.
#[derive(Debug, Clone)]
pub struct Completion {
    pub bucket: String,
    pub key: String,
    pub upload: String,
    pub parts: Vec<Chosen>,
    pub conditions: Conditions,
    /// The checksum that the object should come to, as header text.
    pub expected: Option<(Algorithm, String)>,
    /// The bytes that the object should have.
    pub size: Option<u64>,
    /// The request, if the bucket tells of changes.
    pub cause: Option<Box<Cause>>,
}

fn read_upload(row: UploadRow) -> Result<Upload> {
    Ok(Upload {
        algorithm: info::algorithm(&row.checksum_algorithm)?,
        kind: info::kind(&row.checksum_type)?,
        asked: row.checksum_asked,
        acl: Acl::from_text(&row.acl)
            .ok_or_else(|| Error::Db(db::Error::Damaged(format!("the ACL of upload {}", row.id))))?,
        owner: row.owner,
        headers: Headers::from_json(&row.headers)?,
        tags: Tags::from_column(&row.tags)?,
        lock: Lock::from_column(&row.lock)?,
        id: row.id,
        bucket: row.bucket,
        key: row.key,
        initiated_at: row.initiated_at,
        initiator: row.initiator,
        storage_class: row.storage_class,
    })
}

fn read_part(row: PartRow) -> Part {
    Part {
        number: row.number as u32,
        size: row.size as u64,
        etag: row.etag,
        checksum: row.checksum,
        modified_at: row.modified_at,
    }
}

/// The upload in progress of this bucket, key and id.
fn get(c: &Conn, bucket: &str, key: &str, id: &str) -> Result<Upload> {
    match uploads::get(c, id)? {
        Some(row) if row.bucket == bucket && row.key == key => read_upload(row),
        Some(_) | None => {
            bucket::get(c, bucket)?;
            Err(Error::NoSuchUpload(id.to_owned()))
        }
    }
}

/// Which uploads a page shows.
#[derive(Debug, Clone, Default)]
pub struct UploadsQuery {
    pub prefix: String,
    /// Empty: none.
    pub delimiter: String,
    pub key_marker: Option<String>,
    /// Counts only beside a key marker.
    pub id_marker: Option<String>,
    pub limit: usize,
}

/// A page of uploads.
#[derive(Debug, Clone, Default)]
pub struct UploadsPage {
    pub uploads: Vec<Upload>,
    pub prefixes: Vec<String>,
    /// There is more: the key (or prefix) and id after which the next page begins.
    pub next: Option<(String, String)>,
}

impl Store {
    /// CreateMultipartUpload; `kind` is the checksum's, `asked` whether the client chose the algorithm.
    pub async fn create_upload(&self, new: NewObject, initiator: String, kind: Kind, asked: bool) -> Result<Upload> {
        object::check_key(&new.key)?;
        self.write(move |c| {
            let bucket = bucket::get(c, &new.bucket)?;
            if bucket.lock.is_none() && !new.lock.is_empty() {
                return Err(Error::NoObjectLock);
            }
            let row = UploadRow {
                // By time first, then unguessable.
                id: format!("{:012x}{}", next_number(c)?, id::hex(16)),
                bucket: new.bucket,
                key: new.key,
                initiated_at: clock::now_ms(),
                initiator,
                owner: new.owner,
                acl: new.acl.to_text(),
                storage_class: new.storage_class,
                checksum_algorithm: new.checksum.name().into(),
                checksum_type: kind.name().into(),
                checksum_asked: asked,
                headers: new.headers.to_json(),
                tags: new.tags.to_column(),
                lock: new.lock.to_column(),
            };
            uploads::insert(c, &row)?;
            read_upload(row)
        })
        .await
    }

    /// The upload in progress of this bucket, key and id.
    pub fn upload(&self, bucket: &str, key: &str, id: &str) -> Result<Upload> {
        self.db.read(|c| get(c, bucket, key, id))
    }

    /// UploadPart: the body's digests have the upload's algorithm.
    pub async fn put_part(&self, upload: &Upload, number: u32, staged: Staged) -> Result<Part> {
        let upload = upload.clone();
        let (part, blob, garbage) = self
            .write(move |c| {
                get(c, &upload.bucket, &upload.key, &upload.id)?;
                let value = staged.computed.get(upload.algorithm);
                let row = PartRow {
                    upload: upload.id,
                    number: i64::from(number),
                    size: staged.size as i64,
                    etag: staged.etag(),
                    checksum: value.map(checksum::Value::text).unwrap_or_default(),
                    modified_at: clock::now_ms(),
                    place: object::place(c, &staged.content)?,
                    start: None,
                };
                let garbage = match uploads::put_part(c, &row)? {
                    Some(old) => db_bytes::release(c, &old)?,
                    None => false,
                };
                Ok::<_, Error>((read_part(row), object::kept(staged), garbage))
            })
            .await?;
        self.committed(blob, garbage);
        Ok(part)
    }

    /// ListParts: up to `limit` parts after a number, and whether there are more.
    pub fn parts(&self, upload: &Upload, after: u32, limit: usize) -> Result<(Vec<Part>, bool)> {
        let rows = self.db.read(|c| uploads::parts(c, &upload.id, i64::from(after), limit + 1))?;
        let more = rows.len() > limit;
        Ok((rows.into_iter().take(limit).map(read_part).collect(), more))
    }

    /// CompleteMultipartUpload. Repeating one that succeeded gives the same answer.
    pub async fn complete_upload(&self, completion: Completion) -> Result<Written> {
        let written = self.write(move |c| complete(c, completion)).await?;
        self.committed(None, written.garbage);
        Ok(written)
    }

    /// AbortMultipartUpload.
    pub async fn abort_upload(&self, bucket: &str, key: &str, id: &str) -> Result<()> {
        let (bucket, key, id) = (bucket.to_owned(), key.to_owned(), id.to_owned());
        let garbage = self
            .write(move |c| {
                get(c, &bucket, &key, &id)?;
                uploads::delete(c, &id)?;
                Ok::<_, Error>(db_bytes::release(c, &Place::Parts(id))?)
            })
            .await?;
        self.committed(None, garbage);
        Ok(())
    }

    /// ListMultipartUploads. Blocks.
    pub fn list_uploads(&self, bucket: &str, query: &UploadsQuery) -> Result<UploadsPage> {
        self.db.read(|c| list(c, bucket, query))
    }

    /// Up to `limit` parts of an object that was uploaded in parts, after a number, and whether there are more.
    pub fn object_parts(&self, object: &ObjectInfo, after: u32, limit: usize) -> Result<(Vec<Part>, bool)> {
        let upload = match &object.place {
            Place::Parts(upload) if object.part_count > 0 => upload,
            Place::Parts(_) | Place::Empty | Place::Inline(_) | Place::File(_) => return Ok((Vec::new(), false)),
        };
        let rows = self.db.read(|c| uploads::parts(c, upload, i64::from(after), limit + 1))?;
        let more = rows.len() > limit;
        Ok((rows.into_iter().take(limit).map(read_part).collect(), more))
    }

    /// The part of this number of an object that was uploaded in parts: its offset and size.
    pub fn part_of(&self, object: &ObjectInfo, number: u32) -> Result<Option<(u64, Part)>> {
        match &object.place {
            Place::Parts(upload) if object.part_count > 0 => {
                let row = self.db.read(|c| uploads::part(c, upload, i64::from(number)))?;
                Ok(row.map(|row| (row.start.unwrap_or_default() as u64, read_part(row))))
            }
            Place::Parts(_) | Place::Empty | Place::Inline(_) | Place::File(_) => Ok(None),
        }
    }
}

fn list(c: &Conn, bucket: &str, query: &UploadsQuery) -> Result<UploadsPage> {
    let grouping = listing::Query {
        prefix: query.prefix.clone(),
        delimiter: query.delimiter.clone(),
        after: None,
        limit: query.limit,
    };
    let mut page = UploadsPage::default();
    if query.limit == 0 {
        return Ok(page);
    }
    // The walk stands behind the pair (key, id); without an id, behind every upload of the key.
    let mut at: (String, Option<String>) = match &query.key_marker {
        Some(marker) => match grouping.group(marker).map(successor) {
            Some(Some(next)) => (next, Some(String::new())),
            Some(None) => return Ok(page),
            None => (marker.clone(), query.id_marker.clone()),
        },
        None => (String::new(), None),
    };
    if at.0 < query.prefix {
        at = (query.prefix.clone(), Some(String::new()));
    }
    let mut last = (String::new(), String::new());
    'walk: loop {
        let rows = uploads::after(c, bucket, &at.0, at.1.as_deref(), query.limit + 1)?;
        let whole = rows.len() <= query.limit;
        for row in rows {
            at = (row.key.clone(), Some(row.id.clone()));
            if !row.key.starts_with(&query.prefix) {
                return Ok(page);
            }
            if page.uploads.len() + page.prefixes.len() == query.limit {
                page.next = Some(last);
                return Ok(page);
            }
            match grouping.group(&row.key) {
                Some(group) => {
                    page.prefixes.push(group.to_owned());
                    last = (group.to_owned(), String::new());
                    let Some(next) = successor(group) else { return Ok(page) };
                    at = (next, Some(String::new()));
                    continue 'walk;
                }
                None => {
                    last = (row.key.clone(), row.id.clone());
                    page.uploads.push(read_upload(row)?);
                }
            }
        }
        if whole {
            return Ok(page);
        }
    }
}

/// The transaction of a completion.
fn complete(c: &Conn, completion: Completion) -> Result<Written> {
    let id = completion.upload.clone();
    let upload = match get(c, &completion.bucket, &completion.key, &id) {
        Ok(upload) => upload,
        Err(Error::NoSuchUpload(id)) => return completed_before(c, &completion, id),
        Err(e) => return Err(e),
    };
    let rows = uploads::parts(c, &id, 0, MAX_PARTS as usize)?;
    let chosen = choose(&upload, &rows, &completion.parts)?;

    let mut etags = md5::Md5::default();
    let mut sums = Vec::with_capacity(chosen.len());
    let mut size = 0;
    for row in &chosen {
        let damaged = || Error::Db(db::Error::Damaged(format!("part {} of upload {id}", row.number)));
        etags.update(hex::decode(&row.etag).map_err(|_| damaged())?);
        let sum = checksum::Value::parse(upload.algorithm, &row.checksum).ok_or_else(damaged)?;
        sums.push((sum, row.size as u64));
        uploads::set_start(c, &id, row.number, size as i64)?;
        size += row.size as u64;
    }
    let text = checksum::of_parts(upload.algorithm, upload.kind, &sums);
    if let Some((algorithm, expected)) = &completion.expected
        && *algorithm == upload.algorithm
        && *expected != text
        && expected.split('-').next() != text.split('-').next()
    {
        return Err(Error::ChecksumMismatch { algorithm: *algorithm });
    }
    if let Some(expected) = completion.size
        && expected != size
    {
        return Err(Error::InvalidRequest(format!(
            "The provided 'x-amz-mp-object-size' header value {expected} does not match what was computed: {size}"
        )));
    }
    let mut garbage = false;
    let mut kept = chosen.iter().map(|row| row.number).peekable();
    for row in &rows {
        if kept.peek() == Some(&row.number) {
            kept.next();
        } else if let Some(place) = uploads::delete_part(c, &id, row.number)? {
            garbage |= db_bytes::release(c, &place)?;
        }
    }
    let new = NewObject {
        bucket: upload.bucket,
        key: upload.key,
        owner: upload.owner,
        acl: upload.acl,
        storage_class: upload.storage_class,
        headers: upload.headers,
        tags: upload.tags,
        lock: upload.lock,
        checksum: upload.algorithm,
        conditions: completion.conditions,
        cause: completion.cause,
    };
    let body = Body {
        place: Place::Parts(id.clone()),
        size,
        etag: format!("{}-{}", hex::encode(etags.finalize()), chosen.len()),
        part_count: chosen.len() as u32,
        checksum: Some(Checksum { algorithm: upload.algorithm, kind: upload.kind, text }),
    };
    uploads::delete(c, &id)?;
    let mut written = object::commit(c, &new, body)?;
    written.garbage |= garbage;
    Ok(written)
}

/// The upload is not there: perhaps because this completion succeeded before.
fn completed_before(c: &Conn, completion: &Completion, id: String) -> Result<Written> {
    match version::find(c, &completion.bucket, &completion.key, None) {
        Ok(object) if object.place == Place::Parts(id.clone()) && object.part_count > 0 => Ok(Written {
            etag: object.etag,
            version_id: (bucket::get(c, &completion.bucket)?.versioning == Versioning::Enabled)
                .then_some(object.version_id),
            modified_at: object.modified_at,
            size: object.size,
            checksum: object.checksum,
            tags: object.tags,
            garbage: false,
        }),
        Ok(_) | Err(Error::NoSuchKey(_) | Error::Deleted { .. }) => Err(Error::NoSuchUpload(id)),
        Err(e) => Err(e),
    }
}

/// Check the list of parts against what was uploaded; returns the rows in the list's order.
fn choose<'r>(upload: &Upload, rows: &'r [PartRow], list: &[Chosen]) -> Result<Vec<&'r PartRow>> {
    let ascending = list.windows(2).all(|pair| pair[0].number < pair[1].number);
    if !ascending {
        return Err(Error::InvalidPartOrder { upload: upload.id.clone() });
    }
    let mut chosen = Vec::with_capacity(list.len());
    for (n, part) in list.iter().enumerate() {
        let etag = part.etag.trim_matches('"');
        let invalid = || Error::InvalidPart { upload: upload.id.clone(), part: part.number, etag: etag.to_owned() };
        let at = rows.binary_search_by_key(&i64::from(part.number), |r| r.number).map_err(|_| invalid())?;
        let row = &rows[at];
        if row.etag != etag {
            return Err(invalid());
        }
        match &part.checksum {
            Some(value) if value.algorithm == upload.algorithm && value.text() != row.checksum => return Err(invalid()),
            Some(_) | None => {}
        }
        if n + 1 < list.len() && (row.size as u64) < MIN_PART {
            return Err(Error::EntityTooSmall { part: part.number, etag: row.etag.clone(), size: row.size as u64 });
        }
        chosen.push(row);
    }
    Ok(chosen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    async fn begin(store: &Store) -> Upload {
        store.create_upload(NewObject::of("b", "k", "1"), "1".into(), Kind::FullObject, false).await.unwrap()
    }

    async fn part(store: &Store, upload: &Upload, number: u32, body: &[u8]) -> Chosen {
        let staged = store.stage_blocking(body, &[upload.algorithm]).unwrap();
        let part = store.put_part(upload, number, staged).await.unwrap();
        Chosen { number, etag: format!("\"{}\"", part.etag), checksum: None }
    }

    fn completion(upload: &Upload, parts: &[&Chosen]) -> Completion {
        Completion {
            bucket: "b".into(),
            key: "k".into(),
            upload: upload.id.clone(),
            parts: parts.iter().map(|p| (*p).clone()).collect(),
            conditions: Conditions::default(),
            expected: None,
            size: None,
            cause: None,
        }
    }

    fn pattern(size: usize, seed: u8) -> Vec<u8> {
        (0..size).map(|n| (n as u8).wrapping_mul(31).wrapping_add(seed)).collect()
    }

    #[tokio::test]
    async fn parts_become_one_object_whatever_their_order_of_arrival() {
        let (_dir, store) = super::super::tests::store();
        let upload = begin(&store).await;
        let (a, b, c) = (pattern(MIN_PART as usize, 1), pattern(MIN_PART as usize + 7, 2), pattern(100, 3));
        let third = part(&store, &upload, 30, &c).await;
        let unused = part(&store, &upload, 12, &b).await;
        let first = part(&store, &upload, 1, &a).await;
        part(&store, &upload, 2, &a).await;
        let second = part(&store, &upload, 2, &b).await;
        assert_eq!(unused.etag, second.etag);
        let written = store.complete_upload(completion(&upload, &[&first, &second, &third])).await.unwrap();
        assert!(written.etag.ends_with("-3"));
        let again = store.complete_upload(completion(&upload, &[&first, &second, &third])).await.unwrap();
        assert_eq!(again.etag, written.etag, "repeating it gives the same answer");
        super::super::janitor::collect(&store).unwrap();

        let whole = [&a[..], &b, &c].concat();
        let (info, mut reader) = store.open_object("b", "k", "1").unwrap();
        let mut got = Vec::new();
        reader.read_to_end(&mut got).unwrap();
        assert!(got == whole);
        let mut sum = checksum::Hasher::new(upload.algorithm);
        sum.update(&whole);
        assert_eq!(info.checksum.as_ref().unwrap().text, sum.finish().text());
        let at = a.len() as u64 - 3;
        let (_, mut reader) = store.read::<Error>("b", "k", None, |_| Ok((at, b.len() as u64 + 5))).unwrap();
        let mut got = Vec::new();
        reader.read_to_end(&mut got).unwrap();
        assert!(got == whole[at as usize..at as usize + b.len() + 5]);
        assert_eq!(store.part_of(&info, 30).unwrap().unwrap().0, (a.len() + b.len()) as u64);
        assert_eq!(store.check().unwrap(), []);
    }

    #[tokio::test]
    async fn completion_refuses_wrong_lists() {
        let (_dir, store) = super::super::tests::store();
        let upload = begin(&store).await;
        let one = part(&store, &upload, 1, &pattern(10, 1)).await;
        let two = part(&store, &upload, 2, &pattern(10, 2)).await;
        let wrong = Chosen { etag: "0".repeat(32), ..two.clone() };
        let absent = Chosen { number: 3, ..two.clone() };
        let outcome = |parts: Vec<Chosen>| {
            let (store, upload) = (store.clone(), upload.clone());
            async move { store.complete_upload(completion(&upload, &parts.iter().collect::<Vec<_>>())).await }
        };
        assert!(matches!(outcome(vec![two.clone(), one.clone()]).await, Err(Error::InvalidPartOrder { .. })));
        assert!(matches!(outcome(vec![one.clone(), one.clone()]).await, Err(Error::InvalidPartOrder { .. })));
        assert!(matches!(outcome(vec![one.clone(), wrong]).await, Err(Error::EntityTooSmall { .. })));
        assert!(matches!(outcome(vec![absent]).await, Err(Error::InvalidPart { part: 3, .. })));
        assert!(matches!(outcome(vec![one.clone(), two.clone()]).await, Err(Error::EntityTooSmall { part: 1, .. })));
        assert!(matches!(store.head("b", "k"), Err(Error::NoSuchKey(_))));
        outcome(vec![two]).await.expect("a single small part is the last one");
    }

    #[tokio::test]
    async fn an_aborted_upload_leaves_nothing() {
        let (_dir, store) = super::super::tests::store();
        let upload = begin(&store).await;
        part(&store, &upload, 1, &pattern(10, 1)).await;
        part(&store, &upload, 2, &pattern(100_000, 1)).await;
        store.abort_upload("b", "k", &upload.id).await.unwrap();
        assert!(matches!(store.abort_upload("b", "k", &upload.id).await, Err(Error::NoSuchUpload(_))));
        super::super::janitor::collect(&store).unwrap();
        let mut blobs = 0;
        store.blobs.list(true, &mut |_| blobs += 1).unwrap();
        assert_eq!(blobs, 0);
        assert_eq!(store.check().unwrap(), []);
    }

    #[tokio::test]
    async fn uploads_are_listed_by_key_then_time_in_pages() {
        let (_dir, store) = super::super::tests::store();
        let mut made = Vec::new();
        for key in ["b/1", "a", "a", "b/2", "c"] {
            let upload =
                store.create_upload(NewObject::of("b", key, "1"), "1".into(), Kind::FullObject, false).await.unwrap();
            made.push((key.to_owned(), upload.id));
        }
        made.sort();
        let mut query = UploadsQuery { limit: 2, ..Default::default() };
        let mut seen = Vec::new();
        loop {
            let page = store.list_uploads("b", &query).unwrap();
            seen.extend(page.uploads.into_iter().map(|u| (u.key, u.id)));
            match page.next {
                Some((key, id)) => (query.key_marker, query.id_marker) = (Some(key), Some(id)),
                None => break,
            }
        }
        assert_eq!(seen, made);
        let query = UploadsQuery { delimiter: "/".into(), limit: 3, ..Default::default() };
        let page = store.list_uploads("b", &query).unwrap();
        assert_eq!((page.uploads.len(), page.prefixes), (2, vec!["b/".to_owned()]));
        let (key, id) = page.next.unwrap();
        let query = UploadsQuery { key_marker: Some(key), id_marker: Some(id), ..query };
        let page = store.list_uploads("b", &query).unwrap();
        assert_eq!((page.uploads[0].key.as_str(), page.prefixes.len(), page.next), ("c", 0, None));
    }
}
