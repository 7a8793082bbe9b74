//! An object's bytes as the body of an answer: read on blocking threads, one piece ahead of the client.

use crate::http::Body;
use crate::objects::Reader;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::task::{JoinHandle, spawn_blocking};

/// Bytes that are read at once.
const PIECE: usize = 256 * 1024;
/// Bodies up to this size are read where they are asked for: the page cache has them or the read is short.
const DIRECT: u64 = 64 * 1024;

type Read = (Reader, io::Result<Bytes>);

struct Streaming {
    next: Option<JoinHandle<Read>>,
    left: u64,
}

/// The body that this reader gives.
pub fn body(mut reader: Reader) -> io::Result<Body> {
    if let Some(bytes) = reader.in_memory() {
        return Ok(Body::from(bytes));
    }
    let left = reader.left();
    if left <= DIRECT {
        let bytes = reader.piece(left as usize)?;
        if bytes.len() as u64 == left {
            return Ok(Body::from(bytes));
        }
        // It crosses from one part into another.
        let mut all = bytes.to_vec();
        io::Read::read_to_end(&mut reader, &mut all)?;
        return Ok(Body::from(all));
    }
    Ok(Body::new(Streaming { next: Some(ahead(reader)), left }))
}

fn ahead(mut reader: Reader) -> JoinHandle<Read> {
    spawn_blocking(move || {
        let piece = reader.piece(PIECE);
        (reader, piece)
    })
}

impl http_body::Body for Streaming {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let Some(next) = &mut self.next else { return Poll::Ready(None) };
        let (reader, piece) = ready!(Pin::new(next).poll(cx)).map_err(io::Error::other)?;
        self.next = None;
        let piece = piece.inspect_err(|e| tracing::error!(error = %e, "reading an object failed midway"))?;
        self.left = self.left.saturating_sub(piece.len() as u64);
        if self.left > 0 {
            self.next = Some(ahead(reader));
        }
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.next.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
