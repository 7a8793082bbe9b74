//! A body on its way in: written and digested side by side, then verified.
//!
//! Digests are of what was sent; what is written is sealed if the body is to be ([`super::encryption`]).
//!
//! Pieces are gathered into batches; while one batch is sealed and written, and hashed on two blocking threads, the next arrives. At most
//! two batches are in memory, a slow sender holds no thread, and a small body never leaves the caller's.

use super::checksum::{self, Algorithm, Computed, Digests};
use super::encryption::Seal;
use super::error::{Error, Result};
use super::{INLINE, MAX_PUT, Store};
use crate::blobs::{Blobs, Sink};
use crate::seal::Key;
use crate::seal::frames::Sealer;
use bytes::{Bytes, BytesMut};
use std::io::{self, Read};
use std::sync::Arc;
use tokio::task::{JoinHandle, spawn_blocking};

/// Bytes that are written at once.
const BATCH: usize = 1024 * 1024;

/// A body that is being received.
pub struct Ingest {
    blobs: Arc<dyn Blobs>,
    pending: Vec<Bytes>,
    pending_size: usize,
    size: u64,
    seal: Seal,
    digests: Option<Digests>,
    sink: Option<Out>,
    running: Option<Running>,
}

/// One batch at work.
struct Running {
    write: JoinHandle<io::Result<Out>>,
    digest: JoinHandle<Digests>,
}

/// Where a large body goes.
struct Out {
    sink: Box<dyn Sink>,
    sealer: Option<Sealer>,
}

impl Out {
    fn create(blobs: &Arc<dyn Blobs>, key: Option<&Key>) -> io::Result<Out> {
        Ok(Out { sink: blobs.create()?, sealer: key.map(Sealer::new) })
    }

    fn write(&mut self, pieces: &[Bytes]) -> io::Result<()> {
        let Some(sealer) = &mut self.sealer else { return self.sink.write(pieces) };
        let frames = sealer.push(pieces);
        self.sink.write(&frames)?;
        sealer.recycle(frames);
        Ok(())
    }

    /// The body is complete: make it durable.
    fn close(mut self, blobs: &Arc<dyn Blobs>) -> io::Result<Loose> {
        if let Some(last) = self.sealer.take().and_then(Sealer::finish) {
            self.sink.write(&[last])?;
        }
        Ok(Loose { blobs: blobs.clone(), name: self.sink.seal()? })
    }
}

impl Ingest {
    fn new(blobs: Arc<dyn Blobs>, wanted: &[Algorithm], seal: Seal) -> Ingest {
        Ingest {
            blobs,
            pending: Vec::new(),
            pending_size: 0,
            size: 0,
            seal,
            digests: Some(Digests::new(wanted)),
            sink: None,
            running: None,
        }
    }

    /// Take the next piece. Waits while two batches are under way.
    pub async fn push(&mut self, piece: Bytes) -> Result<()> {
        self.size += piece.len() as u64;
        if self.size > MAX_PUT {
            return Err(Error::EntityTooLarge { limit: MAX_PUT, proposed: self.size });
        }
        self.pending_size += piece.len();
        self.pending.push(piece);
        if self.pending_size >= BATCH { self.start_batch().await } else { Ok(()) }
    }

    /// Bytes taken so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The body is complete: make it durable.
    pub async fn finish(mut self) -> Result<Staged> {
        let none_yet = self.running.is_none() && self.sink.is_none();
        if none_yet && self.size <= INLINE as u64 {
            let mut digests = self.digests.take().expect("no batch has them");
            digests.update(&self.pending);
            let content = small(self.pending, self.seal.key.as_ref());
            return Ok(Staged { content, size: self.size, computed: digests.finish(), seal: self.seal });
        }
        if none_yet {
            return self.at_once().await;
        }
        if !self.pending.is_empty() {
            self.start_batch().await?;
        }
        let Running { write, digest } = self.running.take().expect("a body of this size has a batch");
        // The last batch is flushed while its digest is still being computed.
        let (sink, blobs) = (joined(write).await??, self.blobs.clone());
        let sealed = spawn_blocking(move || sink.close(&blobs));
        let (blob, digests) = (joined(sealed).await??, joined(digest).await?);
        Ok(Staged { content: Content::File(blob), size: self.size, computed: digests.finish(), seal: self.seal })
    }

    /// A body that is complete before its first batch: one thread does everything.
    async fn at_once(mut self) -> Result<Staged> {
        let mut digests = self.digests.take().expect("no batch has them");
        let done = spawn_blocking(move || {
            let mut out = Out::create(&self.blobs, self.seal.key.as_ref())?;
            out.write(&self.pending)?;
            digests.update(&self.pending);
            let content = Content::File(out.close(&self.blobs)?);
            Ok(Staged { content, size: self.size, computed: digests.finish(), seal: self.seal })
        });
        joined(done).await?
    }

    async fn start_batch(&mut self) -> Result<()> {
        if let Some(Running { write, digest }) = self.running.take() {
            self.sink = Some(joined(write).await??);
            self.digests = Some(joined(digest).await?);
        }
        let batch: Arc<[Bytes]> = std::mem::take(&mut self.pending).into();
        self.pending_size = 0;
        let (sink, blobs, pieces) = (self.sink.take(), self.blobs.clone(), batch.clone());
        let key = if sink.is_none() { self.seal.key.clone() } else { None };
        let write = spawn_blocking(move || {
            let mut sink = match sink {
                Some(sink) => sink,
                None => Out::create(&blobs, key.as_ref())?,
            };
            sink.write(&pieces)?;
            Ok(sink)
        });
        let mut digests = self.digests.take().expect("no batch has them");
        let digest = spawn_blocking(move || {
            digests.update(&batch);
            digests
        });
        self.running = Some(Running { write, digest });
        Ok(())
    }
}

