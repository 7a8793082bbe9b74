//! Whether the index and the blobs agree. It repairs nothing.
//!
//! A store that nobody uses must be without problems once the janitor has run; while requests are under way, staged bodies show
//! up as blobs without a row.

use super::Store;
use super::error::Result;
use crate::db::objects::{Place, bytes as db_bytes, uploads, versions};
use crate::seal::frames;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Something that should not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// Bytes that nothing refers to.
    BlobWithoutRow { blob: String, size: u64, staged: bool },
    /// A row whose bytes are not there; `owner` is `bucket/key` or an upload and part number.
    RowWithoutBlob { owner: String, blob: String },
    /// The blob has not as many bytes as its row says; both count sealed bytes where a body is sealed.
    SizeMismatch { owner: String, blob: String, row: u64, found: u64 },
    /// No key of the cloud opens the body; customers' keys are not at hand.
    CannotBeOpened { owner: String, why: String },
    /// Bytes in the index that nothing refers to.
    InlineWithoutRow { id: i64, size: u64 },
    /// Parts of an upload that is neither in progress nor an object.
    PartsWithoutUpload { upload: String },
    /// The parts do not add up to the object.
    PartsMismatch { owner: String, upload: String, row: u64, found: u64 },
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Problem::BlobWithoutRow { blob, size, staged } => {
                let state = if *staged { "unfinished" } else { "settled" };
                write!(f, "the {state} blob {blob} ({size} bytes) belongs to nothing")
            }
            Problem::RowWithoutBlob { owner, blob } => write!(f, "{owner}: its bytes ({blob}) are missing"),
            Problem::SizeMismatch { owner, blob, row, found } => {
                write!(f, "{owner}: {row} bytes are expected in {blob}, which has {found}")
            }
            Problem::CannotBeOpened { owner, why } => write!(f, "{owner}: it cannot be opened: {why}"),
            Problem::InlineWithoutRow { id, size } => {
                write!(f, "the small body {id} ({size} bytes) belongs to nothing")
            }
            Problem::PartsWithoutUpload { upload } => {
                write!(f, "there are parts of upload {upload}, which is neither in progress nor an object")
            }
            Problem::PartsMismatch { owner, upload, row, found } => {
                write!(f, "{owner}: {row} bytes are expected, the parts of upload {upload} have {found}")
            }
        }
    }
}

impl Store {
    /// Compare every row with its bytes. Blocks; holds the name of every blob in memory.
    pub fn check(&self) -> Result<Vec<Problem>> {
        let mut problems = Vec::new();
        let mut blobs: HashMap<String, (u64, bool, bool)> = HashMap::new();
        self.blobs.list(true, &mut |e| {
            blobs.insert(e.name, (e.size, e.staged, false));
        })?;
        // Bytes of the completed parts of each upload that has any.
        let mut uploads: BTreeMap<String, u64> = BTreeMap::new();
        self.db.read(|c| {
            let mut inline: HashMap<i64, (u64, bool)> = HashMap::new();
            db_bytes::each_inline(c, &mut |id, size| {
                inline.insert(id, (size as u64, false));
            })?;
            let mut compare = |owner: String, size: i64, place: &Place, sealed: bool| {
                let plain = size as u64;
                let row = if sealed { frames::sealed_size(plain) } else { plain };
                match place {
                    Place::Empty | Place::Parts(_) => {}
                    Place::Inline(id) => match inline.get_mut(id) {
                        None => problems.push(Problem::RowWithoutBlob { owner, blob: id.to_string() }),
                        Some((found, known)) => {
                            *known = true;
                            if *found != row {
                                let (blob, found) = (id.to_string(), *found);
                                problems.push(Problem::SizeMismatch { owner, blob, row, found });
                            }
                        }
                    },
                    Place::File(name) => match blobs.get_mut(name) {
                        None => problems.push(Problem::RowWithoutBlob { owner, blob: name.clone() }),
                        Some((found, _, known)) => {
                            *known = true;
                            if *found != row {
                                problems.push(Problem::SizeMismatch { owner, blob: name.clone(), row, found: *found });
                            }
                        }
                    },
                }
            };
            uploads::each_part(c, &mut |part| {
                let owner = format!("upload {} part {}", part.upload, part.number);
                compare(owner, part.size, &part.place, !part.salt.is_empty());
                let completed = uploads.entry(part.upload.clone()).or_default();
                *completed += if part.start.is_some() { part.size as u64 } else { 0 };
            })?;
            let (mut composed, mut unopened) = (Vec::new(), Vec::new());
            versions::each_place(c, &mut |bucket, key, size, place, encryption| {
                compare(format!("{bucket}/{key}"), size, &place, !encryption.is_empty());
                unopened.extend(self.unopened(format!("{bucket}/{key}"), encryption, (bucket, key)));
                if let Place::Parts(upload) = place {
                    composed.push((format!("{bucket}/{key}"), upload, size as u64));
                }
            })?;
            let mut known: BTreeSet<String> = composed.iter().map(|(_, upload, _)| upload.clone()).collect();
            uploads::each(c, &mut |id, bucket, key, encryption| {
                known.insert(id.to_owned());
                unopened.extend(self.unopened(format!("upload {id} of {bucket}/{key}"), encryption, (bucket, key)));
            })?;
            problems.append(&mut unopened);
            let unknown = inline.iter().filter(|(_, (_, known))| !known);
            problems.extend(unknown.map(|(id, (size, _))| Problem::InlineWithoutRow { id: *id, size: *size }));
            for upload in uploads.keys().filter(|upload| !known.contains(*upload)) {
                if !db_bytes::is_garbage(c, upload)? {
                    problems.push(Problem::PartsWithoutUpload { upload: upload.clone() });
                }
            }
            for (owner, upload, row) in composed {
                let found = uploads.get(&upload).copied().unwrap_or_default();
                if found != row {
                    problems.push(Problem::PartsMismatch { owner, upload, row, found });
                }
            }
            Ok::<_, super::Error>(())
        })?;
        for (blob, (size, staged, known)) in blobs {
            if !known && !self.db.read(|c| db_bytes::is_garbage(c, &blob))? {
                problems.push(Problem::BlobWithoutRow { blob, size, staged });
            }
        }
        Ok(problems)
    }

