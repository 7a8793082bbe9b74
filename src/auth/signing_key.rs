//! SigV4's signing key: four HMACs deep, and the same for a whole day. So it is kept.

use crate::iam::Secret;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::hash::{BuildHasher, RandomState};
use std::sync::{LazyLock, RwLock};

pub(super) type HmacSha256 = Hmac<Sha256>;

/// What a key is derived from. The date is `20261121`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Scope<'a> {
    pub date: &'a str,
    pub region: &'a str,
    pub service: &'a str,
}

impl std::fmt::Display for Scope<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}/{}/aws4_request", self.date, self.region, self.service)
    }
}

/// A table of fixed size in which a key has one place: what comes later replaces what was there. Bounded, whatever
/// scopes clients think of.
struct Kept {
    places: [RwLock<Option<Entry>>; 128],
    hasher: RandomState,
}

struct Entry {
    secret: Secret,
    date: String,
    region: String,
    service: String,
    key: HmacSha256,
}

static KEPT: LazyLock<Kept> =
    LazyLock::new(|| Kept { places: [const { RwLock::new(None) }; 128], hasher: RandomState::new() });

/// An HMAC that is ready to sign for `scope`.
pub(super) fn signing_key(secret: &Secret, scope: Scope<'_>) -> HmacSha256 {
    let place = KEPT.hasher.hash_one((secret.expose(), scope)) as usize % KEPT.places.len();
    let place = &KEPT.places[place];
    if let Some(entry) = &*place.read().expect("no panic while held")
        && entry.secret == *secret
        && (Scope { date: &entry.date, region: &entry.region, service: &entry.service }) == scope
    {
        return entry.key.clone();
    }
    let key = derive(secret, scope);
    let entry = Entry {
        secret: secret.clone(),
        date: scope.date.into(),
        region: scope.region.into(),
        service: scope.service.into(),
        key: key.clone(),
    };
    *place.write().expect("no panic while held") = Some(entry);
    key
}

fn derive(secret: &Secret, scope: Scope<'_>) -> HmacSha256 {
    let mut key = hmac(format!("AWS4{}", secret.expose()).as_bytes());
    for step in [scope.date, scope.region, scope.service, "aws4_request"] {
        key.update(step.as_bytes());
        key = hmac(&key.finalize().into_bytes());
    }
    key
}

fn hmac(key: &[u8]) -> HmacSha256 {
    HmacSha256::new_from_slice(key).expect("HMAC takes keys of any length")
}

/// The signature of `text`: 64 hex digits.
pub(super) fn sign(key: &HmacSha256, text: &[u8]) -> String {
    hex::encode(key.clone().chain_update(text).finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of AWS's documentation.
    #[test]
    fn the_documented_key_is_derived_first_and_found_again() {
        let secret = Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
        let scope = Scope { date: "20120215", region: "us-east-1", service: "iam" };
        let first = sign(&signing_key(&secret, scope), b"x");
        assert_eq!(first, sign(&signing_key(&secret, scope), b"x"));
        assert_eq!(first, sign(&derive(&secret, scope), b"x"));
        let raw = hex::decode("f4780e2d9f65fa895f9c67b32ce1baf0b0d8a43505a000a1a9e090d414db404d").unwrap();
        assert_eq!(first, sign(&hmac(&raw), b"x"));
        let other = signing_key(&Secret::new("other"), scope);
        assert_ne!(first, sign(&other, b"x"));
    }
}
