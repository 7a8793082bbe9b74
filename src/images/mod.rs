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

mod base;
pub mod bundle;
pub mod check;
mod error;
mod folder;
pub mod format;
mod import;
pub mod keys;
pub mod manifest;
mod reconcile;
pub mod source;
pub mod unbundle;

pub use crate::db::images::{File, Image, ImageType, Mapping, Reason, Select, State};
pub use error::Error;
pub use import::ImportRequest;

use crate::db::{self, Db};
use crate::{clock, id};
use std::collections::HashSet;
use std::io::Read;
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
    folder: folder::Folder,
    bases: base::Bases,
    key: keys::CloudKey,
    wake: tokio::sync::Notify,
    stopping: AtomicBool,
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

/// A change of who may launch an image, beside its owner.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sharing {
    /// Everybody, or not any more.
    pub public: Option<bool>,
    /// Accounts that may from now on, and those that may not any more.
    pub add: Vec<String>,
    pub remove: Vec<String>,
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
    pub fn open(db: Db, source: Arc<dyn source::Source>, data_dir: &Path) -> Result<Images, Error> {
        Ok(Images {
            db,
            source,
            folder: folder::Folder::open(data_dir.join("images"))?,
            bases: base::Bases::open(data_dir.join("instances/_base"))?,
            key: keys::CloudKey::load_or_create(&data_dir.join("keys"))?,
            wake: tokio::sync::Notify::new(),
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

    /// Fetch and check the manifest, and put the image down as pending; the rest is done by [`Images::run`].
    pub async fn register(&self, request: RegisterRequest) -> Result<Image, Error> {
        if let Some(name) = &request.name {
            check_name(name)?;
        }
        let source = self.source.clone();
        let (account, location) = (request.account.clone(), request.location.clone());
        let text = tokio::task::spawn_blocking(move || fetch_manifest(&*source, &account, &location))
            .await
            .map_err(|e| Error::Io("fetching the manifest".into(), std::io::Error::other(e)))??;
        let parsed = manifest::Manifest::parse(&text)
            .map_err(|e| Error::InvalidManifest(format!("The manifest {} cannot be used: {e}", request.location)))?;
        let architecture = match &request.architecture {
            None => parsed.architecture,
            Some(name) => manifest::architecture(name).map_err(|e| Error::InvalidParameter(e.to_string()))?,
        };
        let image = Image {
            id: new_id(parsed.image_type),
            account: request.account,
            region: Some(request.region),
            name: request.name,
            description: request.description.unwrap_or_default(),
            location: request.location,
            image_type: parsed.image_type,
            architecture,
            platform: None,
            kernel_id: request.kernel_id.or(parsed.kernel_id),
            ramdisk_id: request.ramdisk_id.or(parsed.ramdisk_id),
            root_device_name: request.root_device_name.unwrap_or_else(|| DEFAULT_ROOT_DEVICE.into()),
            mappings: request.mappings.unwrap_or(parsed.mappings),
            state: State::Pending,
            reason: None,
            is_public: false,
            imported: false,
            file: None,
            created_at: clock::now_ms(),
            launch_permissions: Vec::new(),
        };
        let row = image.clone();
        self.db
            .write(move |c| {
                if let Some(name) = &row.name
                    && let Some(id) = db::images::named(c, &row.account, row.region.as_deref(), name)?
                {
                    return Err(Error::NameInUse { name: name.clone(), id });
                }
                db::images::insert(c, &row, Some(&text)).map_err(Error::from)
            })
            .await?;
        self.wake();
        Ok(image)
    }

    /// Take the image `id` of `account` away: it can be neither seen nor launched any more. Running instances stay.
    pub async fn deregister(self: &Arc<Self>, account: &str, id: &str) -> Result<(), Error> {
        let account = account.to_owned();
        self.change(id, move |c, i| {
            if i.account != account {
                return Err(Error::NotOwner(i.id.clone()));
            }
            Ok(db::images::set_deregistered(c, &i.id).map(|_| ())?)
        })
        .await
    }

    /// Change who else may launch the image. Only its owner, `account`, may say so.
    pub async fn share(self: &Arc<Self>, account: &str, id: &str, sharing: Sharing) -> Result<(), Error> {
        let account = account.to_owned();
        self.change(id, move |c, i| {
            if i.account != account {
                return Err(Error::NotOwner(i.id.clone()));
            }
            if let Some(public) = sharing.public {
                db::images::set_public(c, &i.id, public)?;
            }
            let (add, remove) = (sharing.add.iter().map(|a| (a, true)), sharing.remove.iter().map(|r| (r, false)));
            Ok(add.chain(remove).try_for_each(|(who, may)| db::images::permit(c, &i.id, who, may))?)
        })
        .await
    }

    /// Give the image another description. Only its owner, `account`, may.
    pub async fn describe_as(self: &Arc<Self>, account: &str, id: &str, text: String) -> Result<(), Error> {
        let account = account.to_owned();
        self.change(id, move |c, i| {
            if i.account != account {
                return Err(Error::NotOwner(i.id.clone()));
            }
            Ok(db::images::set_description(c, &i.id, &text)?)
        })
        .await
    }

    /// Forget every image that accounts registered, with its files; what the operator imported stays.
    pub async fn reset(self: &Arc<Self>) -> Result<(), Error> {
        let gone = self.db.write(db::images::reset).await?;
        self.blocking(move |images| gone.iter().try_for_each(|id| images.remove_folder(id))).await
    }

    /// The file that instances of this image stand on; made once, whoever asks and however many. Blocking, and long
    /// for an image that has to be converted.
    pub fn base_image(&self, id: &str) -> Result<Base, Error> {
        let image = self.get(id)?.ok_or_else(|| Error::NotFound(id.to_owned()))?;
        let file = match (image.state, &image.file) {
            (State::Available | State::Deregistered, Some(file)) => file,
            (State::Deregistered, None) => return Err(Error::Unavailable(id.to_owned())),
            (State::Pending | State::Failed | State::Available, _) => {
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
            Some(i) if i.state != State::Deregistered => self.folder.write_info(&i).map_err(at),
            _ => Ok(()),
        }
    }
}

/// A fresh id for an image of that type.
fn new_id(image_type: ImageType) -> String {
    id::new(match image_type {
        ImageType::Machine => id::Kind::Image,
        ImageType::Kernel => id::Kind::KernelImage,
        ImageType::Ramdisk => id::Kind::RamdiskImage,
    })
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

fn fetch_manifest(source: &dyn source::Source, account: &str, location: &str) -> Result<String, Error> {
    let Some(place) = source::Location::parse(location) else {
        return Err(Error::InvalidManifest(format!(
            "The image location {location:?} is not of the form bucket/manifest.xml"
        )));
    };
    let (length, reader) = source.open(account, &place.bucket, &place.key).map_err(|e| match e {
        source::Error::Io(what, e) => Error::Io(what, e),
        e @ (source::Error::NoSuchBucket(_)
        | source::Error::NoSuchKey(..)
        | source::Error::AccessDenied(..)
        | source::Error::CustomerKey(..)) => {
            Error::InvalidManifest(format!("The manifest {location} cannot be read: {e}"))
        }
    })?;
    if length > manifest::MAX_BYTES {
        return Err(Error::InvalidManifest(format!("The manifest {location} is too long to be one ({length} bytes)")));
    }
    let mut bytes = Vec::new();
    reader
        .take(manifest::MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|e| Error::Io("reading the manifest".into(), e))?;
    String::from_utf8(bytes).map_err(|_| Error::InvalidManifest(format!("The manifest {location} is not text")))
}
