//! An object's bytes on their way out.

use super::access::{self, Ask};
use super::acl::Caller;
use super::body::Body;
use super::encryption::CustomerKey;
use super::error::{Error, Result};
use super::info::ObjectInfo;
use super::{Store, bucket, encryption};
use crate::blobs::Blobs;
use crate::db::objects::{Place, bytes as db_bytes, uploads, versions};
use crate::db::{self, Db};
use crate::seal::Key;
use bytes::Bytes;
use std::collections::HashMap;
use std::io::{self, Read};
use std::sync::{Arc, Mutex};

/// Bodies that are being read part by part. The janitor leaves them alone until their readers are gone.
#[derive(Default)]
pub(super) struct Pins {
    held: Mutex<HashMap<String, usize>>,
    /// Told when a body has no reader any more.
    pub(super) janitor: tokio::sync::Notify,
}

impl Pins {
    pub(super) fn holds(&self, body: &str) -> bool {
        self.held.lock().expect("no panic while held").contains_key(body)
    }
}

/// One reader's claim on a body.
struct Pin {
    pins: Arc<Pins>,
    body: String,
}

impl Pin {
    fn new(pins: &Arc<Pins>, body: &str) -> Pin {
        *pins.held.lock().expect("no panic while held").entry(body.to_owned()).or_insert(0) += 1;
        Pin { pins: pins.clone(), body: body.to_owned() }
    }
}

impl Drop for Pin {
    fn drop(&mut self) {
        let mut map = self.pins.held.lock().expect("no panic while held");
        if let Some(count) = map.get_mut(&self.body) {
            *count -= 1;
            if *count == 0 {
                map.remove(&self.body);
                self.pins.janitor.notify_one();
            }
        }
    }
}

/// Reads a span of an object's bytes, in order. It blocks, and goes on working when the object is replaced or deleted.
pub struct Reader {
    source: Source,
    /// Offset in the object.
    at: u64,
    end: u64,
}

enum Source {
    One(Body),
    Parts(Parts),
}

struct Parts {
    db: Db,
    blobs: Arc<dyn Blobs>,
    upload: String,
    /// The object's data key; `None`: the parts are plain.
    key: Option<Key>,
    current: Option<Current>,
    _pin: Pin,
}

/// The part that is being read and where it lies in the object.
struct Current {
    body: Body,
    start: u64,
    end: u64,
}

impl Reader {
    /// Up to `max` next bytes; empty at the end.
    pub fn piece(&mut self, max: usize) -> io::Result<Bytes> {
        let left = (self.end - self.at).min(max as u64);
        if left == 0 {
            return Ok(Bytes::new());
        }
        let piece = match &mut self.source {
            Source::One(body) => body.piece(self.at, left)?,
            Source::Parts(parts) => parts.piece(self.at, left)?,
        };
        self.at += piece.len() as u64;
        Ok(piece)
    }

    /// Up to a piece of next bytes if they can be had without waiting for a disk; else `None`. Never at the end.
    pub fn ready(&mut self) -> io::Result<Option<Bytes>> {
        let piece = match &self.source {
            Source::One(body) => body.ready(self.at, self.left())?,
            Source::Parts(parts) => match &parts.current {
                Some(Current { body, start, end }) if self.at < *end => {
                    body.ready(self.at - start, self.left().min(end - self.at))?
                }
                Some(_) | None => return Ok(None),
            },
        };
        self.at += piece.len() as u64;
        Ok((!piece.is_empty()).then_some(piece))
    }

    /// Bytes still to come.
    pub fn left(&self) -> u64 {
        self.end - self.at
    }

    /// The whole rest when it lies in memory already.
    pub fn in_memory(&mut self) -> Option<Bytes> {
        match &self.source {
            Source::One(body @ Body::Memory(_)) => {
                let rest = body.piece(self.at, self.left()).ok()?;
                self.at = self.end;
                Some(rest)
            }
            Source::One(Body::Plain(_) | Body::Sealed(..)) | Source::Parts(_) => None,
        }
    }
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Source::One(body @ Body::Plain(_)) = &self.source {
            let n = buffer.len().min(self.left() as usize);
            body.fill(&mut buffer[..n], self.at)?;
            self.at += n as u64;
            return Ok(n);
        }
        let piece = self.piece(buffer.len())?;
        buffer[..piece.len()].copy_from_slice(&piece);
        Ok(piece.len())
    }
}

impl Parts {
    fn piece(&mut self, at: u64, max: u64) -> io::Result<Bytes> {
        let current = match self.current.take() {
            Some(current) if at < current.end => current,
            Some(_) | None => self.part_at(at)?,
        };
        let piece = current.body.piece(at - current.start, max.min(current.end - at))?;
        self.current = Some(current);
        Ok(piece)
    }

