//! The cipher, undone while reading.

use aes::cipher::{BlockDecryptMut, KeyIvInit};
use std::io::{self, Read};

/// AES-128-CBC with PKCS #7 padding, undone while reading.
pub(super) struct Decrypt<R> {
    inner: R,
    cipher: cbc::Decryptor<aes::Aes128>,
    /// Bytes `from..clear` are decrypted; `clear..filled` are not yet.
    buffer: Vec<u8>,
    from: usize,
    clear: usize,
    filled: usize,
    ended: bool,
}

pub(super) const BLOCK: usize = 16;

impl<R: Read> Decrypt<R> {
    pub(super) fn new(inner: R, key: [u8; 16], iv: [u8; 16]) -> Self {
        let cipher = cbc::Decryptor::new(&key.into(), &iv.into());
        Decrypt { inner, cipher, buffer: vec![0; 64 << 10], from: 0, clear: 0, filled: 0, ended: false }
    }

    /// Decrypt more. The last block is held back until the end is known, since it carries the padding.
    fn refill(&mut self) -> io::Result<()> {
        self.buffer.copy_within(self.clear..self.filled, 0);
        self.filled -= self.clear;
        (self.from, self.clear) = (0, 0);
        while self.filled < self.buffer.len() {
            match self.inner.read(&mut self.buffer[self.filled..]) {
                Ok(0) => {
                    self.ended = true;
                    break;
                }
                Ok(n) => self.filled += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        let bad = |why| Err(io::Error::new(io::ErrorKind::InvalidData, why));
        if self.ended && (self.filled == 0 || !self.filled.is_multiple_of(BLOCK)) {
            return bad("the encrypted length is not a whole number of blocks");
        }
        self.clear = if self.ended { self.filled } else { (self.filled - 1) / BLOCK * BLOCK };
        for block in self.buffer[..self.clear].chunks_exact_mut(BLOCK) {
            self.cipher.decrypt_block_mut(block.into());
        }
        if self.ended {
            let pad = usize::from(self.buffer[self.filled - 1]);
            let sound = (1..=BLOCK).contains(&pad)
                && self.buffer[self.filled - pad..self.filled].iter().all(|b| usize::from(*b) == pad);
            if !sound {
                return bad("the padding at the end of the encrypted data is wrong");
            }
            self.filled -= pad;
            self.clear = self.filled;
        }
        Ok(())
    }
}

impl<R: Read> Read for Decrypt<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.from == self.clear {
            if self.ended {
                return Ok(0);
            }
            self.refill()?;
        }
        let n = into.len().min(self.clear - self.from);
        into[..n].copy_from_slice(&self.buffer[self.from..self.from + n]);
        self.from += n;
        Ok(n)
    }
}
