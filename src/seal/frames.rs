//! A body in sealed frames, so that any span of it can be read and verified by itself.
//!
//! ```text
//! plain   |     64 KiB     |     64 KiB     | rest |
//! sealed  |     64 KiB +tag|     64 KiB +tag| rest +tag|
//! ```
//!
//! A frame's nonce is its number, so frames cannot change places; the last one's is marked, so a body that was cut at a frame's
//! end is noticed. An empty body has no frames.

use super::{Broken, Key, TAG, nonce};
use bytes::{Bytes, BytesMut};
use ring::aead::{Aad, LessSafeKey};

/// Plain bytes of every frame but the last.
pub const FRAME: usize = 64 * 1024;
/// The same frame, sealed.
pub const SEALED: usize = FRAME + TAG;

/// How many bytes a body of this many bytes has when it is sealed.
pub fn sealed_size(plain: u64) -> u64 {
    plain + plain.div_ceil(FRAME as u64) * TAG as u64
}

/// Seals a body that comes piece by piece.
pub struct Sealer {
    key: LessSafeKey,
    number: u64,
    /// Plain, and not known to be no last one.
    frame: BytesMut,
    spare: Vec<BytesMut>,
}

impl Sealer {
    /// The key must be this body's alone.
    pub fn new(key: &Key) -> Sealer {
        Sealer { key: key.cipher(), number: 0, frame: BytesMut::with_capacity(SEALED), spare: Vec::new() }
    }

    /// Take the next pieces; gives the frames that are complete.
    pub fn push(&mut self, pieces: &[Bytes]) -> Vec<Bytes> {
        let mut sealed = Vec::new();
        for piece in pieces {
            let mut rest = &piece[..];
            while !rest.is_empty() {
                if self.frame.len() == FRAME {
                    let empty = self.spare.pop().unwrap_or_else(|| BytesMut::with_capacity(SEALED));
                    let full = std::mem::replace(&mut self.frame, empty);
                    sealed.push(self.seal(full, false));
                }
                let (now, later) = rest.split_at(rest.len().min(FRAME - self.frame.len()));
                self.frame.extend_from_slice(now);
                rest = later;
            }
        }
        sealed
    }

    /// The body is complete: gives its last frame, if it has any.
    pub fn finish(mut self) -> Option<Bytes> {
        let last = std::mem::take(&mut self.frame);
        (!last.is_empty()).then(|| self.seal(last, true))
    }

    /// These frames are written: their memory may be used again.
    pub fn recycle(&mut self, frames: Vec<Bytes>) {
        for frame in frames {
            if let Ok(mut free) = frame.try_into_mut() {
                free.clear();
                self.spare.push(free);
            }
        }
    }

    fn seal(&mut self, mut frame: BytesMut, last: bool) -> Bytes {
        let tag = self
            .key
            .seal_in_place_separate_tag(nonce(self.number, last), Aad::empty(), &mut frame)
            .expect("a frame is no longer than the cipher allows");
        self.number += 1;
        frame.extend_from_slice(tag.as_ref());
        frame.freeze()
    }
}

/// Opens frames of a body.
pub struct Opener {
    key: LessSafeKey,
    /// Plain bytes of the body.
    size: u64,
}

/// Which frames hold a span of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Number of the first frame.
    pub first: u64,
    /// Where its sealed bytes begin.
    pub offset: u64,
    /// Sealed bytes of all of them.
    pub length: usize,
    /// Plain bytes before the span's first.
    pub skip: usize,
    /// Plain bytes of the span.
    pub plain: usize,
}

impl Opener {
    /// A body of `size` plain bytes, sealed with this key.
    pub fn new(key: &Key, size: u64) -> Opener {
        Opener { key: key.cipher(), size }
    }

    /// The frames that hold up to `most` bytes from `at` on; at most `frames` of them, so the span may be shorter. `at` lies in the body.
    pub fn span(&self, at: u64, most: u64, frames: usize) -> Span {
        let frame = FRAME as u64;
        let first = at / frame;
        let end = (at + most).min(self.size);
        let behind = end.div_ceil(frame).min(first + frames as u64);
        let plain_end = (behind * frame).min(self.size);
        Span {
            first,
            offset: first * SEALED as u64,
            length: (plain_end - first * frame + (behind - first) * TAG as u64) as usize,
            skip: (at - first * frame) as usize,
            plain: (plain_end.min(end) - at) as usize,
        }
    }

