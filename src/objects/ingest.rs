//! A body on its way in: written and digested side by side, then verified.
//!
//! Digests are of what was sent; what is written is sealed if the body is to be ([`super::encryption`]).
//!
//! Pieces are gathered into batches; while one batch is sealed, written and summed on a blocking thread, and hashed at the
//! [`super::bench`], the next arrives. At most two batches are in memory, a slow sender holds no thread, and a small body
//! never leaves the caller's.

use super::bench::Bench;
use super::checksum::{self, Algorithm, Checksums, Computed, Digests};
use super::encryption::Seal;
use super::error::{Error, Result};
use super::{INLINE, MAX_PUT, Store};
use crate::blobs::{Blobs, Sink};
use crate::seal::Key;
use crate::seal::frames::Sealer;
use bytes::{Bytes, BytesMut};
use md5_lanes::Md5;
use std::future::ready;
use std::io::{self, Read};
use std::pin::Pin;
use std::sync::Arc;
use tokio::task::spawn_blocking;

/// Bytes that are written at once.
const BATCH: usize = 1024 * 1024;

/// A body that is being received.
pub struct Ingest {
    bench: Arc<Bench>,
    pending: Vec<Bytes>,
    pending_size: usize,
    size: u64,
    seal: Seal,
    md5: Later<Md5>,
    out: Later<Out>,
}

/// What the batch that is under way gives back.
type Later<T> = Pin<Box<dyn Future<Output = Result<T>> + Send>>;

/// Where a large body goes.
struct Out {
    blobs: Arc<dyn Blobs>,
    key: Option<Key>,
    /// Besides MD5.
    checksums: Checksums,
    file: Option<(Box<dyn Sink>, Option<Sealer>)>,
}

impl Out {
    fn write(&mut self, pieces: &[Bytes]) -> io::Result<()> {
        let (sink, sealer) = match &mut self.file {
            Some(file) => file,
            none => none.insert((self.blobs.create()?, self.key.as_ref().map(Sealer::new))),
        };
        match sealer {
            None => sink.write(pieces)?,
            Some(sealer) => {
                let frames = sealer.push(pieces);
                sink.write(&frames)?;
                sealer.recycle(frames);
            }
        }
        self.checksums.update(pieces);
        Ok(())
    }

    /// The body is complete: make it durable.
    fn close(mut self) -> io::Result<(Loose, Vec<checksum::Value>)> {
        self.write(&[])?;
        let (mut sink, sealer) = self.file.expect("it was written to");
        if let Some(last) = sealer.and_then(Sealer::finish) {
            sink.write(&[last])?;
        }
        Ok((Loose { blobs: self.blobs, name: sink.seal()? }, self.checksums.finish()))
    }
}

impl Ingest {
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

    async fn start_batch(&mut self) -> Result<()> {
        let (mut out, md5) = (self.out.as_mut().await?, self.md5.as_mut().await?);
        let batch: Arc<[Bytes]> = std::mem::take(&mut self.pending).into();
        self.pending_size = 0;
        self.md5 = Box::pin(self.bench.update(md5, batch.clone()));
        self.out = Box::pin(blocking(move || {
            out.write(&batch)?;
            Ok(out)
        }));
        Ok(())
    }

    /// The body is complete: make it durable.
    pub async fn finish(self) -> Result<Staged> {
        let mut out = self.out.await?;
        if out.file.is_none() && self.size <= INLINE as u64 {
            let mut digests = Digests { md5: self.md5.await?, others: out.checksums };
            digests.update(&self.pending);
            let content = small(self.pending, self.seal.key.as_ref());
            return Ok(Staged { content, size: self.size, computed: digests.finish(), seal: self.seal });
        }
        let batch: Arc<[Bytes]> = self.pending.into();
        let pieces = batch.clone();
        // The last batch is flushed while it is still being hashed.
        let closed = blocking(move || {
            out.write(&pieces)?;
            Ok(out.close()?)
        });
        let md5 = self.bench.update(self.md5.await?, batch);
        let ((file, others), md5) = (closed.await?, md5.await?);
        let computed = Computed { md5: md5.finish(), others };
        Ok(Staged { content: Content::File(file), size: self.size, computed, seal: self.seal })
    }
}

/// Run on a thread that may block, from now on.
fn blocking<T: Send + 'static>(job: impl FnOnce() -> Result<T> + Send + 'static) -> impl Future<Output = Result<T>> {
    let task = spawn_blocking(job);
    async { task.await.map_err(|e| Error::Io(io::Error::other(e)))? }
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
        let out = self.out(Checksums::new(wanted), &seal);
        Ingest {
            bench: self.bench.clone(),
            pending: Vec::new(),
            pending_size: 0,
            size: 0,
            seal,
            md5: Box::pin(ready(Ok(Md5::default()))),
            out: Box::pin(ready(Ok(out))),
        }
    }

    /// Take a whole body from a reader, on this thread.
    pub fn stage_blocking(&self, mut from: impl Read, wanted: &[Algorithm], seal: Seal) -> Result<Staged> {
        let mut md5 = Md5::default();
        let mut out = self.out(Checksums::new(wanted), &seal);
        let mut size = 0;
        loop {
            let mut piece = Vec::new();
            from.by_ref().take(BATCH as u64).read_to_end(&mut piece)?;
            let (last, piece) = (piece.len() < BATCH, [Bytes::from(piece)]);
            size += piece[0].len() as u64;
            if size > MAX_PUT {
                return Err(Error::EntityTooLarge { limit: MAX_PUT, proposed: size });
            }
            md5.update(&piece[0]);
            if last && out.file.is_none() && size <= INLINE as u64 {
                out.checksums.update(&piece);
                let content = small(piece.into(), seal.key.as_ref());
                let computed = Computed { md5: md5.finish(), others: out.checksums.finish() };
                return Ok(Staged { content, size, computed, seal });
            }
            out.write(&piece)?;
            if last {
                let (file, others) = out.close()?;
                let computed = Computed { md5: md5.finish(), others };
                return Ok(Staged { content: Content::File(file), size, computed, seal });
            }
        }
    }

    fn out(&self, checksums: Checksums, seal: &Seal) -> Out {
        Out { blobs: self.blobs.clone(), key: seal.key.clone(), checksums, file: None }
    }
}
