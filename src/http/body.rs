//! Bodies, both ways: whole in memory, or a stream that is pulled piece by piece so that memory stays flat.

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use http_body_util::{BodyExt, Full, combinators::UnsyncBoxBody};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A request's or an answer's body. Errors are I/O errors: the connection broke, or reading a file failed.
pub struct Body(Inner);

enum Inner {
    Full(Full<Bytes>),
    Incoming(hyper::body::Incoming),
    Boxed(UnsyncBoxBody<Bytes, io::Error>),
}

/// Why a body could not be read whole.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("the body is larger than {0} bytes")]
    TooLarge(usize),
    #[error("reading the body: {0}")]
    Io(#[from] io::Error),
}

impl Body {
    pub fn empty() -> Body {
        Body::from(Bytes::new())
    }

    /// Any other body: a stream of file pieces, say.
    pub fn new<B>(body: B) -> Body
    where
        B: http_body::Body<Data = Bytes, Error = io::Error> + Send + 'static,
    {
        Body(Inner::Boxed(body.boxed_unsync()))
    }

    /// The body as hyper received it.
    pub fn incoming(body: hyper::body::Incoming) -> Body {
        Body(Inner::Incoming(body))
    }

    /// Read everything, but never more than `limit` bytes.
    pub async fn read_all(mut self, limit: usize) -> Result<Bytes, ReadError> {
        if let Inner::Full(full) = &mut self.0
            && let Some(Ok(frame)) = full.frame().await
        {
            let data = frame.into_data().unwrap_or_default();
            return if data.len() > limit { Err(ReadError::TooLarge(limit)) } else { Ok(data) };
        }
        let mut all = bytes::BytesMut::new();
        while let Some(frame) = self.frame().await {
            if let Ok(data) = frame?.into_data() {
                if all.len() + data.len() > limit {
                    return Err(ReadError::TooLarge(limit));
                }
                all.extend_from_slice(&data);
            }
        }
        Ok(all.freeze())
    }

    /// The next piece of data; `None` at the end. Trailers are skipped.
    pub async fn chunk(&mut self) -> Option<io::Result<Bytes>> {
        loop {
            match self.frame().await? {
                Ok(frame) => match frame.into_data() {
                    Ok(data) if data.is_empty() => {}
                    Ok(data) => return Some(Ok(data)),
                    Err(_trailers) => {}
                },
                Err(e) => return Some(Err(e)),
            }
        }
    }
}

impl<T: Into<Bytes>> From<T> for Body {
    fn from(data: T) -> Body {
        Body(Inner::Full(Full::new(data.into())))
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        match &mut self.0 {
            Inner::Full(b) => Pin::new(b).poll_frame(cx).map_err(|never| match never {}),
            Inner::Incoming(b) => Pin::new(b).poll_frame(cx).map_err(io::Error::other),
            Inner::Boxed(b) => Pin::new(b).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Inner::Full(b) => b.is_end_stream(),
            Inner::Incoming(b) => b.is_end_stream(),
            Inner::Boxed(b) => b.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Inner::Full(b) => b.size_hint(),
            Inner::Incoming(b) => b.size_hint(),
            Inner::Boxed(b) => b.size_hint(),
        }
    }
}
