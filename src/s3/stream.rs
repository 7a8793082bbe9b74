//! An object's bytes as the body of an answer: what the page cache has is taken at once, the rest is read on blocking
//! threads.

use crate::http::Body;
use crate::objects::buffers::PIECE;
use crate::objects::reader::Reader;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::task::{JoinHandle, spawn_blocking};

/// Bodies up to this size are read where they are asked for: the page cache has them or the read is short.
const DIRECT: u64 = 64 * 1024;

type Read = (Reader, io::Result<Bytes>);

struct Streaming {
    state: State,
    left: u64,
}

enum State {
    Idle(Reader),
    Reading(JoinHandle<Read>),
    Ended,
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
    Ok(Body::new(Streaming { state: State::Idle(reader), left }))
}

fn on_thread(mut reader: Reader) -> JoinHandle<Read> {
    spawn_blocking(move || {
        let piece = reader.piece(PIECE);
        (reader, piece)
    })
}

impl Streaming {
    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
        loop {
            match std::mem::replace(&mut self.state, State::Ended) {
                State::Idle(mut reader) => match reader.ready()? {
                    Some(piece) => {
                        self.state = State::Idle(reader);
                        return Poll::Ready(Ok(piece));
                    }
                    None => self.state = State::Reading(on_thread(reader)),
                },
                State::Reading(mut task) => match Pin::new(&mut task).poll(cx) {
                    Poll::Ready(done) => {
                        let (reader, piece) = done.map_err(io::Error::other)?;
                        self.state = State::Idle(reader);
                        return Poll::Ready(piece);
                    }
                    Poll::Pending => {
                        self.state = State::Reading(task);
                        return Poll::Pending;
                    }
                },
                State::Ended => return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into())),
            }
        }
    }
}

impl http_body::Body for Streaming {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        let piece = ready!(self.poll_piece(cx));
        let piece = piece.inspect_err(|e| tracing::error!(error = %e, "reading an object failed midway"))?;
        self.left = self.left.saturating_sub(piece.len() as u64);
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
