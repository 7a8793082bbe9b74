//! Request bodies that cost next to nothing to make.

use bytes::Bytes;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A body of `size` bytes in which every 64 KiB starts with 16 unique bytes
/// (so that a content-addressed store cannot deduplicate), sharing one buffer.
pub struct GenBody {
    pub tail: Bytes,
    pub left: usize,
    pub seq: u64,
    pub block: u64,
    pub head_next: bool,
}
pub const BLK: usize = 64 << 10;
impl GenBody {
    pub fn new(tail: &Bytes, size: usize, seq: u64) -> Self {
        GenBody { tail: tail.clone(), left: size, seq, block: 0, head_next: true }
    }
    pub fn next_chunk(&mut self) -> Option<Bytes> {
        if self.left == 0 {
            return None;
        }
        if self.head_next {
            let mut h = [0u8; 16];
            h[..8].copy_from_slice(&self.seq.to_le_bytes());
            h[8..].copy_from_slice(&self.block.to_le_bytes());
            self.block += 1;
            let n = self.left.min(16);
            self.left -= n;
            self.head_next = false;
            Some(Bytes::copy_from_slice(&h[..n]))
        } else {
            let n = self.left.min(BLK - 16);
            self.left -= n;
            self.head_next = true;
            Some(self.tail.slice(..n))
        }
    }
}
impl http_body::Body for GenBody {
    type Data = Bytes;
    type Error = std::convert::Infallible;
    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
        Poll::Ready(self.next_chunk().map(|c| Ok(http_body::Frame::data(c))))
    }
    fn is_end_stream(&self) -> bool {
        self.left == 0
    }
    fn size_hint(&self) -> http_body::SizeHint {
        http_body::SizeHint::with_exact(self.left as u64)
    }
}
pub enum ReqBody {
    Gen(GenBody),
    Full(Option<Bytes>),
}
impl http_body::Body for ReqBody {
    type Data = Bytes;
    type Error = std::convert::Infallible;
    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
        match &mut *self {
            ReqBody::Gen(g) => Pin::new(g).poll_frame(cx),
            ReqBody::Full(b) => Poll::Ready(b.take().filter(|b| !b.is_empty()).map(|b| Ok(http_body::Frame::data(b)))),
        }
    }
    fn is_end_stream(&self) -> bool {
        match self {
            ReqBody::Gen(g) => g.left == 0,
            ReqBody::Full(b) => b.as_ref().map_or(true, |b| b.is_empty()),
        }
    }
    fn size_hint(&self) -> http_body::SizeHint {
        match self {
            ReqBody::Gen(g) => g.size_hint(),
            ReqBody::Full(b) => http_body::SizeHint::with_exact(b.as_ref().map_or(0, |b| b.len() as u64)),
        }
    }
}
