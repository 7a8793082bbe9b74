//! Copies: the new object refers to the source's body, so no bytes are written.
//!
//! Bytes are read once when the copy needs a digest that the source does not have: another checksum algorithm, or the MD5
//! of an object that was uploaded in parts (its copy is no multipart object any more). They are written anew only where
//! a plain body gets sealed or a sealed one plain: else a copy wraps the body's data key anew.

use super::bucket::Bucket;
use super::checksum::{Algorithm, DEFAULT, Digests, Kind};
use super::condition::{Conditions, Failed};
use super::encryption::{self, Asked, CustomerKey, Encryption, Seal};
use super::error::{Error, Result};
use super::info::{Checksum, Headers, ObjectInfo};
use super::ingest::Staged;
use super::object::{self, Body, NewObject, Written};
use super::{MAX_PUT, Reader, Store, version};
use crate::db::Conn;
use crate::db::objects::{Place, bytes as db_bytes, next_number};
use crate::id;
use std::sync::Arc;

/// Where a copy comes from.
#[derive(Debug, Clone)]
pub struct Source {
    pub bucket: String,
    pub key: String,
    pub version_id: Option<String>,
    pub conditions: Conditions,
}

/// Says whether an object may be copied; without one, whether the caller may know that there is none.
pub type May<'m> = &'m (dyn Fn(&Bucket, Option<&ObjectInfo>) -> Result<()> + Sync);

/// What CopyObject asks for.
#[derive(Debug, Clone)]
pub struct Copy {
    pub source: Source,
    /// Where to; its `headers` and `checksum` are used as the fields below say.
    pub to: NewObject,
    /// Take `to.headers` in place of the source's.
    pub replace_headers: bool,
    /// Take `to.tags` in place of the source's.
    pub replace_tags: bool,
    /// Keep `to.checksum` in place of the source's algorithm.
    pub replace_checksum: bool,
    /// Something else changes too (a storage class, say), so copying an object onto itself makes sense.
    pub changes: bool,
    /// How the copy is to be encrypted.
    pub asked: Asked,
    /// Who copies: account id.
    pub account: String,
    /// Opens a source that is encrypted with a key of the customer's.
    pub source_key: Option<CustomerKey>,
}

/// Where the copy's bytes are to come from.
enum Bytes {
    /// The source's body, for which the copy may have another wrap of the same data key.
    Shared {
        encryption: Option<Encryption>,
        digested: Option<Digested>,
        /// In place of the source's.
        etag: Option<String>,
    },
    /// A body of its own, because the source's is plain and the copy's is not, or the other way round.
    Rewritten { rank: i64, staged: Staged, algorithm: Algorithm },
}

/// What reading the source's bytes gave.
struct Digested {
    rank: i64,
    etag: String,
    checksum: Checksum,
}

impl Store {
    /// The source of a copy, if `may` says so and its conditions hold.
    pub fn copy_source(&self, source: &Source, may: May<'_>) -> Result<ObjectInfo> {
        let bucket = self.bucket(&source.bucket)?;
        let found = self.find(&source.bucket, &source.key, source.version_id.as_deref());
        may(&bucket, found.as_ref().ok())?;
        let info = found.map_err(|e| match e {
            Error::IsDeleteMarker { .. } => Error::InvalidRequest(
                "The source of a copy request may not specifically refer to a delete marker by version id.".into(),
            ),
            other => other,
        })?;
        match source.conditions.for_read(&info.etag, info.modified_at) {
            Ok(()) => Ok(info),
            // A copy has no "not modified": every failed condition is 412.
            Err(Failed::NotModified) => Err(Error::PreconditionFailed { header: "x-amz-copy-source-If-None-Match" }),
            Err(Failed::Precondition(header)) => Err(Error::PreconditionFailed { header }),
        }
    }

