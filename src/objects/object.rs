//! Objects: put, head, delete.

use super::acl::Acl;
use super::bucket::{self, Bucket};
use super::checksum::{Algorithm, DEFAULT, Kind};
use super::condition::{Conditions, WriteFailed};
use super::encryption::Encryption;
use super::error::{Error, Result};
use super::info::{Checksum, Headers, ObjectInfo};
use super::ingest::{Content, Staged};
use super::lock::Lock;
use super::notification::{self, Cause, Changed, Event};
use super::tags::Tags;
use super::version::{self, NULL_VERSION};
use super::versioning::Versioning;
use super::{MAX_KEY, Store};
use crate::clock;
use crate::db::Conn;
use crate::db::objects::versions::{self, ObjectRow};
use crate::db::objects::{Place, bytes as db_bytes, next_number};

/// The storage class when the client names none.
pub const STANDARD: &str = "STANDARD";

/// What a write says of the object it makes.
#[derive(Debug, Clone)]
pub struct NewObject {
    pub bucket: String,
    pub key: String,
    /// Account id.
    pub owner: String,
    pub acl: Acl,
    pub storage_class: String,
    pub headers: Headers,
    pub tags: Tags,
    pub lock: Lock,
    /// The checksum that is kept; its algorithm must have been wanted of the body.
    pub checksum: Algorithm,
    pub conditions: Conditions,
    /// The request, if the bucket tells of changes.
    pub cause: Option<Box<Cause>>,
}

impl NewObject {
    /// A private object without metadata.
    pub fn of(bucket: &str, key: &str, owner: &str) -> NewObject {
        NewObject {
            bucket: bucket.into(),
            key: key.into(),
            owner: owner.into(),
            acl: Acl::private(owner),
            storage_class: STANDARD.into(),
            headers: Headers::default(),
            tags: Tags::default(),
            lock: Lock::default(),
            checksum: DEFAULT,
            conditions: Conditions::default(),
            cause: None,
        }
    }
}

/// What a write made.
#[derive(Debug, Clone)]
pub struct Written {
    /// Without quotes.
    pub etag: String,
    /// `None` unless the bucket has versioning on.
    pub version_id: Option<String>,
    /// Milliseconds.
    pub modified_at: i64,
    /// Bytes.
    pub size: u64,
    pub checksum: Option<Checksum>,
    pub tags: Tags,
    /// `None`: the body is plain.
    pub encryption: Option<Encryption>,
    /// The janitor has something to do.
    pub(super) garbage: bool,
}

/// Whether S3 takes this key.
pub fn check_key(key: &str) -> Result<()> {
    if key.len() > MAX_KEY { Err(Error::KeyTooLong { size: key.len() }) } else { Ok(()) }
}

/// The bytes and digests of an object that is about to be written.
pub(super) struct Body {
    pub place: Place,
    pub size: u64,
    pub etag: String,
    pub part_count: u32,
    pub checksum: Option<Checksum>,
    /// What opens the body; `None`: it is plain.
    pub encryption: Option<Encryption>,
}