    /// Open whole frames in their place, from this number on; their plain bytes are moved together at the front. Returns how
    /// many those are.
    pub fn open(&self, first: u64, sealed: &mut [u8]) -> Result<usize, Broken> {
        let last = self.size.div_ceil(FRAME as u64).checked_sub(1).ok_or(Broken)?;
        let (mut number, mut from, mut to) = (first, 0, 0);
        while from < sealed.len() {
            let end = (from + SEALED).min(sealed.len());
            let opened = self
                .key
                .open_within(nonce(number, number == last), Aad::empty(), &mut sealed[to..end], from - to..)
                .map_err(|_| Broken)?;
            to += opened.len();
            from = end;
            number += 1;
        }
        Ok(to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pattern(size: usize) -> Vec<u8> {
        (0..size).map(|n| (n / 7) as u8 ^ n as u8).collect()
    }

    fn sealed(key: &Key, body: &[u8], piece: usize) -> Vec<u8> {
        let mut sealer = Sealer::new(key);
        let mut out = Vec::new();
        for part in body.chunks(piece.max(1)) {
            let frames = sealer.push(&[Bytes::copy_from_slice(part)]);
            frames.iter().for_each(|f| out.extend_from_slice(f));
            sealer.recycle(frames);
        }
        out.extend_from_slice(&sealer.finish().unwrap_or_default());
        out
    }

    fn read(opener: &Opener, sealed: &[u8], at: u64, n: u64, frames: usize) -> Result<Vec<u8>, Broken> {
        let span = opener.span(at, n, frames);
        let from = span.offset as usize;
        let mut buffer = sealed.get(from..from + span.length).ok_or(Broken)?.to_vec();
        opener.open(span.first, &mut buffer)?;
        Ok(buffer[span.skip..span.skip + span.plain].to_vec())
    }

    const SIZES: [usize; 9] = [0, 1, 15, FRAME - 1, FRAME, FRAME + 1, 2 * FRAME - 1, 2 * FRAME, 3 * FRAME + 17];

    #[test]
    fn every_size_has_the_length_that_is_said() {
        let key = Key::random();
        for size in SIZES {
            assert_eq!(sealed(&key, &pattern(size), 10_007).len() as u64, sealed_size(size as u64), "{size}");
        }
    }

    #[test]
    fn spans_at_every_frames_edge_are_read() {
        let key = Key::random();
        for size in SIZES {
            let body = pattern(size);
            let sealed = sealed(&key, &body, 65_000);
            let opener = Opener::new(&key, size as u64);
            let edges = (0..=size / FRAME + 1).flat_map(|f| [-1i64, 0, 1].map(|d| (f * FRAME) as i64 + d));
            let edges: Vec<usize> = edges.filter(|e| (0..=size as i64).contains(e)).map(|e| e as usize).collect();
            for from in edges.iter().copied().filter(|f| *f < size) {
                for to in edges.iter().copied().filter(|t| *t > from) {
                    let got = read(&opener, &sealed, from as u64, (to - from) as u64, usize::MAX >> 20).unwrap();
                    assert!(got == body[from..to], "{size}: {from}..{to}");
                }
            }
        }
    }

    #[test]
    fn a_reader_that_takes_few_frames_gets_all_in_the_end() {
        let (key, body) = (Key::random(), pattern(5 * FRAME + 3));
        let (sealed, opener) = (sealed(&key, &body, 999_999), Opener::new(&key, body.len() as u64));
        let (mut at, mut got) = (100u64, Vec::new());
        while at < body.len() as u64 {
            let piece = read(&opener, &sealed, at, u64::MAX / 2, 2).unwrap();
            at += piece.len() as u64;
            got.extend(piece);
        }
        assert!(got == body[100..]);
    }

    #[test]
    fn what_was_changed_cut_or_moved_is_noticed() {
        let (key, body) = (Key::random(), pattern(2 * FRAME + 5));
        let good = sealed(&key, &body, 4096);
        let all = body.len() as u64;
        let whole = |sealed: &[u8], size: u64| read(&Opener::new(&key, size), sealed, 0, size, 9);
        assert!(whole(&good, all).unwrap() == body);
        for at in [0, FRAME, SEALED - 1, SEALED, good.len() - 1] {
            let mut bad = good.clone();
            bad[at] ^= 0x80;
            assert_eq!(whole(&bad, all), Err(Broken), "byte {at}");
        }
        let cut = &good[..2 * SEALED];
        assert_eq!(whole(cut, 2 * FRAME as u64), Err(Broken), "cut at a frame's end, and its size with it");
        let moved = [&good[SEALED..2 * SEALED], &good[..SEALED], &good[2 * SEALED..]].concat();
        assert_eq!(whole(&moved, all), Err(Broken));
        assert_eq!(read(&Opener::new(&Key::random(), all), &good, 0, all, 9), Err(Broken), "another key");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn any_span_of_any_body(size in 1usize..200_000, piece in 1usize..100_000, a in 0f64..1.0, b in 0f64..1.0) {
            let (key, body) = (Key::random(), pattern(size));
            let sealed = sealed(&key, &body, piece);
            let from = ((size - 1) as f64 * a) as usize;
            let to = from + 1 + ((size - from - 1) as f64 * b) as usize;
            let got = read(&Opener::new(&key, size as u64), &sealed, from as u64, (to - from) as u64, 100).unwrap();
            prop_assert!(got == body[from..to]);
        }
    }
}