    /// CopyObject; returns also the version that was copied.
    pub async fn copy(self: &Arc<Self>, copy: Copy, may: May<'_>) -> Result<(Written, ObjectInfo)> {
        object::check_key(&copy.to.key)?;
        let onto_itself =
            copy.source.bucket == copy.to.bucket && copy.source.key == copy.to.key && copy.source.version_id.is_none();
        if onto_itself && !copy.replace_headers && !copy.changes && !copy.replace_checksum {
            return Err(Error::InvalidRequest(
                "This copy request is illegal because it is trying to copy an object to itself without changing the \
                 object's metadata, storage class, website redirect location or encryption attributes."
                    .into(),
            ));
        }
        loop {
            let info = self.copy_source(&copy.source, may)?;
            if info.size > MAX_PUT {
                return Err(Error::InvalidRequest(format!(
                    "The specified copy source is larger than the maximum allowable size for a copy source: {MAX_PUT}"
                )));
            }
            let have = info.checksum.as_ref().filter(|c| c.kind == Kind::FullObject).map(|c| c.algorithm);
            let wanted = match &info.checksum {
                _ if copy.replace_checksum => copy.to.checksum,
                Some(checksum) => checksum.algorithm,
                None => DEFAULT,
            };
            let job = Arc::new(copy.clone());
            let bytes = match self.bytes_of_copy(&job, &info, have, wanted).await {
                Ok(bytes) => bytes,
                // It went, or another one came, between the look and the read: look again.
                Err(Error::NoSuchKey(_) | Error::NoSuchVersion { .. } | Error::IsDeleteMarker { .. }) => continue,
                Err(e) => return Err(e),
            };
            let rank = info.rank;
            if let Some((written, blob)) = self.write(move |c| refer(c, &job, rank, bytes)).await? {
                self.committed(blob, written.garbage);
                return Ok((written, info));
            }
        }
    }

    /// The source's body for the copy, with what is to be known of it. `have` is the algorithm of the source's checksum.
    async fn bytes_of_copy(
        self: &Arc<Self>,
        copy: &Arc<Copy>,
        info: &ObjectInfo,
        have: Option<Algorithm>,
        wanted: Algorithm,
    ) -> Result<Bytes> {
        let data = self.unlock(info, copy.source_key.as_ref())?;
        let was_sealed = data.is_some();
        let bucket = self.bucket(&copy.to.bucket)?;
        let at = encryption::Place { bucket: &bucket, key: &copy.to.key, account: &copy.account };
        let seal = self.seal_with(at, &copy.asked, data)?;
        let (store, info, copy) = (self.clone(), info.clone(), copy.clone());
        if was_sealed != seal.key.is_some() {
            return blocking(move || store.rewrite(&info, &copy, wanted, seal)).await;
        }
        let encryption = seal.note.object();
        let hides_etag = encryption.as_ref().is_some_and(Encryption::hides_etag);
        let no_md5 = info.part_count > 0 || info.encryption.as_ref().is_some_and(Encryption::hides_etag);
        let digested = if have != Some(wanted) || (no_md5 && !hides_etag) {
            Some(blocking(move || store.digest(&info, &copy, wanted)).await?)
        } else {
            None
        };
        let etag = hides_etag.then(|| id::hex(16));
        Ok(Bytes::Shared { encryption, digested, etag })
    }

    fn rewrite(&self, info: &ObjectInfo, copy: &Copy, algorithm: Algorithm, seal: Seal) -> Result<Bytes> {
        let (rank, reader) = self.source_reader(info, copy)?;
        Ok(Bytes::Rewritten { rank, staged: self.stage_blocking(reader, &[algorithm], seal)?, algorithm })
    }

    fn source_reader(&self, info: &ObjectInfo, copy: &Copy) -> Result<(i64, Reader)> {
        let mut rank = info.rank;
        let (_, reader) =
            self.read(&info.bucket, &info.key, Some(&info.version_id), copy.source_key.as_ref(), |now| {
                rank = now.rank;
                Ok::<_, Error>((0, now.size))
            })?;
        Ok((rank, reader))
    }

    fn digest(&self, info: &ObjectInfo, copy: &Copy, algorithm: Algorithm) -> Result<Digested> {
        let (rank, mut reader) = self.source_reader(info, copy)?;
        let mut digests = Digests::new(&[algorithm]);
        loop {
            let piece = reader.piece(1024 * 1024)?;
            if piece.is_empty() {
                break;
            }
            digests.update(std::slice::from_ref(&piece));
        }
        let computed = digests.finish();
        let text = computed.get(algorithm).expect("it was wanted").text();
        Ok(Digested {
            rank,
            etag: hex::encode(computed.md5),
            checksum: Checksum { algorithm, kind: Kind::FullObject, text },
        })
    }
}

/// Run what blocks on a thread that may.
async fn blocking<T: Send + 'static>(job: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(job).await.map_err(|e| Error::Io(std::io::Error::other(e)))?
}