/// Make an object current: the last step of every write, in its transaction.
pub(super) fn commit(c: &Conn, new: &NewObject, body: Body) -> Result<Written> {
    let bucket = bucket::get(c, &new.bucket)?;
    let now = clock::now_ms();
    let lock = match &bucket.lock {
        Some(lock) => lock.protect(new.lock, now),
        None if new.lock.is_empty() => new.lock,
        None => return Err(Error::NoObjectLock),
    };
    if !new.conditions.is_empty() {
        let existing = versions::live(c, &new.bucket, &new.key)?;
        new.conditions.for_write(existing.as_ref().map(|o| o.etag.as_str())).map_err(|e| at_key(e.into(), &new.key))?;
    }
    let number = next_number(c)?;
    let (version_id, old) = make_room(c, &bucket, &new.key, number)?;
    let row = ObjectRow {
        bucket: new.bucket.clone(),
        key: new.key.clone(),
        rank: -number,
        version_id,
        delete_marker: false,
        size: body.size as i64,
        etag: body.etag,
        modified_at: now,
        owner: new.owner.clone(),
        acl: new.acl.to_text(),
        storage_class: new.storage_class.clone(),
        part_count: i64::from(body.part_count),
        checksum_algorithm: body.checksum.as_ref().map(|s| s.algorithm.name().into()),
        checksum_type: body.checksum.as_ref().map(|s| s.kind.name().into()),
        checksum: body.checksum.as_ref().map(|s| s.text.clone()),
        place: body.place,
        headers: new.headers.to_json(),
        tags: new.tags.to_column(),
        lock: lock.to_column(),
        encryption: body.encryption.as_ref().map(Encryption::to_column).unwrap_or_default(),
    };
    versions::insert(c, &row)?;
    let changed = Changed {
        key: &row.key,
        size: Some(row.size),
        etag: Some(&row.etag),
        version_id: Some(&row.version_id),
        number: Some(number),
    };
    let cause = new.cause.as_deref();
    notification::emit(c, &bucket, cause.map_or(Event::Put, |cause| cause.event), changed, cause)?;
    // After the insert: a copy of an object onto itself still refers to the body.
    let garbage = match &old {
        Some(place) => db_bytes::release(c, place)?,
        None => false,
    };
    Ok(Written {
        etag: row.etag,
        version_id: (bucket.versioning == Versioning::Enabled).then_some(row.version_id),
        modified_at: row.modified_at,
        size: body.size,
        checksum: body.checksum,
        tags: new.tags.clone(),
        encryption: body.encryption,
        garbage,
    })
}

/// Before a key gets a new newest version: the id of that one, and the bytes of the one that it replaces.
fn make_room(c: &Conn, bucket: &Bucket, key: &str, number: i64) -> Result<(String, Option<Place>)> {
    match bucket.versioning {
        Versioning::Off => Ok((NULL_VERSION.into(), versions::remove_live(c, &bucket.name, key)?)),
        Versioning::Enabled => {
            versions::retire(c, &bucket.name, key)?;
            Ok((version::id_of(number), None))
        }
        Versioning::Suspended => {
            let old = match versions::null(c, &bucket.name, key)? {
                Some(old) => versions::remove(c, &bucket.name, key, old.rank)?,
                None => None,
            };
            versions::retire(c, &bucket.name, key)?;
            Ok((NULL_VERSION.into(), old))
        }
    }
}

/// Fill in the key that an error is about.
fn at_key(error: Error, key: &str) -> Error {
    match error {
        Error::NoSuchKey(_) => Error::NoSuchKey(key.to_owned()),
        other => other,
    }
}

/// Give a received body its place in the database, in the transaction of its row.
pub(super) fn place(c: &Conn, content: &Content) -> Result<Place> {
    Ok(match content {
        Content::Empty => Place::Empty,
        Content::Inline(data) => {
            let id = next_number(c)?;
            db_bytes::insert_inline(c, id, data)?;
            Place::Inline(id)
        }
        Content::File(blob) => Place::File(blob.name().to_owned()),
    })
}

/// The transaction of a PUT.
pub(super) fn put(c: &Conn, new: &NewObject, staged: Staged) -> Result<(Written, Option<String>)> {
    let checksum = staged.computed.get(new.checksum).map(|value| Checksum {
        algorithm: value.algorithm,
        kind: Kind::FullObject,
        text: value.text(),
    });
    let body = Body {
        place: place(c, &staged.content)?,
        size: staged.size,
        etag: staged.etag(),
        part_count: 0,
        checksum,
        encryption: staged.seal.note.clone().object(),
    };
    let written = commit(c, new, body)?;
    Ok((written, kept(staged)))
}

/// The row has the body now; returns the blob that is to be settled after the commit.
pub(super) fn kept(staged: Staged) -> Option<String> {
    match staged.content {
        Content::Empty | Content::Inline(_) => None,
        Content::File(blob) => Some(blob.keep()),
    }
}

