//! Session tokens of IMDSv2: stateless, so that a restart of the server invalidates none.
//!
//! A token is `version, expiry, HMAC-SHA256(version, expiry, instance)` in URL-safe base64: it serves one instance until it
//! expires, and nothing is stored but the installation's key.

use crate::db;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE;
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// Longest life of a token, in seconds: six hours.
pub const MAX_TTL: u32 = 21_600;
const VERSION: u8 = 1;

/// The installation's key for tokens.
#[derive(Clone)]
pub struct Key([u8; 32]);

impl Key {
    /// The key kept in the settings, made at the first call.
    pub fn load(conn: &db::Conn) -> Result<Key, db::Error> {
        let text = db::iam::setting_or(conn, "imds_token_key", &crate::id::hex(32))?;
        let bytes = hex::decode(&text).ok().and_then(|b| b.try_into().ok());
        bytes.map(Key).ok_or_else(|| db::Error::Damaged("setting imds_token_key: 64 hex digits are needed".into()))
    }

    /// A token for `instance_id` that is good for `ttl` seconds from `now` (Unix seconds).
    pub fn issue(&self, instance_id: &str, ttl: u32, now: i64) -> String {
        let expiry = now.saturating_add(i64::from(ttl));
        let mut token = vec![VERSION];
        token.extend(expiry.to_be_bytes());
        token.extend(self.code(&token, instance_id).finalize().into_bytes());
        URL_SAFE.encode(token)
    }

    /// Seconds that the token is still good for, if it is one of ours for this instance.
    pub fn check(&self, token: &str, instance_id: &str, now: i64) -> Option<u32> {
        let bytes = URL_SAFE.decode(token).ok()?;
        let (head, code) = bytes.split_at_checked(9)?;
        self.code(head, instance_id).verify_slice(code).ok()?;
        let expiry = i64::from_be_bytes(head[1..].try_into().ok()?);
        u32::try_from(expiry - now).ok().filter(|left| head[0] == VERSION && *left > 0)
    }

    fn code(&self, head: &[u8], instance_id: &str) -> Hmac<Sha256> {
        Hmac::new_from_slice(&self.0)
            .expect("HMAC takes keys of any length")
            .chain_update(head)
            .chain_update(instance_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: Key = Key([7; 32]);

    #[test]
    fn a_token_is_good_for_its_instance_until_it_expires() {
        let token = KEY.issue("i-1", 60, 1000);
        assert_eq!(token.len(), 56);
        assert_eq!(KEY.check(&token, "i-1", 1000), Some(60));
        assert_eq!(KEY.check(&token, "i-1", 1059), Some(1));
        assert_eq!(KEY.check(&token, "i-1", 1060), None);
        assert_eq!(KEY.check(&token, "i-2", 1000), None);
        assert_eq!(Key([8; 32]).check(&token, "i-1", 1000), None);
    }

    #[test]
    fn a_changed_token_is_refused() {
        let token = KEY.issue("i-1", 60, 1000);
        let mut bytes = URL_SAFE.decode(&token).unwrap();
        for at in 0..bytes.len() {
            bytes[at] ^= 1;
            assert_eq!(KEY.check(&URL_SAFE.encode(&bytes), "i-1", 1000), None, "byte {at}");
            bytes[at] ^= 1;
        }
        assert_eq!(KEY.check("", "i-1", 1000), None);
        assert_eq!(KEY.check("AQ==", "i-1", 1000), None);
    }

    #[test]
    fn the_key_is_made_once() {
        let dir = tempfile::tempdir().unwrap();
        let db = db::Db::open(&dir.path().join("novella.db")).unwrap();
        let one = db.write_blocking(Key::load).unwrap();
        let two = db.write_blocking(Key::load).unwrap();
        assert_eq!(one.0, two.0);
    }
}
