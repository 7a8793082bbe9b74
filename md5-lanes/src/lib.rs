//! MD5 (RFC 1321) of several messages side by side.
//!
//! One message cannot be hurried: each of the 64 steps of a block waits for the step before, and the next block for the whole one,
//! so a processor that could do four things at a time does little more than one. But the steps of several messages do
//! not wait for each other. [`update_all`] gives each message a lane of the same SIMD registers, and up to [`LANES`]
//! of them take about as long as one.
//!
//! ```text
//! Md5         a message: its state, and the bytes that make no whole block yet
//! update_all  the bytes that come first fill begun blocks; then whole blocks, in lanes; what is left waits for more
//! block       the block function, for one message and for lanes
//! ```
//!
//! MD5 is broken as a seal against forgery. This is for what S3 uses it for: ETags.

mod block;

use block::{BLOCK, State};

pub use block::{LANES, lanes};

/// The MD5 of a message that is still coming.
#[derive(Clone)]
pub struct Md5 {
    state: State,
    /// Bytes so far. Those behind the last whole block are in `rest`.
    size: u64,
    rest: [u8; BLOCK],
}

impl Default for Md5 {
    fn default() -> Md5 {
        Md5 { state: block::START, size: 0, rest: [0; BLOCK] }
    }
}

impl Md5 {
    /// Take the next bytes.
    pub fn update(&mut self, data: &[u8]) {
        update_all(&mut [(self, data)]);
    }

    /// The message is complete.
    pub fn finish(mut self) -> [u8; 16] {
        let bits = self.size.wrapping_mul(8).to_le_bytes();
        // A one, and zeros up to where the last block has room for the size.
        let mut end = [0; BLOCK];
        end[0] = 0x80;
        let begun = self.begun();
        let room = BLOCK - bits.len();
        self.update(&end[..if begun < room { room - begun } else { room + BLOCK - begun }]);
        self.update(&bits);
        let mut digest = [0; 16];
        for (bytes, word) in digest.chunks_exact_mut(4).zip(self.state) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        digest
    }

    /// Bytes of the block that is not whole yet.
    fn begun(&self) -> usize {
        (self.size % BLOCK as u64) as usize
    }

    /// Fill the block that is begun; gives what is left for others.
    fn fill<'a>(&mut self, data: &'a [u8]) -> &'a [u8] {
        let begun = self.begun();
        self.size = self.size.wrapping_add(data.len() as u64);
        if begun == 0 {
            return data;
        }
        let (now, later) = data.split_at(data.len().min(BLOCK - begun));
        self.rest[begun..begun + now.len()].copy_from_slice(now);
        if begun + now.len() == BLOCK {
            block::one(&mut self.state, &self.rest);
        }
        later
    }
}

/// Give each message its next bytes. They may differ in length; where they are alike, the messages share the work.
pub fn update_all(messages: &mut [(&mut Md5, &[u8])]) {
    for group in messages.chunks_mut(lanes()) {
        for (md5, data) in group.iter_mut() {
            *data = md5.fill(data);
        }
        while blocks(group) {}
        for (md5, data) in group {
            md5.rest[..data.len()].copy_from_slice(data);
        }
    }
}

/// Take as many whole blocks as each message has that has any; `false` when none has.
fn blocks(group: &mut [(&mut Md5, &[u8])]) -> bool {
    let able = || group.iter().filter(|(_, data)| data.len() >= BLOCK);
    let Some(least) = able().map(|(_, data)| data.len()).min() else { return false };
    let (alone, now) = (able().count() == 1, least / BLOCK * BLOCK);
    let able = group.iter_mut().filter(|(_, data)| data.len() >= BLOCK).map(|(md5, data)| {
        let (taken, left) = data.split_at(now);
        *data = left;
        (&mut md5.state, taken)
    });
    if alone {
        able.for_each(|(state, data)| block::one(state, data));
    } else {
        block::several(able);
    }
    true
}