impl Store {
    /// Make a received and verified body the object.
    pub async fn put(&self, new: NewObject, staged: Staged) -> Result<Written> {
        check_key(&new.key)?;
        let (written, blob) = self.write(move |c| put(c, &new, staged)).await?;
        self.committed(blob, written.garbage);
        Ok(written)
    }

    /// Put a whole object at once, on this thread.
    pub fn put_bytes(&self, bucket: &str, key: &str, account: &str, body: impl std::io::Read) -> Result<Written> {
        check_key(key)?;
        let new = NewObject::of(bucket, key, account);
        let staged = self.stage_blocking(body, &[new.checksum], self.seal_of(bucket, key, account)?)?;
        let (written, blob) = self.db.write_blocking(move |c| put(c, &new, staged))?;
        if let Some(name) = blob {
            self.blobs.settle(&name)?;
        }
        Ok(written)
    }

    /// After a commit: settle its blob, wake the janitor. Neither is waited for.
    pub(super) fn committed(&self, blob: Option<String>, garbage: bool) {
        if let Some(name) = blob {
            self.settling.lock().expect("no panic while held").push(name);
            self.settle.notify_one();
        }
        if garbage {
            self.pins.janitor.notify_one();
        }
    }

    /// The object that GET sees.
    pub fn head(&self, bucket: &str, key: &str) -> Result<ObjectInfo> {
        self.find(bucket, key, None)
    }

    /// Delete what the key's newest version is; true when there was one. Conditions hold for the object that is there.
    pub async fn delete_object(&self, bucket: &str, key: &str, conditions: Conditions) -> Result<bool> {
        Ok(self.delete(bucket, Deletion { conditions, ..Deletion::of(key) }).await?.found)
    }

    /// DeleteObject.
    pub async fn delete(&self, bucket: &str, one: Deletion) -> Result<Deleted> {
        let mut outcome = self.delete_objects(bucket, vec![one]).await?;
        outcome.pop().expect("one deletion has one outcome")
    }

    /// Delete several objects in one transaction; each has its own outcome.
    pub async fn delete_objects(&self, bucket: &str, keys: Vec<Deletion>) -> Result<Vec<Result<Deleted>>> {
        let bucket = bucket.to_owned();
        let (outcomes, garbage) = self
            .write(move |c| {
                let bucket = bucket::get(c, &bucket)?;
                let mut garbage = false;
                let outcomes = keys.iter().map(|one| delete(c, &bucket, one, &mut garbage)).collect();
                Ok::<(Vec<Result<Deleted>>, bool), Error>((outcomes, garbage))
            })
            .await?;
        self.committed(None, garbage);
        Ok(outcomes)
    }

    /// PutObjectAcl.
    pub async fn set_object_acl(
        &self,
        bucket: &str,
        key: &str,
        version_id: Option<String>,
        acl: Acl,
        cause: Cause,
    ) -> Result<()> {
        let (bucket, key) = (bucket.to_owned(), key.to_owned());
        self.write(move |c| {
            let info = version::find(c, &bucket, &key, version_id.as_deref())?;
            versions::set_acl(c, &bucket, &key, info.rank, &acl.to_text())?;
            notification::emit(c, &bucket::get(c, &bucket)?, Event::AclPut, info.changed(), Some(&cause))
        })
        .await
    }
}

/// One deletion.
#[derive(Debug, Clone, Default)]
pub struct Deletion {
    pub key: String,
    /// `None`: hide the key behind a delete marker, or remove its object in a bucket without versioning.
    pub version_id: Option<String>,
    pub conditions: Conditions,
    /// The caller may bypass governance and wants to.
    pub bypass: bool,
    /// Account id: owns the delete marker.
    pub by: String,
    /// A lifecycle rule does it.
    pub expires: bool,
    /// The request, if the bucket tells of changes.
    pub cause: Option<Box<Cause>>,
}

impl Deletion {
    /// An unconditional one of what the key's newest version is.
    pub fn of(key: &str) -> Deletion {
        Deletion { key: key.to_owned(), ..Deletion::default() }
    }
}

