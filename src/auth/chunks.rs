//! The chain of signatures of a signed `aws-chunked` upload: each chunk's signature covers the one before, the first
//! covers the request's own.

use super::signing_key::{self, HmacSha256};
use crate::wire::aws_chunked;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// SHA-256 of nothing, in hex: part of what a chunk signs.
const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// Checks one upload's chunks and trailers, hashing as data comes.
pub(super) struct ChunkVerifier {
    key: HmacSha256,
    /// `date\nscope\n`, as in the request's own string to sign.
    head: String,
    previous: String,
    chunk: Sha256,
}

impl ChunkVerifier {
    /// `head` is `<x-amz-date>\n<scope>\n`, `seed` the request's signature.
    pub(super) fn new(key: HmacSha256, head: String, seed: String) -> Self {
        ChunkVerifier { key, head, previous: seed, chunk: Sha256::new() }
    }

    /// The signature of the chunk whose data was fed; it becomes the one that the next builds on.
    pub(super) fn next_chunk(&mut self) -> String {
        let hash = hex::encode(self.chunk.finalize_reset());
        self.advance("AWS4-HMAC-SHA256-PAYLOAD", &format!("{EMPTY}\n{hash}"))
    }

    /// The signature of the trailers.
    pub(super) fn next_trailers(&mut self, lines: &[u8]) -> String {
        self.advance("AWS4-HMAC-SHA256-TRAILER", &hex::encode(Sha256::digest(lines)))
    }

    fn advance(&mut self, algorithm: &str, hashes: &str) -> String {
        let text = format!("{algorithm}\n{}{}\n{hashes}", self.head, self.previous);
        self.previous = signing_key::sign(&self.key, text.as_bytes());
        self.previous.clone()
    }
}

impl aws_chunked::Signatures for ChunkVerifier {
    fn data(&mut self, data: &[u8]) {
        self.chunk.update(data);
    }

    fn chunk(&mut self, signature: &[u8]) -> bool {
        self.next_chunk().as_bytes().ct_eq(signature).into()
    }

    fn trailers(&mut self, lines: &[u8], signature: &[u8]) -> bool {
        self.next_trailers(lines).as_bytes().ct_eq(signature).into()
    }
}
