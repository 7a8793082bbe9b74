//! Versions of a key, and their ids.

use super::Store;
use super::bucket::{self, Bucket};
use super::error::{Error, Result};
use super::info::ObjectInfo;
use super::lock::{Lock, Retention};
use super::notification::{self, Cause};
use super::tags::Tags;
use crate::db::Conn;
use crate::db::objects::versions::{self, ObjectRow};
use crate::{clock, id};

/// The version id of an object that was written without versioning.
pub const NULL_VERSION: &str = "null";

/// The id of the version that this write makes. It begins with the write's number, counted down: newer ids come first, and the
/// row is found by it.
pub(super) fn id_of(number: i64) -> String {
    format!("{:016x}{}", i64::MAX - number, id::hex(8))
}

/// The rank of the row that a version id speaks of, unless it is `null` or nothing that we gave out.
pub(super) fn rank_of(version_id: &str) -> Option<i64> {
    let number = i64::from_str_radix(version_id.get(..16)?, 16).ok()?;
    (version_id.len() == 32).then_some(number - i64::MAX)
}

/// Whether a version id could be one: AWS refuses others without looking.
pub fn well_formed(version_id: &str) -> bool {
    version_id == NULL_VERSION
        || version_id.len() == 32
            && version_id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

/// The row of this version, a delete marker's too.
pub(super) fn row(c: &Conn, bucket: &str, key: &str, version_id: &str) -> Result<Option<ObjectRow>> {
    if version_id == NULL_VERSION {
        return Ok(versions::null(c, bucket, key)?);
    }
    let Some(rank) = rank_of(version_id) else { return Ok(None) };
    Ok(versions::at(c, bucket, key, rank)?.filter(|row| row.version_id == version_id))
}

/// The version of this id, or with `None` the one that GET sees.
pub(super) fn find(c: &Conn, bucket: &str, key: &str, version_id: Option<&str>) -> Result<ObjectInfo> {
    let found = match version_id {
        Some(version_id) => row(c, bucket, key, version_id)?,
        None => match versions::live(c, bucket, key)? {
            None => versions::current(c, bucket, key)?,
            live => live,
        },
    };
    match (found, version_id) {
        (Some(row), None) if row.delete_marker => Err(Error::Deleted { key: row.key, version_id: row.version_id }),
        (Some(row), Some(_)) if row.delete_marker => {
            Err(Error::IsDeleteMarker { version_id: row.version_id, modified_at: row.modified_at })
        }
        (Some(row), _) => ObjectInfo::read(row),
        (None, version_id) => {
            bucket::get(c, bucket)?;
            Err(match version_id {
                Some(id) => Error::NoSuchVersion { key: key.to_owned(), version_id: id.to_owned() },
                None => Error::NoSuchKey(key.to_owned()),
            })
        }
    }
}

/// The bucket, which must be one whose versions can be locked.
fn lockable(c: &Conn, bucket: &str) -> Result<Bucket> {
    let bucket = bucket::get(c, bucket)?;
    if bucket.lock.is_some() { Ok(bucket) } else { Err(Error::NoObjectLock) }
}

impl Store {
    /// The version of this id, or with `None` the one that GET sees.
    pub fn find(&self, bucket: &str, key: &str, version_id: Option<&str>) -> Result<ObjectInfo> {
        self.db.read(|c| find(c, bucket, key, version_id))
    }

    /// PutObjectTagging and DeleteObjectTagging; returns the id of the version that it was.
    pub async fn set_tags(
        &self,
        bucket: &str,
        key: &str,
        version_id: Option<String>,
        tags: Tags,
        cause: Cause,
    ) -> Result<String> {
        let (bucket, key) = (bucket.to_owned(), key.to_owned());
        self.write(move |c| {
            let info = find(c, &bucket, &key, version_id.as_deref())?;
            versions::set_tags(c, &bucket, &key, info.rank, &tags.to_column())?;
            notification::emit(c, &bucket::get(c, &bucket)?, cause.event, info.changed(), Some(&cause))?;
            Ok(info.version_id)
        })
        .await
    }

    /// PutObjectRetention; `bypass` is for who may bypass governance.
    pub async fn set_retention(
        &self,
        bucket: &str,
        key: &str,
        version_id: Option<String>,
        retention: Option<Retention>,
        bypass: bool,
    ) -> Result<()> {
        let (bucket, key) = (bucket.to_owned(), key.to_owned());
        self.write(move |c| {
            lockable(c, &bucket)?;
            let info = find(c, &bucket, &key, version_id.as_deref())?;
            info.lock.allows_retention(retention, clock::now_ms(), bypass)?;
            set_lock(c, &info, Lock { retention, ..info.lock })
        })
        .await
    }

    /// PutObjectLegalHold.
    pub async fn set_hold(&self, bucket: &str, key: &str, version_id: Option<String>, on: bool) -> Result<()> {
        let (bucket, key) = (bucket.to_owned(), key.to_owned());
        self.write(move |c| {
            lockable(c, &bucket)?;
            let info = find(c, &bucket, &key, version_id.as_deref())?;
            set_lock(c, &info, Lock { hold: Some(on), ..info.lock })
        })
        .await
    }
}

fn set_lock(c: &Conn, info: &ObjectInfo, lock: Lock) -> Result<()> {
    Ok(versions::set_lock(c, &info.bucket, &info.key, info.rank, &lock.to_column())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newer_ids_come_first_and_name_their_row() {
        let (old, new) = (id_of(41), id_of(42));
        assert!(new < old);
        assert_eq!(rank_of(&new), Some(-42));
        assert!(well_formed(&new) && well_formed("null"));
        for bad in ["", "null0", "0123", "é", &"x".repeat(31), &"/".repeat(32)] {
            assert!(!well_formed(bad) && rank_of(bad).is_none(), "{bad}");
        }
        assert_eq!(rank_of(&"z".repeat(32)), None);
    }
}
