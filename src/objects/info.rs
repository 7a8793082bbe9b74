//! What is known of an object besides its bytes.

use super::acl::Acl;
use super::checksum::{Algorithm, Kind};
use super::encryption::Encryption;
use super::error::{Error, Result};
use super::lock::Lock;
use super::notification::Changed;
use super::tags::Tags;
use crate::db;
use crate::db::objects::Place;
use crate::db::objects::versions::ObjectRow;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What the client gave with the bytes and gets back with them. Values are opaque: one character is one byte.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Headers {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_control: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_disposition: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_encoding: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_language: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    /// Where a website sends those who ask for the object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub website_redirect: Option<String>,
    /// `x-amz-meta-*`, by the rest of the name in lower case.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub user: BTreeMap<String, String>,
}

impl Headers {
    /// As the database keeps them.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("strings become JSON")
    }

    /// From the database.
    pub fn from_json(text: &str) -> Result<Headers> {
        serde_json::from_str(text).map_err(|e| Error::Db(db::Error::Damaged(format!("object headers: {e}"))))
    }
}

/// A checksum as it is kept and shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checksum {
    pub algorithm: Algorithm,
    pub kind: Kind,
    /// Base64, with `-N` behind for a composite one.
    pub text: String,
}

/// One version of an object.
#[derive(Debug, Clone)]
pub struct ObjectInfo {
    pub bucket: String,
    pub key: String,
    pub version_id: String,
    /// Bytes.
    pub size: u64,
    /// Without quotes.
    pub etag: String,
    /// Milliseconds.
    pub modified_at: i64,
    /// Account id.
    pub owner: String,
    pub acl: Acl,
    pub storage_class: String,
    /// 0 when not uploaded in parts.
    pub part_count: u32,
    pub checksum: Option<Checksum>,
    pub headers: Headers,
    pub tags: Tags,
    pub lock: Lock,
    /// `None`: the body is plain.
    pub encryption: Option<Encryption>,
    pub(super) rank: i64,
    pub(super) place: Place,
}

/// The algorithm of a database column.
pub(super) fn algorithm(name: &str) -> Result<Algorithm> {
    Algorithm::parse(name).ok_or_else(|| Error::Db(db::Error::Damaged(format!("checksum algorithm {name:?}"))))
}

/// The checksum kind of a database column.
pub(super) fn kind(name: &str) -> Result<Kind> {
    Kind::parse(name).ok_or_else(|| Error::Db(db::Error::Damaged(format!("checksum type {name:?}"))))
}

impl ObjectInfo {
    /// As events tell of it.
    pub(in crate::objects) fn changed(&self) -> Changed<'_> {
        Changed {
            key: &self.key,
            size: Some(self.size as i64),
            etag: Some(&self.etag),
            version_id: Some(&self.version_id),
            number: None,
        }
    }

    pub(in crate::objects) fn read(row: ObjectRow) -> Result<ObjectInfo> {
        let checksum = match (row.checksum_algorithm, row.checksum_type, row.checksum) {
            (Some(a), Some(k), Some(text)) => Some(Checksum { algorithm: algorithm(&a)?, kind: kind(&k)?, text }),
            (_, _, _) => None,
        };
        Ok(ObjectInfo {
            headers: Headers::from_json(&row.headers)?,
            tags: Tags::from_column(&row.tags)?,
            lock: Lock::from_column(&row.lock)?,
            encryption: Encryption::from_column(&row.encryption)?,
            acl: Acl::from_text(&row.acl)
                .ok_or_else(|| Error::Db(db::Error::Damaged(format!("the ACL of {}/{}", row.bucket, row.key))))?,
            bucket: row.bucket,
            key: row.key,
            version_id: row.version_id,
            size: row.size as u64,
            etag: row.etag,
            modified_at: row.modified_at,
            owner: row.owner,
            storage_class: row.storage_class,
            part_count: row.part_count as u32,
            checksum,
            rank: row.rank,
            place: row.place,
        })
    }
}
