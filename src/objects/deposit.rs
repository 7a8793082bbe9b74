//! Objects that the cloud itself puts into accounts' buckets: exported disks, bundles.

use super::access::{self, Ask};
use super::acl::Caller;
use super::error::Result;
use super::info::Headers;
use super::notification::{Cause, Event};
use super::object::{NewObject, Written, check_key};
use super::{Store, bucket, object};
use std::collections::BTreeMap;
use std::io::Read;

impl Store {
    /// Whether `account` may put an object there.
    pub fn may_deposit(&self, bucket: &str, key: &str, account: &str) -> Result<()> {
        check_key(key)?;
        let owner: bucket::Bucket = self.bucket(bucket)?;
        let ask = Ask {
            caller: Caller::Account(account),
            canonical_id: None,
            action: "s3:PutObject",
            key,
            conditions: &|_| Vec::new(),
        };
        access::decide(&owner, None, &ask).map(drop)
    }

    /// Put a whole object as `account` may, with user metadata (`x-amz-meta-…`, ASCII). Blocking.
    pub fn deposit(
        &self,
        bucket: &str,
        key: &str,
        account: &str,
        user: BTreeMap<String, String>,
        body: impl Read,
    ) -> Result<Written> {
        self.may_deposit(bucket, key, account)?;
        let headers = Headers { user, ..Headers::default() };
        let cause = Cause { account: account.to_owned(), ..Cause::of(Event::Put) };
        let new = NewObject { headers, cause: Some(Box::new(cause)), ..NewObject::of(bucket, key, account) };
        let staged = self.stage_blocking(body, &[new.checksum], self.seal_of(bucket, key, account)?)?;
        let (written, blob) = self.db.write_blocking(move |c| object::put(c, &new, staged))?;
        self.committed(blob, written.garbage);
        Ok(written)
    }
}
