//! What S3 means, on domain types: buckets, objects, listings, conditions, multipart uploads. No HTTP here.
//!
//! A body arrives through [`ingest`], which writes it beside its digests; only when it is durable and verified does one
//! transaction make it an object. So an object is visible whole or not at all, and what was answered is kept:
//!
//! ```text
//! push* -> finish -> Staged (durable, digests known) -> verify -> one commit: row in, old row out -> settle
//! ```
//!
//! Bytes live in one of three places (`db::objects::Place`): a small body in the database itself, a larger one in a
//! blob, a multipart one in its parts' blobs. A copy refers to its source's body. When the last row that refers to a body
//! goes, the body becomes garbage in the same transaction and [`janitor`] takes the bytes away.

pub mod access;
pub mod acl;
mod bench;
mod body;
pub mod bucket;
pub mod buffers;
pub mod check;
pub mod checksum;
pub mod condition;
pub mod copy;
mod deposit;
pub mod encryption;
mod error;
pub mod info;
pub mod ingest;
pub mod janitor;
pub mod lifecycle;
pub mod listing;
pub mod lock;
pub mod logging;
pub mod multipart;
pub mod notification;
pub mod object;
pub mod policy;
#[cfg(test)]
mod race;
pub mod range;
pub mod reader;
pub mod tags;
pub mod version;
pub mod versioning;
pub mod website;

pub use error::{Error, Result};
pub use info::{Headers, ObjectInfo};
pub use reader::Reader;

use crate::blobs::{self, Blobs};
use crate::db::{Conn, Db};
use std::path::Path;
use std::sync::{Arc, Mutex};

/// Bodies up to this many bytes live in the database.
pub const INLINE: usize = 64 * 1024;
/// The largest body of one PUT or part.
pub const MAX_PUT: u64 = 5 * 1024 * 1024 * 1024;
/// The longest key, in bytes of UTF-8.
pub const MAX_KEY: usize = 1024;

/// Every bucket and object of the cloud.
pub struct Store {
    db: Db,
    blobs: Arc<dyn Blobs>,
    bench: Arc<bench::Bench>,
    vault: encryption::Vault,
    pins: Arc<reader::Pins>,
    /// Staged blobs that an earlier process left: the janitor's first work.
    leftovers: Mutex<Vec<String>>,
    /// Blobs whose rows are committed, until the janitor settles them.
    settling: Mutex<Vec<String>>,
    settle: tokio::sync::Notify,
    /// Which buckets log their requests, and the newest records.
    pub logs: logging::Logs,
}

impl Store {
    /// Open the store whose blobs are in `<data_dir>/objects` and whose master key is in `<data_dir>/keys`. Nothing is repaired
    /// until [`janitor::run`] starts.
    pub fn open(db: Db, data_dir: &Path) -> Result<Store> {
        Store::open_with(db, data_dir, encryption::Settings::default())
    }

    /// The same, with what the operator chose.
    pub fn open_with(db: Db, data_dir: &Path, settings: encryption::Settings) -> Result<Store> {
        let blobs = blobs::dir::Dir::open(&data_dir.join("objects"))?;
        Store::over(db, Arc::new(blobs), &data_dir.join("keys"), settings)
    }

    /// A store over any place of blobs.
    pub fn over(db: Db, blobs: Arc<dyn Blobs>, keys: &Path, settings: encryption::Settings) -> Result<Store> {
        let vault = encryption::Vault::open(&db, keys, settings)?;
        let mut leftovers = Vec::new();
        blobs.list(false, &mut |entry| leftovers.push(entry.name))?;
        Ok(Store {
            logs: logging::Logs::open(&db)?,
            db,
            blobs,
            bench: Arc::default(),
            vault,
            pins: Arc::default(),
            leftovers: Mutex::new(leftovers),
            settling: Mutex::default(),
            settle: Default::default(),
        })
    }

    /// Forget every bucket and object, and take their bytes away. Blocks.
    pub fn wipe(&self) -> Result<()> {
        self.db.write_blocking(|c| Ok::<_, Error>(crate::db::objects::wipe(c)?))?;
        self.logs.clear();
        janitor::collect(self)
    }

    async fn write<T, F>(&self, job: F) -> Result<T>
    where
        F: FnOnce(&Conn) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        self.db.write(job).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A store in a temporary folder, with one bucket `b` of account `1`.
    pub fn store() -> (tempfile::TempDir, Arc<Store>) {
        let dir = tempfile::tempdir().unwrap();
        let db = Db::open(&dir.path().join("db")).unwrap();
        let store = Store::open(db, dir.path()).unwrap();
        store.db.write_blocking(|c| bucket::create(c, &bucket::NewBucket::of("b", "1", "us-east-1"))).unwrap();
        (dir, Arc::new(store))
    }
}