/// The transaction of a copy, and the blob that is to be settled after it; `None` when the source was replaced meanwhile.
fn refer(c: &Conn, copy: &Copy, rank: i64, bytes: Bytes) -> Result<Option<(Written, Option<String>)>> {
    let source = version::find(c, &copy.source.bucket, &copy.source.key, copy.source.version_id.as_deref())?;
    let same = match &bytes {
        // The key is of the body that was looked at, the digest of the one that was read: both must be this one.
        Bytes::Shared { digested, .. } => source.rank == rank && digested.as_ref().is_none_or(|d| d.rank == rank),
        Bytes::Rewritten { rank: read, .. } => source.rank == *read,
    };
    if !same {
        return Ok(None);
    }
    let headers: Headers = if copy.replace_headers { copy.to.headers.clone() } else { source.headers };
    // Never the source's.
    let headers = Headers { website_redirect: copy.to.headers.website_redirect.clone(), ..headers };
    let tags = if copy.replace_tags { copy.to.tags.clone() } else { source.tags };
    let to = NewObject { headers, tags, ..copy.to.clone() };
    let (encryption, digested, etag) = match bytes {
        Bytes::Rewritten { staged, algorithm, .. } => {
            return object::put(c, &NewObject { checksum: algorithm, ..to }, staged).map(Some);
        }
        Bytes::Shared { encryption, digested, etag } => (encryption, digested, etag),
    };
    let place = match source.place {
        Place::Inline(from) => {
            let to = next_number(c)?;
            db_bytes::copy_inline(c, from, to)?;
            Place::Inline(to)
        }
        shared @ (Place::Empty | Place::File(_) | Place::Parts(_)) => shared,
    };
    let (md5, checksum) = match digested {
        Some(d) => (d.etag, Some(d.checksum)),
        None => (source.etag, source.checksum),
    };
    let etag = etag.unwrap_or(md5);
    let body = Body { place, size: source.size, etag, part_count: 0, checksum, encryption };
    object::commit(c, &to, body).map(|written| Some((written, None)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    fn copy(from: &str, to: &str) -> Copy {
        Copy {
            source: Source {
                bucket: "b".into(),
                key: from.into(),
                version_id: None,
                conditions: Conditions::default(),
            },
            to: NewObject::of("b", to, "1"),
            replace_headers: false,
            replace_tags: false,
            replace_checksum: false,
            changes: false,
            asked: Asked::Nothing,
            account: "1".into(),
            source_key: None,
        }
    }

    fn content(store: &Store, key: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        store.open_object("b", key, "1").unwrap().1.read_to_end(&mut bytes).unwrap();
        bytes
    }

    #[tokio::test]
    async fn a_copy_outlives_its_source_and_both_go_in_the_end() {
        let (_dir, store) = super::super::tests::store();
        for (key, size) in [("small", 10), ("large", 100_000)] {
            let body = vec![7u8; size];
            store.put_bytes("b", key, "1", &body[..]).unwrap();
            store.copy(copy(key, "copy"), &|_, _| Ok(())).await.unwrap();
            store.copy(copy("copy", "copy-of-copy"), &|_, _| Ok(())).await.unwrap();
            for gone in [key, "copy"] {
                store.delete_object("b", gone, Conditions::default()).await.unwrap();
                super::super::janitor::collect(&store).unwrap();
                assert_eq!(content(&store, "copy-of-copy"), body);
            }
            store.delete_object("b", "copy-of-copy", Conditions::default()).await.unwrap();
            super::super::janitor::collect(&store).unwrap();
        }
        assert_eq!(store.check().unwrap(), []);
        let mut blobs = 0;
        store.blobs.list(true, &mut |_| blobs += 1).unwrap();
        assert_eq!(blobs, 0);
    }

    #[tokio::test]
    async fn copying_onto_itself_must_change_something() {
        let (_dir, store) = super::super::tests::store();
        store.put_bytes("b", "k", "1", &vec![1u8; 50_000][..]).unwrap();
        assert!(matches!(store.copy(copy("k", "k"), &|_, _| Ok(())).await, Err(Error::InvalidRequest(_))));
        let mut with = copy("k", "k");
        with.replace_headers = true;
        with.to.headers.user.insert("a".into(), "1".into());
        store.copy(with, &|_, _| Ok(())).await.unwrap();
        super::super::janitor::collect(&store).unwrap();
        assert_eq!(content(&store, "k").len(), 50_000);
        assert_eq!(store.head("b", "k").unwrap().headers.user["a"], "1");
        assert_eq!(store.check().unwrap(), []);
    }
}
