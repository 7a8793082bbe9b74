//! Objects: put, head, delete.

use super::acl::Acl;
use super::bucket;
use super::checksum::{Algorithm, DEFAULT, Kind};
use super::condition::Conditions;
use super::error::{Error, Result};
use super::info::{Checksum, Headers, ObjectInfo};
use super::ingest::{Content, Staged};
use super::{MAX_KEY, Store};
use crate::clock;
use crate::db::Conn;
use crate::db::objects::versions::{self, ObjectRow};
use crate::db::objects::{Place, bytes as db_bytes, next_number};

/// The version id of an object that was written without versioning.
pub const NULL_VERSION: &str = "null";
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
    /// The checksum that is kept; its algorithm must have been wanted of the body.
    pub checksum: Algorithm,
    pub conditions: Conditions,
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
            checksum: DEFAULT,
            conditions: Conditions::default(),
        }
    }
}

/// What a write made.
#[derive(Debug, Clone)]
pub struct Written {
    /// Without quotes.
    pub etag: String,
    pub version_id: String,
    /// Milliseconds.
    pub modified_at: i64,
    /// Bytes.
    pub size: u64,
    pub checksum: Option<Checksum>,
    /// The janitor has something to do.
    pub(super) garbage: bool,
}

/// Whether S3 takes this key.
pub fn check_key(key: &str) -> Result<()> {
    if key.len() > MAX_KEY { Err(Error::KeyTooLong { size: key.len() }) } else { Ok(()) }
}

/// The version that GET sees.
pub(super) fn live(c: &Conn, bucket: &str, key: &str) -> Result<ObjectInfo> {
    match versions::live(c, bucket, key)? {
        Some(row) => ObjectInfo::read(row),
        None => {
            bucket::get(c, bucket)?;
            Err(Error::NoSuchKey(key.to_owned()))
        }
    }
}

/// The bytes and digests of an object that is about to be written.
pub(super) struct Body {
    pub place: Place,
    pub size: u64,
    pub etag: String,
    pub part_count: u32,
    pub checksum: Option<Checksum>,
}

/// Make an object current: the last step of every write, in its transaction.
pub(super) fn commit(c: &Conn, new: &NewObject, body: Body) -> Result<Written> {
    bucket::get(c, &new.bucket)?;
    if !new.conditions.is_empty() {
        let existing = versions::live(c, &new.bucket, &new.key)?;
        new.conditions.for_write(existing.as_ref().map(|o| o.etag.as_str())).map_err(|e| at_key(e.into(), &new.key))?;
    }
    let old = versions::delete(c, &new.bucket, &new.key, NULL_VERSION)?;
    let row = ObjectRow {
        bucket: new.bucket.clone(),
        key: new.key.clone(),
        rank: -next_number(c)?,
        version_id: NULL_VERSION.into(),
        delete_marker: false,
        size: body.size as i64,
        etag: body.etag,
        modified_at: clock::now_ms(),
        owner: new.owner.clone(),
        acl: new.acl.to_text(),
        storage_class: new.storage_class.clone(),
        part_count: i64::from(body.part_count),
        checksum_algorithm: body.checksum.as_ref().map(|s| s.algorithm.name().into()),
        checksum_type: body.checksum.as_ref().map(|s| s.kind.name().into()),
        checksum: body.checksum.as_ref().map(|s| s.text.clone()),
        place: body.place,
        headers: new.headers.to_json(),
    };
    versions::insert(c, &row)?;
    // After the insert: a copy of an object onto itself still refers to the body.
    let garbage = match &old {
        Some(place) => db_bytes::release(c, place)?,
        None => false,
    };
    Ok(Written {
        etag: row.etag,
        version_id: row.version_id,
        modified_at: row.modified_at,
        size: body.size,
        checksum: body.checksum,
        garbage,
    })
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
fn put(c: &Conn, new: &NewObject, staged: Staged) -> Result<(Written, Option<String>)> {
    let checksum = staged.computed.get(new.checksum).map(|value| Checksum {
        algorithm: value.algorithm,
        kind: Kind::FullObject,
        text: value.text(),
    });
    let body =
        Body { place: place(c, &staged.content)?, size: staged.size, etag: staged.etag(), part_count: 0, checksum };
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
        let staged = self.stage_blocking(body, &[new.checksum])?;
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
        self.db.read(|c| live(c, bucket, key))
    }

    /// Delete an object; true when there was one. Conditions hold for the object that is there.
    pub async fn delete_object(&self, bucket: &str, key: &str, conditions: Conditions) -> Result<bool> {
        let one = Deletion { key: key.to_owned(), conditions };
        let outcome = self.delete_objects(bucket, vec![one]).await?;
        outcome.into_iter().next().unwrap_or(Ok(false))
    }

    /// Delete several objects in one transaction; each has its own outcome.
    pub async fn delete_objects(&self, bucket: &str, keys: Vec<Deletion>) -> Result<Vec<Result<bool>>> {
        let bucket = bucket.to_owned();
        let (outcomes, garbage) = self
            .write(move |c| {
                bucket::get(c, &bucket)?;
                let mut garbage = false;
                let outcomes = keys.iter().map(|one| delete(c, &bucket, one, &mut garbage)).collect();
                Ok::<(Vec<Result<bool>>, bool), Error>((outcomes, garbage))
            })
            .await?;
        self.committed(None, garbage);
        Ok(outcomes)
    }

    /// PutObjectAcl.
    pub async fn set_object_acl(&self, bucket: &str, key: &str, acl: Acl) -> Result<()> {
        let (bucket, key) = (bucket.to_owned(), key.to_owned());
        self.write(move |c| {
            if versions::set_acl(c, &bucket, &key, &acl.to_text())? { Ok(()) } else { Err(Error::NoSuchKey(key)) }
        })
        .await
    }
}

/// One key of a deletion.
#[derive(Debug, Clone, Default)]
pub struct Deletion {
    pub key: String,
    pub conditions: Conditions,
}

fn delete(c: &Conn, bucket: &str, one: &Deletion, garbage: &mut bool) -> Result<bool> {
    if !one.conditions.is_empty() {
        let existing = versions::live(c, bucket, &one.key)?;
        // What is not there needs no deletion, whatever it should have been.
        let Some(existing) = existing else { return Ok(false) };
        one.conditions.for_write(Some(&existing.etag)).map_err(|e| at_key(e.into(), &one.key))?;
    }
    let Some(place) = versions::delete(c, bucket, &one.key, NULL_VERSION)? else { return Ok(false) };
    *garbage |= db_bytes::release(c, &place)?;
    Ok(true)
}
