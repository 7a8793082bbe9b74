//! Buffers for pieces of large bodies, used again: a fresh one costs more in page faults and zeroing than the
//! reading that fills it.

use crate::seal::frames::{FRAME, SEALED};
use bytes::Bytes;
use std::ops::{Deref, DerefMut};
use std::sync::Mutex;

/// Bytes that are best read at once.
pub const PIECE: usize = 256 * 1024;
/// Frames that are opened at once: their plain bytes are a piece.
pub(super) const FRAMES: usize = PIECE / FRAME;
/// A buffer for that many.
const BUFFER: usize = FRAMES * SEALED;
/// Idle buffers that are kept; more are given back to the system.
const KEPT: usize = 8;

static IDLE: Mutex<Vec<Box<[u8]>>> = Mutex::new(Vec::new());

/// A buffer of [`BUFFER`] bytes with anything in it; it is kept for others when dropped.
pub(super) struct Buffer {
    bytes: Box<[u8]>,
    filled: usize,
}

/// A buffer nobody uses.
pub(super) fn take() -> Buffer {
    let idle = IDLE.lock().expect("no panic while held").pop();
    Buffer { bytes: idle.unwrap_or_else(|| vec![0; BUFFER].into()), filled: 0 }
}

impl Buffer {
    /// Its first `n` bytes, which have been written.
    pub(super) fn filled(mut self, n: usize) -> Bytes {
        self.filled = n;
        Bytes::from_owner(self)
    }
}

impl Deref for Buffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[..self.filled]
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let mut idle = IDLE.lock().expect("no panic while held");
        if idle.len() < KEPT {
            idle.push(std::mem::take(&mut self.bytes));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_shows_what_was_filled_and_nothing_of_those_before() {
        let mut first = take();
        first[..5].copy_from_slice(b"first");
        let first = first.filled(5);
        assert_eq!(&first[..], b"first");
        drop(first);
        let mut second = take();
        second[..2].copy_from_slice(b"2.");
        assert_eq!(&second.filled(2)[..], b"2.");
    }
}