    fn part_at(&self, at: u64) -> io::Result<Current> {
        let gone = || io::Error::other(format!("the part of upload {} at byte {at} is missing", self.upload));
        let (part, inline) = self
            .db
            .read(|c| {
                let part = uploads::part_at(c, &self.upload, at as i64)?;
                let inline = match part.as_ref().map(|p| &p.place) {
                    Some(Place::Inline(id)) => db_bytes::inline(c, *id)?,
                    Some(Place::Empty | Place::File(_) | Place::Parts(_)) | None => None,
                };
                Ok::<_, db::Error>((part, inline))
            })
            .map_err(io::Error::other)?;
        let part = part.ok_or_else(gone)?;
        let size = part.size as u64;
        let key = match &self.key {
            Some(key) if !part.salt.is_empty() => Some(encryption::part_key(key, &part.salt)?),
            Some(_) | None => None,
        };
        let body = match &part.place {
            Place::File(name) => Body::blob(self.blobs.open(name)?, key.as_ref(), size),
            Place::Inline(_) => Body::small(inline.ok_or_else(gone)?, key.as_ref(), size)?,
            Place::Empty | Place::Parts(_) => return Err(gone()),
        };
        let start = part.start.unwrap_or_default() as u64;
        let end = start + size;
        if at < end { Ok(Current { body, start, end }) } else { Err(gone()) }
    }
}

/// How often a read starts again because the object was replaced between finding and opening it.
const ATTEMPTS: usize = 10;

impl Store {
    /// Find the version of this id, or with `None` the live object; let `choose` decide on the span (offset, length) to read, and open it. `choose` may be
    /// called again if the object is replaced meanwhile. `customer` is the key that came with the request. Blocks shortly.
    pub fn read<E: From<Error>>(
        &self,
        bucket: &str,
        key: &str,
        version_id: Option<&str>,
        customer: Option<&CustomerKey>,
        mut choose: impl FnMut(&ObjectInfo) -> Result<(u64, u64), E>,
    ) -> Result<(ObjectInfo, Reader), E> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let info = self.find(bucket, key, version_id)?;
            let (start, length) = choose(&info)?;
            match self.reader(&info, start, length, customer)? {
                Some(reader) => return Ok((info, reader)),
                None if attempt < ATTEMPTS => {}
                None => {
                    tracing::error!(bucket, key, place = ?info.place, "the bytes of an object are missing");
                    return Err(Error::Io(io::Error::other("the bytes of an object are missing")).into());
                }
            }
        }
    }

    /// Open this version; `None` when its bytes are not there (any more).
    fn reader(
        &self,
        info: &ObjectInfo,
        start: u64,
        length: u64,
        customer: Option<&CustomerKey>,
    ) -> Result<Option<Reader>> {
        let key = self.unlock(info, customer)?;
        let source = match &info.place {
            _ if length == 0 => Source::One(Body::Memory(Bytes::new())),
            Place::Empty => return Err(Error::Io(io::ErrorKind::UnexpectedEof.into())),
            Place::Inline(id) => match self.db.read(|c| db_bytes::inline(c, *id))? {
                Some(data) => Source::One(Body::small(data, key.as_ref(), info.size)?),
                None => return Ok(None),
            },
            Place::File(name) => match self.blobs.open(name) {
                Ok(blob) => Source::One(Body::blob(blob, key.as_ref(), info.size)),
                Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(e) => return Err(e.into()),
            },
            Place::Parts(upload) => {
                let pin = Pin::new(&self.pins, upload);
                // Still referred to after the claim: so the janitor, who looks for claims later, will see it.
                let there = self.db.read(|c| versions::refers(c, info.place.columns().0, upload))?;
                if !there {
                    return Ok(None);
                }
                let (db, blobs, upload) = (self.db.clone(), self.blobs.clone(), upload.clone());
                Source::Parts(Parts { db, blobs, upload, key, current: None, _pin: pin })
            }
        };
        let (at, end) = if length == 0 { (0, 0) } else { (start, start + length) };
        Ok(Some(Reader { source, at, end }))
    }

    /// The whole object, if `account` may read it. Blocks, as the reader does.
    pub fn open_object(&self, bucket: &str, key: &str, account: &str) -> Result<(ObjectInfo, Reader)> {
        let owner: bucket::Bucket = self.bucket(bucket)?;
        self.read(bucket, key, None, None, |info| {
            let ask = Ask {
                caller: Caller::Account(account),
                canonical_id: None,
                action: "s3:GetObject",
                key,
                conditions: &|_| Vec::new(),
            };
            access::decide(&owner, Some(info), &ask)?;
            Ok((0, info.size))
        })
    }
}
