//! What an image is: a disk, kernel or ramdisk that instances start from.
//!
//! An image comes in as a *bundle* (a manifest and encrypted parts in a bucket, `RegisterImage`) or as a disk
//! file that the operator imports. Its row in the database is the truth; its folder holds the bytes and says the same
//! in `info.json`, for people and for scripts:
//!
//! ```text
//! register ──> row pending ──reconcile──> images/<hex>/{image,info.json} ──> row available
//!                                └── the bundle cannot be used ──> row failed, with the reason
//! import   ──────────────────────────────> images/<hex>/{image,info.json} ──> row available
//!
//! base_image ──> instances/_base/<digest>   raw, read-only, shared by the overlays of all instances
//! ```
//!
//! Invariants: an image is available only if its file is complete, verified and flushed; a file under its final
//! name is never written again; work that a crash interrupts is done again from the row.

mod error;

pub use crate::db::images::{File, Image, ImageType, Mapping, Reason, Select, State};
pub use error::Error;

use crate::db::{self, Db};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The room's handle.
pub struct Images {
    db: Db,
}

/// What `RegisterImage` asks for. What is `None` is taken from the manifest, or has AWS's default.
#[derive(Debug, Clone, Default)]
pub struct RegisterRequest {
    /// The owner.
    pub account: String,
    pub region: String,
    /// `bucket/[prefix/]name.manifest.xml`
    pub location: String,
    pub name: Option<String>,
    pub description: Option<String>,
    pub architecture: Option<String>,
    pub kernel_id: Option<String>,
    pub ramdisk_id: Option<String>,
    pub root_device_name: Option<String>,
    pub mappings: Option<Vec<Mapping>>,
}

/// A file that overlays may stand on; it never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    /// Absolute path below `instances/_base`: a raw disk (machine image), or the kernel or ramdisk as it is.
    pub path: PathBuf,
    /// Bytes of the disk.
    pub virtual_size: u64,
    /// The file's name in `_base`: what [`Images::age_bases`] wants to know as in use.
    pub digest: String,
}

impl Images {
    /// The image, whatever its state, if `id` was ever given out.
    pub fn get(&self, id: &str) -> Result<Option<Image>, Error> {
        Ok(self.db.read(|c| db::images::get(c, id))?)
    }

    /// The images that `select` asks for, oldest first; never deregistered ones.
    pub fn describe(&self, select: &Select) -> Result<Vec<Image>, Error> {
        Ok(self.db.read(|c| db::images::select(c, select))?)
    }

    /// Check and fetch the manifest, and put the image down as pending; the rest is done by [`Images::run`].
    pub async fn register(&self, _request: RegisterRequest) -> Result<Image, Error> {
        Err(Error::InvalidManifest("not built yet".into()))
    }

    /// Take the image `id` of `account` away: it can be neither seen nor launched any more. Running instances stay.
    pub async fn deregister(&self, account: &str, id: &str) -> Result<(), Error> {
        let (account, id) = (account.to_owned(), id.to_owned());
        self.db
            .write(move |c| match db::images::get(c, &id)? {
                None => Err(Error::NotFound(id)),
                Some(i) if i.state == State::Deregistered => Err(Error::Unavailable(id)),
                Some(i) if i.account != account => Err(Error::NotOwner(id)),
                Some(_) => db::images::set_deregistered(c, &id).map(|_| ()).map_err(Error::from),
            })
            .await
    }

    /// The file that instances of this image stand on; made once, whoever asks and however many. Blocking.
    pub fn base_image(&self, id: &str) -> Result<Base, Error> {
        Err(Error::NotFound(id.to_owned()))
    }

    /// Do the work of pending images until dropped.
    pub async fn run(self: Arc<Self>) {
        std::future::pending::<()>().await
    }

    /// There may be something to do.
    pub fn wake(&self) {}

    /// Open the room over `db`, with its files below `data_dir`.
    pub fn open(db: Db, data_dir: &Path) -> Result<Images, Error> {
        let _ = data_dir;
        Ok(Images { db })
    }
}
