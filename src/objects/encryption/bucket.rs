//! What a bucket says of the encryption of new objects.

use crate::db;
use crate::objects::Store;
use crate::objects::error::{Error, Result};
use serde::{Deserialize, Serialize};

/// The name of the document.
const NAME: &str = "encryption";

/// A bucket's configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Configuration {
    /// For objects whose writers say nothing; `None`: as the cloud does it.
    pub algorithm: Option<Algorithm>,
    /// Objects under a KMS key say that they share a bucket key. All keys here are local, so it saves nothing.
    #[serde(default)]
    pub bucket_key: bool,
    /// Whether writes with keys of the customer's are refused; `None`: it was never said.
    #[serde(default)]
    pub blocks_customer_keys: Option<bool>,
}

/// How objects are encrypted when their writers say nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Algorithm {
    S3,
    Kms {
        /// As the client named it; `None`: the account's own key.
        key: Option<String>,
    },
}

impl Store {
    /// GetBucketEncryption; `None` when nothing was configured.
    pub fn bucket_encryption(&self, bucket: &str) -> Result<Option<Configuration>> {
        let damaged = |e| Error::Db(db::Error::Damaged(format!("the encryption of bucket {bucket}: {e}")));
        self.config(bucket, NAME)?.map(|text| serde_json::from_str(&text).map_err(damaged)).transpose()
    }

    /// PutBucketEncryption, and with `None` DeleteBucketEncryption.
    pub async fn set_bucket_encryption(&self, bucket: &str, configuration: Option<Configuration>) -> Result<()> {
        let text = configuration.map(|c| serde_json::to_string(&c).expect("strings become JSON"));
        self.set_config(bucket, NAME, text).await
    }

    /// The algorithm of a bucket that has none configured.
    pub fn encrypts_by_default(&self) -> bool {
        self.vault.by_default
    }
}
