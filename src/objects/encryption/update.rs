//! Another key for an object that is there: its data key is wrapped anew, its bytes and everything else stay.

use super::{Asked, Encryption, Mode, Place};
use crate::clock;
use crate::db::objects::versions;
use crate::objects::error::{Error, Result};
use crate::objects::info::ObjectInfo;
use crate::objects::{Store, version};

impl Store {
    /// UpdateObjectEncryption of a version that is not under a lock; `account` is who asks. The ETag stays as it is.
    pub async fn update_encryption(&self, info: &ObjectInfo, asked: &Asked, account: &str) -> Result<()> {
        let from = |what: &str| {
            Error::InvalidRequest(format!(
                "The encryption of {what} cannot be updated: only that of objects with SSE-S3 or SSE-KMS can be."
            ))
        };
        let mut info = info.clone();
        loop {
            match info.encryption.as_ref().map(|e| &e.mode) {
                None => return Err(from("an object that is not encrypted")),
                Some(Mode::Customer) => return Err(from("an object with SSE-C")),
                Some(Mode::S3 | Mode::Kms { .. }) => {}
            }
            let data = self.unlock(&info, None)?;
            let bucket = self.bucket(&info.bucket)?;
            let at = Place { bucket: &bucket, key: &info.key, account };
            let new = self.seal_with(at, asked, data)?.note.object();
            let old = info.clone();
            let changed = self.write(move |c| {
                let now = version::find(c, &old.bucket, &old.key, Some(&old.version_id))?;
                now.lock.allows_deletion(clock::now_ms(), false)?;
                if now.rank != old.rank || now.encryption != old.encryption {
                    return Ok(Some(now));
                }
                let column = new.as_ref().map(Encryption::to_column).unwrap_or_default();
                versions::set_encryption(c, &old.bucket, &old.key, old.rank, &column)?;
                Ok::<_, Error>(None)
            });
            match changed.await? {
                None => return Ok(()),
                Some(now) => info = now,
            }
        }
    }
}
