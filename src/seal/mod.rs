//! Bytes under lock: AES-256-GCM over bodies, and keys wrapped in keys.
//!
//! ```text
//! master key (a file) ─derive─► wrapping key ─wrap─► data key ─frames─► one body
//! a customer's key ─────────────────────────wrap─┘      └─derive─► one part of a multipart body
//! ```
//!
//! A data key seals one body and nothing else, so its frames may simply count ([`frames`]). Changing who may open a body
//! wraps its data key anew and leaves the body alone. A wrap has a key of its own, derived with a random salt: no number of wraps
//! under one key comes near the limits of the cipher.

pub mod frames;
pub mod master;

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};

/// Bytes that a sealed frame or a wrapped key has more than what is in it.
pub const TAG: usize = 16;
/// Bytes of a salt.
pub const SALT: usize = 16;
/// Bytes of a key.
pub const KEY: usize = 32;

/// What was opened is not what was sealed, or not with this key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("sealed bytes cannot be opened: they were changed, or the key is another one")]
pub struct Broken;

/// 256 secret bits.
#[derive(Clone, PartialEq, Eq)]
pub struct Key([u8; KEY]);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(***)")
    }
}

/// Random bytes of the operating system.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).expect("the operating system has random numbers");
    bytes
}

impl Key {
    /// A new one.
    pub fn random() -> Key {
        Key(random())
    }

    /// One that somebody else made; `None` unless it has [`KEY`] bytes.
    pub fn of(bytes: &[u8]) -> Option<Key> {
        bytes.try_into().ok().map(Key)
    }

    /// Another key, a function of this one, of what it is for and of a salt. It tells nothing of this one.
    pub fn derive(&self, purpose: &str, salt: &[u8]) -> Key {
        let mut mac = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, &self.0));
        // The length keeps purpose and salt apart.
        mac.update(&(purpose.len() as u64).to_be_bytes());
        mac.update(purpose.as_bytes());
        mac.update(salt);
        let mut bytes = [0; KEY];
        bytes.copy_from_slice(mac.sign().as_ref());
        Key(bytes)
    }

    /// 16 bytes, a function of this key, of what they are for and of a text.
    pub fn mark(&self, purpose: &str, text: &[u8]) -> [u8; 16] {
        let mut mark = [0; 16];
        mark.copy_from_slice(&self.derive(purpose, text).0[..16]);
        mark
    }

    /// A name for the key that does not tell it.
    pub fn fingerprint(&self) -> String {
        hex::encode(&self.derive("fingerprint", &[]).0[..8])
    }

    /// Wrap another key. `bound` is not kept and must be said again to unwrap.
    pub fn wrap(&self, other: &Key, bound: &[u8]) -> Vec<u8> {
        let salt: [u8; SALT] = random();
        let mut wrapped = [&salt[..], &other.0].concat();
        let once = self.derive("wrap", &salt).cipher();
        let tag = once
            .seal_in_place_separate_tag(nonce(0, true), Aad::from(bound), &mut wrapped[SALT..])
            .expect("a key is no longer than the cipher allows");
        wrapped.extend_from_slice(tag.as_ref());
        wrapped
    }

    /// The key that [`Key::wrap`] wrapped.
    pub fn unwrap_key(&self, wrapped: &[u8], bound: &[u8]) -> Result<Key, Broken> {
        let (salt, sealed) = wrapped.split_at_checked(SALT).ok_or(Broken)?;
        let mut sealed = sealed.to_vec();
        let once = self.derive("wrap", salt).cipher();
        let opened = once.open_in_place(nonce(0, true), Aad::from(bound), &mut sealed).map_err(|_| Broken)?;
        Key::of(opened).ok_or(Broken)
    }

    fn cipher(&self) -> LessSafeKey {
        LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &self.0).expect("the key has the cipher's length"))
    }
}

/// The nonce of the frame of this number; the last one's is marked.
fn nonce(number: u64, last: bool) -> Nonce {
    let mut bytes = [0; 12];
    bytes[0] = u8::from(last);
    bytes[4..].copy_from_slice(&number.to_be_bytes());
    Nonce::assume_unique_for_key(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrapped_key_opens_for_its_key_and_its_place_only() {
        let (outer, inner) = (Key::random(), Key::random());
        let wrapped = outer.wrap(&inner, b"b/k");
        assert_ne!(wrapped, outer.wrap(&inner, b"b/k"), "no two wraps are alike");
        assert_eq!(outer.unwrap_key(&wrapped, b"b/k"), Ok(inner));
        assert_eq!(outer.unwrap_key(&wrapped, b"b/other"), Err(Broken));
        assert_eq!(Key::random().unwrap_key(&wrapped, b"b/k"), Err(Broken));
        for at in 0..wrapped.len() {
            let mut changed = wrapped.clone();
            changed[at] ^= 1;
            assert_eq!(outer.unwrap_key(&changed, b"b/k"), Err(Broken), "byte {at}");
            assert_eq!(outer.unwrap_key(&wrapped[..at], b"b/k"), Err(Broken), "cut at {at}");
        }
    }

    #[test]
    fn derived_keys_depend_on_everything_and_secrets_are_not_printed() {
        let key = Key::random();
        assert_eq!(key.derive("a", b"b"), key.derive("a", b"b"));
        assert_ne!(key.derive("a", b"b"), key.derive("ab", b""));
        assert_ne!(key.derive("a", b"b"), Key::random().derive("a", b"b"));
        assert_eq!(format!("{key:?}"), "Key(***)");
    }
}