/// What a deletion did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deleted {
    /// There was an object, or a version of the id that was named.
    pub found: bool,
    /// The delete marker that was made or removed, or the version that was removed by its id.
    pub version_id: Option<String>,
    /// It made or removed a delete marker.
    pub marker: bool,
}

pub(super) fn delete(c: &Conn, bucket: &Bucket, one: &Deletion, garbage: &mut bool) -> Result<Deleted> {
    let (name, key) = (bucket.name.as_str(), one.key.as_str());
    if let Some(version_id) = &one.version_id {
        let mut done = Deleted { version_id: Some(version_id.clone()), ..Deleted::default() };
        let Some(row) = version::row(c, name, key, version_id)? else { return Ok(done) };
        if !one.conditions.is_empty() {
            let held = one.conditions.for_deletion(&row.etag, row.size, row.modified_at);
            held.map_err(|e| at_key(e.into(), key))?;
        }
        Lock::from_column(&row.lock)?.allows_deletion(clock::now_ms(), one.bypass)?;
        let place = versions::remove(c, name, key, row.rank)?;
        versions::promote(c, name, key)?;
        *garbage |= db_bytes::release(c, &place.unwrap_or(Place::Empty))?;
        (done.found, done.marker) = (true, row.delete_marker);
        tell(c, bucket, one, Event::Delete, Some(version_id))?;
        return Ok(done);
    }
    let existing = versions::live(c, name, key)?;
    if !one.conditions.is_empty() {
        let held = match &existing {
            Some(row) => one.conditions.for_deletion(&row.etag, row.size, row.modified_at),
            // A delete marker is there, and matches nothing.
            None if versions::current(c, name, key)?.is_some() => Err(WriteFailed::Precondition("If-Match")),
            // What is not there needs no deletion, whatever it should have been.
            None => return Ok(Deleted::default()),
        };
        held.map_err(|e| at_key(e.into(), key))?;
    }
    let mut done = Deleted { found: existing.is_some(), ..Deleted::default() };
    if bucket.versioning == Versioning::Off {
        if let Some(place) = versions::remove_live(c, name, key)? {
            *garbage |= db_bytes::release(c, &place)?;
            tell(c, bucket, one, Event::Delete, None)?;
        }
        return Ok(done);
    }
    let number = next_number(c)?;
    let (version_id, old) = make_room(c, bucket, key, number)?;
    versions::insert(c, &marker(bucket, one, number, version_id.clone()))?;
    *garbage |= db_bytes::release(c, &old.unwrap_or(Place::Empty))?;
    tell(c, bucket, one, Event::DeleteMarkerCreated, Some(&version_id))?;
    (done.version_id, done.marker) = (Some(version_id), true);
    Ok(done)
}

/// Tell of a deletion.
fn tell(c: &Conn, bucket: &Bucket, one: &Deletion, event: Event, version_id: Option<&str>) -> Result<()> {
    let event = if one.expires { event.by_rule() } else { event };
    notification::emit(
        c,
        bucket,
        event,
        Changed { key: &one.key, version_id, ..Changed::default() },
        one.cause.as_deref(),
    )
}

fn marker(bucket: &Bucket, one: &Deletion, number: i64, version_id: String) -> ObjectRow {
    let owner = if one.by.is_empty() { &bucket.owner } else { &one.by };
    ObjectRow {
        bucket: bucket.name.clone(),
        key: one.key.clone(),
        rank: -number,
        version_id,
        delete_marker: true,
        size: 0,
        etag: String::new(),
        modified_at: clock::now_ms(),
        owner: owner.clone(),
        acl: Acl::private(owner).to_text(),
        storage_class: STANDARD.into(),
        part_count: 0,
        checksum_algorithm: None,
        checksum_type: None,
        checksum: None,
        place: Place::Empty,
        headers: Headers::default().to_json(),
        tags: String::new(),
        lock: String::new(),
        encryption: String::new(),
    }
}