async fn joined<T>(task: JoinHandle<T>) -> Result<T> {
    task.await.map_err(|e| Error::Io(io::Error::other(e)))
}

fn small(pieces: Vec<Bytes>, key: Option<&Key>) -> Content {
    let size = pieces.iter().map(Bytes::len).sum();
    if let (Some(key), 1..) = (key, size) {
        let mut sealer = Sealer::new(key);
        let full = sealer.push(&pieces);
        debug_assert!(full.is_empty(), "a small body is one frame");
        return Content::Inline(sealer.finish().unwrap_or_default());
    }
    match <[Bytes; 1]>::try_from(pieces) {
        _ if size == 0 => Content::Empty,
        Ok([one]) => Content::Inline(one),
        Err(many) => {
            let mut all = BytesMut::with_capacity(size);
            many.iter().for_each(|p| all.extend_from_slice(p));
            Content::Inline(all.freeze())
        }
    }
}

/// Where a received body is until a row has it.
pub(super) enum Content {
    Empty,
    Inline(Bytes),
    File(Loose),
}

/// A staged blob that no row has yet. Dropping it takes the blob away.
pub(super) struct Loose {
    blobs: Arc<dyn Blobs>,
    name: String,
}

impl Loose {
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// A row has it now.
    pub(super) fn keep(mut self) -> String {
        std::mem::take(&mut self.name)
    }
}

impl Drop for Loose {
    fn drop(&mut self) {
        if !self.name.is_empty()
            && let Err(e) = self.blobs.remove(&self.name)
        {
            tracing::warn!(blob = self.name, error = %e, "an unwanted blob could not be removed; the next start does it");
        }
    }
}

/// A received body: durable, its digests known, nobody's yet. Dropping it takes the bytes away.
pub struct Staged {
    pub(super) content: Content,
    /// Plain bytes.
    pub size: u64,
    pub computed: Computed,
    pub(super) seal: Seal,
}

/// What the sender said of the body.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expect {
    pub length: Option<u64>,
    pub md5: Option<[u8; 16]>,
    /// Of a signed payload. Its SHA-256 must have been wanted.
    pub sha256: Option<[u8; 32]>,
    /// Each algorithm must have been wanted.
    pub checksums: Vec<checksum::Value>,
}

impl Expect {
    /// Compare with what came.
    pub fn verify(&self, size: u64, computed: &Computed) -> Result<()> {
        if self.length.is_some_and(|length| length != size) {
            return Err(Error::IncompleteBody);
        }
        if let Some(expected) = self.sha256 {
            let sha = computed.get(Algorithm::Sha256).map(|v| v.bytes.as_slice()).unwrap_or_default();
            if sha != expected {
                return Err(Error::ContentSha256Mismatch {
                    expected: hex::encode(expected),
                    computed: hex::encode(sha),
                });
            }
        }
        if let Some(expected) = self.md5
            && expected != computed.md5
        {
            return Err(Error::BadDigest { expected: hex::encode(expected), computed: hex::encode(computed.md5) });
        }
        match self.checksums.iter().find(|said| computed.get(said.algorithm) != Some(said)) {
            Some(wrong) => Err(Error::ChecksumMismatch { algorithm: wrong.algorithm }),
            None => Ok(()),
        }
    }
}

impl Staged {
    /// The ETag of an object or a part: the MD5 in hex, unless that would tell something of the bytes.
    pub fn etag(&self) -> String {
        self.seal.etag(&self.computed.md5)
    }
}

impl Store {
    /// Begin to receive a body; besides MD5, compute `wanted`.
    pub fn ingest(&self, wanted: &[Algorithm], seal: Seal) -> Ingest {
        Ingest::new(self.blobs.clone(), wanted, seal)
    }

    /// Take a whole body from a reader, on this thread.
    pub fn stage_blocking(&self, mut from: impl Read, wanted: &[Algorithm], seal: Seal) -> Result<Staged> {
        let mut digests = Digests::new(wanted);
        let mut sink: Option<Out> = None;
        let mut size = 0;
        loop {
            let mut piece = Vec::new();
            from.by_ref().take(BATCH as u64).read_to_end(&mut piece)?;
            let (last, piece) = (piece.len() < BATCH, [Bytes::from(piece)]);
            size += piece[0].len() as u64;
            if size > MAX_PUT {
                return Err(Error::EntityTooLarge { limit: MAX_PUT, proposed: size });
            }
            digests.update(&piece);
            if last && sink.is_none() && size <= INLINE as u64 {
                let content = small(piece.into(), seal.key.as_ref());
                return Ok(Staged { content, size, computed: digests.finish(), seal });
            }
            let mut open = match sink.take() {
                Some(open) => open,
                None => Out::create(&self.blobs, seal.key.as_ref())?,
            };
            open.write(&piece)?;
            if last {
                let content = Content::File(open.close(&self.blobs)?);
                return Ok(Staged { content, size, computed: digests.finish(), seal });
            }
            sink = Some(open);
        }
    }
}
