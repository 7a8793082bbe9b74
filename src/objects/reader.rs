//! An object's bytes on their way out.

use super::access::{self, Ask};
use super::acl::Caller;
use super::error::{Error, Result};
use super::info::ObjectInfo;
use super::{Store, bucket, buffers};
use crate::blobs::{Blob, Blobs};
use crate::db::objects::{Place, bytes as db_bytes, uploads, versions};
use crate::db::{self, Db};
use bytes::Bytes;
use std::collections::HashMap;
use std::io::{self, Read};
use std::sync::{Arc, Mutex};

/// Bytes that are best read at once.
pub const PIECE: usize = 256 * 1024;
/// From this many bytes on, a buffer is worth keeping.
const SMALL: usize = 64 * 1024 + 1;

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
    Memory(Bytes),
    Blob(Arc<dyn Blob>),
    Parts(Parts),
}

struct Parts {
    db: Db,
    blobs: Arc<dyn Blobs>,
    upload: String,
    current: Option<Current>,
    _pin: Pin,
}

/// The part that is being read and where it lies in the object.
struct Current {
    bytes: PartBytes,
    start: u64,
    end: u64,
}

enum PartBytes {
    Memory(Bytes),
    Blob(Arc<dyn Blob>),
}

impl Reader {
    /// Up to `max` next bytes; empty at the end.
    pub fn piece(&mut self, max: usize) -> io::Result<Bytes> {
        let left = (self.end - self.at).min(max as u64);
        if left == 0 {
            return Ok(Bytes::new());
        }
        let piece = match &mut self.source {
            Source::Memory(all) => from_memory(all, self.at, left)?,
            Source::Blob(blob) => from_blob(blob.as_ref(), self.at, left)?,
            Source::Parts(parts) => parts.piece(self.at, left)?,
        };
        self.at += piece.len() as u64;
        Ok(piece)
    }

    /// Up to [`PIECE`] next bytes if they can be had without waiting for a disk; else `None`. Never at the end.
    pub fn ready(&mut self) -> io::Result<Option<Bytes>> {
        let (blob, offset, left) = match &self.source {
            Source::Memory(_) => return self.piece(PIECE).map(Some),
            Source::Blob(blob) => (blob, self.at, self.left()),
            Source::Parts(parts) => match &parts.current {
                Some(Current { bytes: PartBytes::Blob(blob), start, end }) if self.at < *end => {
                    (blob, self.at - start, self.left().min(end - self.at))
                }
                Some(_) | None => return Ok(None),
            },
        };
        let mut buffer = buffers::take();
        let room = left.min(PIECE as u64) as usize;
        let n = blob.read_ready(&mut buffer[..room], offset)?;
        self.at += n as u64;
        Ok((n > 0).then(|| buffer.filled(n)))
    }

    /// Bytes still to come.
    pub fn left(&self) -> u64 {
        self.end - self.at
    }

    /// The whole rest when it lies in memory already.
    pub fn in_memory(&mut self) -> Option<Bytes> {
        match &self.source {
            Source::Memory(all) => {
                let rest = from_memory(all, self.at, self.left()).ok()?;
                self.at = self.end;
                Some(rest)
            }
            Source::Blob(_) | Source::Parts(_) => None,
        }
    }
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Source::Blob(blob) = &self.source {
            let n = buffer.len().min(self.left() as usize);
            exact(blob.as_ref(), &mut buffer[..n], self.at)?;
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
        let (offset, n) = (at - current.start, max.min(current.end - at));
        let piece = match &current.bytes {
            PartBytes::Memory(all) => from_memory(all, offset, n),
            PartBytes::Blob(blob) => from_blob(blob.as_ref(), offset, n),
        }?;
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
        let bytes = match &part.place {
            Place::File(name) => PartBytes::Blob(self.blobs.open(name)?),
            Place::Inline(_) => PartBytes::Memory(inline.ok_or_else(gone)?.into()),
            Place::Empty | Place::Parts(_) => return Err(gone()),
        };
        let start = part.start.unwrap_or_default() as u64;
        let end = start + part.size as u64;
        if at < end { Ok(Current { bytes, start, end }) } else { Err(gone()) }
    }
}

fn from_memory(all: &Bytes, at: u64, n: u64) -> io::Result<Bytes> {
    let (from, to) = (at as usize, (at + n) as usize);
    if to <= all.len() { Ok(all.slice(from..to)) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

fn from_blob(blob: &dyn Blob, at: u64, n: u64) -> io::Result<Bytes> {
    let n = n as usize;
    if (SMALL..=PIECE).contains(&n) {
        let mut buffer = buffers::take();
        exact(blob, &mut buffer[..n], at)?;
        return Ok(buffer.filled(n));
    }
    let mut buffer = vec![0; n];
    exact(blob, &mut buffer, at)?;
    Ok(buffer.into())
}

fn exact(blob: &dyn Blob, buffer: &mut [u8], at: u64) -> io::Result<()> {
    if blob.read_at(buffer, at)? == buffer.len() { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

/// How often a read starts again because the object was replaced between finding and opening it.
const ATTEMPTS: usize = 10;

impl Store {
    /// Find the version of this id, or with `None` the live object; let `choose` decide on the span (offset, length) to read, and open it. `choose` may be
    /// called again if the object is replaced meanwhile. Blocks shortly.
    pub fn read<E: From<Error>>(
        &self,
        bucket: &str,
        key: &str,
        version_id: Option<&str>,
        mut choose: impl FnMut(&ObjectInfo) -> Result<(u64, u64), E>,
    ) -> Result<(ObjectInfo, Reader), E> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let info = self.find(bucket, key, version_id)?;
            let (start, length) = choose(&info)?;
            match self.reader(&info, start, length)? {
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
    fn reader(&self, info: &ObjectInfo, start: u64, length: u64) -> Result<Option<Reader>> {
        let source = match &info.place {
            _ if length == 0 => Source::Memory(Bytes::new()),
            Place::Empty => return Err(Error::Io(io::ErrorKind::UnexpectedEof.into())),
            Place::Inline(id) => match self.db.read(|c| db_bytes::inline(c, *id))? {
                Some(data) => Source::Memory(data.into()),
                None => return Ok(None),
            },
            Place::File(name) => match self.blobs.open(name) {
                Ok(blob) => Source::Blob(blob),
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
                Source::Parts(Parts { db, blobs, upload, current: None, _pin: pin })
            }
        };
        let (at, end) = if length == 0 { (0, 0) } else { (start, start + length) };
        Ok(Some(Reader { source, at, end }))
    }

    /// The whole object, if `account` may read it. Blocks, as the reader does.
    pub fn open_object(&self, bucket: &str, key: &str, account: &str) -> Result<(ObjectInfo, Reader)> {
        let owner: bucket::Bucket = self.bucket(bucket)?;
        self.read(bucket, key, None, |info| {
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
