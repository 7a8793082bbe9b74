//! Session tokens of IMDSv2: stateless, so that a restart of the server invalidates none.

use crate::db;

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
}
