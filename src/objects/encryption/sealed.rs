//! What is kept of a sealed body, and what a body on its way in is sealed with.

use crate::db;
use crate::objects::error::{Error, Result};
use crate::seal::Key;
use serde::{Deserialize, Serialize};
use std::io;

/// How a body is encrypted, as answers tell it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "mode")]
pub enum Mode {
    #[serde(rename = "AES256")]
    S3,
    #[serde(rename = "aws:kms")]
    Kms {
        /// The key's ARN, or its id where that can have none.
        key_id: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        context: Option<String>,
        #[serde(default)]
        bucket_key: bool,
    },
    #[serde(rename = "customer")]
    Customer,
}

/// What a row keeps of a sealed body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Encryption {
    #[serde(flatten)]
    pub mode: Mode,
    /// The wrapped data key, in base64.
    pub(super) key: String,
}

impl Encryption {
    pub(in crate::objects) fn to_column(&self) -> String {
        serde_json::to_string(self).expect("strings become JSON")
    }

    /// From the database; `None`: the body is plain.
    pub(in crate::objects) fn from_column(text: &str) -> Result<Option<Encryption>> {
        if text.is_empty() {
            return Ok(None);
        }
        let read = serde_json::from_str(text).map(Some);
        read.map_err(|e| Error::Db(db::Error::Damaged(format!("an object's encryption: {e}"))))
    }

    /// Whether the ETag is nothing that one could compute from the bytes, as AWS has it but for SSE-S3.
    pub fn hides_etag(&self) -> bool {
        match self.mode {
            Mode::S3 => false,
            Mode::Kms { .. } | Mode::Customer => true,
        }
    }
}

/// How a body that is on its way in is to be sealed, and what its row will keep of that.
#[derive(Debug, Clone, Default)]
pub struct Seal {
    /// `None`: not at all.
    pub(in crate::objects) key: Option<Key>,
    pub(in crate::objects) note: Note,
}

/// What the row of a sealed body keeps.
#[derive(Debug, Clone, Default)]
pub(in crate::objects) enum Note {
    #[default]
    Plain,
    Object(Encryption),
    Part {
        salt: String,
        /// The upload's data key, if its ETags are to be hidden.
        hiding: Option<Key>,
    },
}

impl Note {
    /// Of an object; a part's is none.
    pub fn object(self) -> Option<Encryption> {
        match self {
            Note::Object(encryption) => Some(encryption),
            Note::Plain | Note::Part { .. } => None,
        }
    }

    /// The salt of a part; empty: the part is plain.
    pub fn salt(&self) -> &str {
        match self {
            Note::Part { salt, .. } => salt,
            Note::Plain | Note::Object(_) => "",
        }
    }
}

impl Seal {
    /// The ETag of a body with this MD5: that in hex, or what only the key's owner could compute. A part that is sent again has
    /// the ETag that it had.
    pub(in crate::objects) fn etag(&self, md5: &[u8; 16]) -> String {
        let key = match &self.note {
            Note::Plain => None,
            Note::Object(encryption) => self.key.as_ref().filter(|_| encryption.hides_etag()),
            Note::Part { hiding, .. } => hiding.as_ref(),
        };
        match key {
            Some(key) => hex::encode(key.mark("etag", md5)),
            None => hex::encode(md5),
        }
    }
}

pub(super) const PART: &str = "part";

/// The key of a part; `salt` is not empty.
pub(in crate::objects) fn part_key(data: &Key, salt: &str) -> io::Result<Key> {
    let salt = hex::decode(salt).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "the salt of a part"))?;
    Ok(data.derive(PART, &salt))
}
