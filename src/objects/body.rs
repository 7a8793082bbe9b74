//! The bytes of one body or part, opened while they are read if they are sealed.

use super::buffers::{self, FRAMES, PIECE};
use crate::blobs::Blob;
use crate::seal::Key;
use crate::seal::frames::{Opener, SEALED, Span};
use bytes::Bytes;
use std::io;
use std::sync::Arc;

/// From this many bytes on, a buffer is worth keeping.
const SMALL: usize = 64 * 1024 + 1;

/// One body, or one part of it.
pub(super) enum Body {
    Memory(Bytes),
    Plain(Arc<dyn Blob>),
    Sealed(Arc<dyn Blob>, Box<Opener>),
}

impl Body {
    /// Small bytes of the database; `size` counts plain ones.
    pub fn small(data: Vec<u8>, key: Option<&Key>, size: u64) -> io::Result<Body> {
        let Some(key) = key else { return Ok(Body::Memory(data.into())) };
        let mut data = data;
        let n = Opener::new(key, size).open(0, &mut data).map_err(broken)?;
        data.truncate(n);
        if n as u64 == size { Ok(Body::Memory(data.into())) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }

    /// A blob; `size` counts plain bytes.
    pub fn blob(blob: Arc<dyn Blob>, key: Option<&Key>, size: u64) -> Body {
        match key {
            Some(key) => Body::Sealed(blob, Box::new(Opener::new(key, size))),
            None => Body::Plain(blob),
        }
    }

    /// Up to `most` bytes from `at` on, at least one: both are within the body.
    pub fn piece(&self, at: u64, most: u64) -> io::Result<Bytes> {
        match self {
            Body::Memory(all) => from_memory(all, at, most),
            Body::Plain(blob) => from_blob(blob.as_ref(), at, most),
            Body::Sealed(blob, opener) => {
                let span = opener.span(at, most, FRAMES);
                let mut buffer = buffers::take();
                exact(blob.as_ref(), &mut buffer[..span.length], span.offset)?;
                open(opener, span, buffer)
            }
        }
    }

    /// The same, but only what can be had without waiting for a disk; empty when that is nothing.
    pub fn ready(&self, at: u64, most: u64) -> io::Result<Bytes> {
        let most = most.min(PIECE as u64);
        match self {
            Body::Memory(all) => from_memory(all, at, most),
            Body::Plain(blob) => {
                let mut buffer = buffers::take();
                let n = blob.read_ready(&mut buffer[..most as usize], at)?;
                Ok(buffer.filled(n))
            }
            Body::Sealed(blob, opener) => {
                let whole = opener.span(at, most, FRAMES);
                let mut buffer = buffers::take();
                let n = blob.read_ready(&mut buffer[..whole.length], whole.offset)?;
                match n / SEALED {
                    _ if n == whole.length => open(opener, whole, buffer),
                    0 => Ok(Bytes::new()),
                    frames => open(opener, opener.span(at, most, frames), buffer),
                }
            }
        }
    }

    /// Fill the buffer from `at` on.
    pub fn fill(&self, buffer: &mut [u8], at: u64) -> io::Result<()> {
        if let Body::Plain(blob) = self {
            return exact(blob.as_ref(), buffer, at);
        }
        let mut filled = 0;
        while filled < buffer.len() {
            let piece = self.piece(at + filled as u64, (buffer.len() - filled) as u64)?;
            buffer[filled..filled + piece.len()].copy_from_slice(&piece);
            filled += piece.len();
        }
        Ok(())
    }
}

fn open(opener: &Opener, span: Span, mut buffer: buffers::Buffer) -> io::Result<Bytes> {
    let n = opener.open(span.first, &mut buffer[..span.length]).map_err(broken)?;
    Ok(buffer.filled(n).slice(span.skip..span.skip + span.plain))
}

fn broken(error: crate::seal::Broken) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blobs::{Blobs, memory::Memory};
    use crate::seal::frames::{FRAME, Sealer};

    /// A blob of which only the first bytes are at hand.
    struct Half(Arc<dyn Blob>, usize);

    impl Blob for Half {
        fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
            self.0.read_at(buffer, offset)
        }

        fn read_ready(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
            let n = buffer.len().min(self.1.saturating_sub(offset as usize));
            self.0.read_at(&mut buffer[..n], offset)
        }
    }

    #[test]
    fn what_is_at_hand_is_given_in_whole_frames() {
        let (blobs, key) = (Memory::default(), Key::random());
        let plain: Vec<u8> = (0..3 * FRAME + 100).map(|n| (n % 251) as u8).collect();
        let mut sink = blobs.create().unwrap();
        let mut sealer = Sealer::new(&key);
        sink.write(&sealer.push(&[Bytes::from(plain.clone())])).unwrap();
        sink.write(&[sealer.finish().unwrap()]).unwrap();
        let blob = blobs.open(&sink.seal().unwrap()).unwrap();
        let size = plain.len() as u64;
        for (at_hand, given) in
            [(0, 0), (SEALED - 1, 0), (SEALED, FRAME), (3 * SEALED, 3 * FRAME), (usize::MAX, plain.len())]
        {
            let body = Body::blob(Arc::new(Half(blob.clone(), at_hand)), Some(&key), size);
            assert_eq!(body.ready(0, size).unwrap().len(), given, "{at_hand}");
        }
        let body = Body::blob(blob, Some(&key), size);
        let mut some = vec![0; 2 * FRAME];
        body.fill(&mut some, 5).unwrap();
        assert!(some == plain[5..5 + 2 * FRAME]);
    }
}