    fn unopened(&self, owner: String, encryption: &str, at: (&str, &str)) -> Option<Problem> {
        let why = self.vault.check(encryption, at).err()?.to_string();
        Some(Problem::CannotBeOpened { owner, why })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::objects::uploads::PartRow;
    use crate::objects::{janitor, tests};
    use bytes::Bytes;

    #[tokio::test]
    async fn a_body_whose_commit_never_came_is_found_and_the_next_start_removes_it() {
        let (dir, store) = tests::store();
        store.put_bytes("b", "kept", "1", &vec![1u8; 100_000][..]).unwrap();
        let mut sink = store.blobs.create().unwrap();
        sink.write(&[Bytes::from_static(b"half a body")]).unwrap();
        let name = sink.seal().unwrap();
        let found = Problem::BlobWithoutRow { blob: name, size: 11, staged: true };
        assert_eq!(store.check().unwrap(), [found]);

        let again = Store::open(store.db.clone(), dir.path()).unwrap();
        assert_eq!(again.check().unwrap().len(), 1, "opening repairs nothing");
        janitor::recover(&again).unwrap();
        assert_eq!(again.check().unwrap(), []);
    }

    #[tokio::test]
    async fn a_body_whose_settling_never_came_is_settled_by_the_next_start() {
        let (dir, store) = tests::store();
        let name = store.put_bytes("b", "k", "1", &vec![1u8; 100_000][..]).map(|_| {
            let mut name = String::new();
            store.blobs.list(true, &mut |e| name = e.name).unwrap();
            name
        });
        let name = name.unwrap();
        let settled = dir.path().join("objects").join(&name[..2]).join(&name);
        std::fs::rename(settled, dir.path().join("objects/staged").join(&name)).unwrap();
        assert_eq!(store.check().unwrap(), [], "a staged body with a row is readable as it is");
        let again = Store::open(store.db.clone(), dir.path()).unwrap();
        janitor::recover(&again).unwrap();
        let mut staged = 0;
        again.blobs.list(false, &mut |_| staged += 1).unwrap();
        assert_eq!((staged, again.check().unwrap()), (0, vec![]));
    }

    #[tokio::test]
    async fn lost_and_cut_bytes_are_found() {
        let (dir, store) = tests::store();
        store.put_bytes("b", "k", "1", &vec![1u8; 100_000][..]).unwrap();
        let mut name = String::new();
        store.blobs.list(true, &mut |e| name = e.name).unwrap();
        let file = dir.path().join("objects").join(&name[..2]).join(&name);
        std::fs::File::options().write(true).open(&file).unwrap().set_len(99).unwrap();
        let cut = Problem::SizeMismatch { owner: "b/k".into(), blob: name.clone(), row: 100_032, found: 99 };
        assert_eq!(store.check().unwrap(), [cut]);
        std::fs::remove_file(&file).unwrap();
        assert_eq!(store.check().unwrap(), [Problem::RowWithoutBlob { owner: "b/k".into(), blob: name }]);
    }

    #[tokio::test]
    async fn what_nothing_refers_to_is_found_in_the_index_too() {
        let (_dir, store) = tests::store();
        let part = PartRow {
            upload: "gone".into(),
            number: 1,
            size: 3,
            etag: String::new(),
            checksum: String::new(),
            modified_at: 0,
            place: Place::Inline(8),
            start: None,
            salt: String::new(),
        };
        store
            .db
            .write_blocking(move |c| {
                db_bytes::insert_inline(c, 7, b"1234")?;
                db_bytes::insert_inline(c, 8, b"123")?;
                uploads::put_part(c, &part)
            })
            .unwrap();
        let lost = Problem::PartsWithoutUpload { upload: "gone".into() };
        assert_eq!(store.check().unwrap(), [Problem::InlineWithoutRow { id: 7, size: 4 }, lost]);
    }

    #[tokio::test]
    async fn wiping_leaves_nothing() {
        let (_dir, store) = tests::store();
        for (key, size) in [("a", 10), ("b", 100_000)] {
            store.put_bytes("b", key, "1", &vec![1u8; size][..]).unwrap();
        }
        let wiping = store.clone();
        tokio::task::spawn_blocking(move || wiping.wipe()).await.unwrap().unwrap();
        let mut blobs = 0;
        store.blobs.list(true, &mut |_| blobs += 1).unwrap();
        assert_eq!((blobs, store.check().unwrap()), (0, vec![]));
        assert!(store.bucket("b").is_err());
    }
}
