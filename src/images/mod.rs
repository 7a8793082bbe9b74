//! What an image is: a disk, kernel or ramdisk that instances start from.
//!
//! An image comes in as a *bundle* (a manifest and encrypted parts in a bucket, `RegisterImage`), as a copy of another one or
//! of an instance's disk, or as a disk file that the operator imports. Its row in the database is the truth; its folder
//! holds the bytes and says the same in `info.json`, for people and for scripts:
//!
//! ```text
//! register, copy ──> row pending ──reconcile──> images/<hex>/{image,info.json} ──> row available
//!                                      └── it cannot be done ──> row failed, with the reason
//! import         ──────────────────────────────> images/<hex>/{image,info.json} ──> row available
//!
//! of snapshots   ──> row available: no file, see `on_volumes`
//!
//! base_image ──> instances/_base/<digest>   raw, read-only, shared by the overlays of all instances
//! ```
//!
//! Imports and exports through buckets, and bundles of instances, are [`tasks`].
//!
//! Invariants: an image is available only if its file is complete, verified and flushed; a file under its final
//! name is never written again; work that a crash interrupts is done again from the row.

pub mod allowed;
mod base;
pub mod bundle;
pub mod capture;
pub mod check;
mod copy;
mod error;
mod folder;
pub mod format;
mod import;
pub mod keys;
mod lifecycle;
pub mod manifest;
mod mapping;
mod on_volumes;
mod reconcile;
mod register;
pub mod settings;
pub mod source;
pub mod tasks;
#[cfg(test)]
mod tests;
pub mod unbundle;

pub use crate::db::images::{
    Declared, Details, File, Image, ImageType, ImageVolume, Mapping, Origin, Protection, Reason, Select, State,
};
pub use copy::{CopyRequest, copy};
pub use error::Error;
pub use import::ImportRequest;
pub use lifecycle::{Cooldown, Sharing};
pub use mapping::{mapped, volume};
pub use on_volumes::{register_on_volumes, snapshots_of};
pub use register::RegisterRequest;

use crate::db::{self, Db};
use crate::volumes::Volumes;
use crate::{clock, id};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// The root device's name when nobody says another: what nova and the first AMIs had.
pub const DEFAULT_ROOT_DEVICE: &str = "/dev/sda1";

/// The room's handle.
pub struct Images {
    db: Db,
    source: Arc<dyn source::Source>,
    volumes: Arc<Volumes>,
    folder: folder::Folder,
    bases: base::Bases,
    key: keys::CloudKey,
    wake: tokio::sync::Notify,
    wake_tasks: tokio::sync::Notify,
    stopping: AtomicBool,
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
    /// Open the room over `db`, with its files below `data_dir`; bundles come from `source`. Makes the cloud's key at
    /// the first time.
    pub fn open(
        db: Db,
        source: Arc<dyn source::Source>,
        volumes: Arc<Volumes>,
        data_dir: &Path,
    ) -> Result<Images, Error> {
        Ok(Images {
            db,
            source,
            volumes,
            folder: folder::Folder::open(data_dir.join("images"))?,
            bases: base::Bases::open(data_dir.join("instances/_base"))?,
            key: keys::CloudKey::load_or_create(&data_dir.join("keys"))?,
            wake: tokio::sync::Notify::new(),
            wake_tasks: tokio::sync::Notify::new(),
            stopping: AtomicBool::new(false),
        })
    }

    /// The certificate that bundles for this cloud are encrypted for, in PEM.
    pub fn certificate_pem(&self) -> &str {
        self.key.certificate_pem()
    }

    /// The image, whatever its state, if `id` was ever given out.
    pub fn get(&self, id: &str) -> Result<Option<Image>, Error> {
        Ok(self.db.read(|c| db::images::get(c, id))?)
    }

    /// The images that `select` asks for, oldest first; never deregistered ones.
    pub fn describe(&self, select: &Select) -> Result<Vec<Image>, Error> {
        Ok(self.db.read(|c| db::images::select(c, select))?)
    }

    /// Forget every image that accounts registered, with its files, and what they said of images; what the operator imported
    /// stays.
    pub async fn reset(self: &Arc<Self>) -> Result<(), Error> {
        let gone = self
            .db
            .write(|c| {
                db::image_tasks::wipe(c)?;
                db::images::wipe_settings(c)?;
                db::images::reset(c)
            })
            .await?;
        self.blocking(move |images| gone.iter().try_for_each(|id| images.remove_folder(id))).await
    }

