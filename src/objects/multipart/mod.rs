//! Multipart uploads: parts arrive in any order and number, completion makes a list of them the object's body.

mod complete;
mod list;

pub use complete::{Chosen, Completion};
pub use list::{UploadsPage, UploadsQuery};

use super::acl::Acl;
use super::checksum::{self, Algorithm, Kind};
use super::encryption::{Encryption, Seal};
use super::error::{Error, Result};
use super::info::{self, Headers, ObjectInfo};
use super::ingest::Staged;
use super::lock::Lock;
use super::object::{self, NewObject};
use super::tags::Tags;
use super::{Store, bucket};
use crate::clock;
use crate::db::objects::uploads::{self, PartRow, UploadRow};
use crate::db::objects::{Place, bytes as db_bytes, next_number};
use crate::db::{self, Conn};
use crate::id;

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
    /// `None`: its parts are plain.
    pub encryption: Option<Encryption>,
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
        encryption: Encryption::from_column(&row.encryption)?,
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

impl Store {
    /// CreateMultipartUpload; `kind` is the checksum's, `asked` whether the client chose the algorithm, `seal` the object's.
    pub async fn create_upload(
        &self,
        new: NewObject,
        initiator: String,
        kind: Kind,
        asked: bool,
        seal: Seal,
    ) -> Result<Upload> {
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
                encryption: seal.note.object().as_ref().map(Encryption::to_column).unwrap_or_default(),
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

    /// UploadPart: the body's digests have the upload's algorithm, and [`Store::seal_part`] sealed it.
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
                    salt: staged.seal.note.salt().to_owned(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objects::condition::Conditions;
    use std::io::Read;

    async fn begin(store: &Store) -> Upload {
        let seal = store.seal_of("b", "k", "1").unwrap();
        store.create_upload(NewObject::of("b", "k", "1"), "1".into(), Kind::FullObject, false, seal).await.unwrap()
    }

    async fn part(store: &Store, upload: &Upload, number: u32, body: &[u8]) -> Chosen {
        let staged = store.stage_blocking(body, &[upload.algorithm], store.seal_part(upload, None).unwrap()).unwrap();
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
            customer: None,
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
        let (_, mut reader) = store.read::<Error>("b", "k", None, None, |_| Ok((at, b.len() as u64 + 5))).unwrap();
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
}