    /// The file that instances of this image stand on; made once, whoever asks and however many. Blocking, and long
    /// for an image that has to be converted.
    pub fn base_image(&self, id: &str) -> Result<Base, Error> {
        let image = self.get(id)?.ok_or_else(|| Error::NotFound(id.to_owned()))?;
        let file = match (image.state, &image.file) {
            (State::Available | State::Disabled | State::Deregistered, Some(file)) => file,
            (State::Deregistered, None) => return Err(Error::Unavailable(id.to_owned())),
            (State::Pending | State::Failed | State::Available | State::Disabled, _) => {
                return Err(Error::NotReady(id.to_owned(), image.state.as_str()));
            }
        };
        let format = format::Format::parse(&file.format)
            .ok_or_else(|| db::Error::Damaged(format!("{id}: disk format {:?}", file.format)))?;
        let disk = format::Disk { format, virtual_size: file.virtual_size };
        self.bases.ensure(&self.folder.image(id), &file.digest, disk).map_err(|e| match e {
            Error::Io(_, e) if e.kind() == std::io::ErrorKind::NotFound && image.state == State::Deregistered => {
                Error::Unavailable(id.to_owned())
            }
            other => other,
        })
    }

    /// Remove bases that no instance used for `max_age`; `in_use` are the [`Base::digest`]s of all instances that
    /// there are. Blocking. Returns what was removed.
    pub fn age_bases(&self, in_use: &HashSet<String>, max_age: Duration) -> Result<Vec<String>, Error> {
        self.bases.age(in_use, max_age)
    }

    /// Change a row that is there, then what follows from it on disk.
    async fn change<F>(self: &Arc<Self>, id: &str, change: F) -> Result<(), Error>
    where
        F: FnOnce(&db::Conn, &Image) -> Result<(), Error> + Send + 'static,
    {
        let id = id.to_owned();
        let changed = id.clone();
        self.db
            .write(move |c| match db::images::get(c, &changed)? {
                None => Err(Error::NotFound(changed)),
                Some(i) if i.state == State::Deregistered => Err(Error::Unavailable(changed)),
                Some(i) => change(c, &i),
            })
            .await?;
        self.blocking(move |images| {
            images.remove_folder(&id)?;
            images.write_info(&id)
        })
        .await
    }

    async fn blocking<F>(self: &Arc<Self>, work: F) -> Result<(), Error>
    where
        F: FnOnce(&Images) -> Result<(), Error> + Send + 'static,
    {
        let images = self.clone();
        tokio::task::spawn_blocking(move || work(&images))
            .await
            .map_err(|e| Error::Io("working on the images' folder".into(), std::io::Error::other(e)))?
    }

    /// Remove the image's folder unless its row still wants one.
    fn remove_folder(&self, id: &str) -> Result<(), Error> {
        let at = |e| Error::Io(self.folder.of(id).display().to_string(), e);
        let _held = self.folder.hold().map_err(at)?;
        match self.get(id)? {
            Some(i) if i.state != State::Deregistered => Ok(()),
            _ => self.folder.remove(id).map_err(at),
        }
    }

    /// Bring `info.json` in line with the row, if the row wants a folder at all.
    fn write_info(&self, id: &str) -> Result<(), Error> {
        let at = |e| Error::Io(self.folder.of(id).display().to_string(), e);
        let _held = self.folder.hold().map_err(at)?;
        match self.get(id)? {
            Some(i) if i.state != State::Deregistered && i.root_volume().is_none() => {
                self.folder.write_info(&i).map_err(at)
            }
            _ => Ok(()),
        }
    }
}

/// A fresh id for an image of that type.
pub fn new_id(image_type: ImageType) -> String {
    id::new(match image_type {
        ImageType::Machine => id::Kind::Image,
        ImageType::Kernel => id::Kind::KernelImage,
        ImageType::Ramdisk => id::Kind::RamdiskImage,
    })
}

/// A new image with nothing said of it but what it is, whose and where: pending and private, with an id of its own;
/// without a region it is in every one.
pub fn fresh(image_type: ImageType, account: &str, region: Option<&str>, name: Option<String>) -> Image {
    Image {
        id: new_id(image_type),
        account: account.to_owned(),
        region: region.map(str::to_owned),
        location: format!("{account}/{}", name.as_deref().unwrap_or_default()),
        name,
        description: String::new(),
        image_type,
        architecture: "x86_64".into(),
        platform: None,
        kernel_id: None,
        ramdisk_id: None,
        root_device_name: DEFAULT_ROOT_DEVICE.into(),
        mappings: Vec::new(),
        volumes: Vec::new(),
        state: State::Pending,
        reason: None,
        is_public: false,
        imported: false,
        file: None,
        created_at: clock::now_ms(),
        last_launched: None,
        launch_permissions: Vec::new(),
        details: Details::default(),
    }
}

/// Put a new image down, if its name is one and free; `origin` is what the loop has to do for it, if anything.
pub fn put_down(c: &db::Conn, image: &Image, origin: Option<&Origin>) -> Result<(), Error> {
    if let Some(name) = &image.name {
        check_name(name)?;
        if let Some(id) = db::images::named(c, &image.account, image.region.as_deref(), name)? {
            return Err(Error::NameInUse { name: name.clone(), id });
        }
    }
    Ok(db::images::insert(c, image, origin)?)
}

/// AWS's rule for names.
fn check_name(name: &str) -> Result<(), Error> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "()[] ./-'@_".contains(c);
    if (3..=128).contains(&name.chars().count()) && name.chars().all(allowed) {
        Ok(())
    } else {
        Err(Error::NameMalformed)
    }
}
