//! Pending images become available or failed.
//!
//! Level-triggered: a pass looks at the rows alone, so work that a crash cut off is done again from the start. Tries
//! that failed on our side are repeated with growing pauses, which are kept in the row.

use super::folder::{Folder, Staged};
use super::format::{self, Disk, Format};
use super::manifest::Manifest;
use super::source::Location;
use super::unbundle::{self, Bundle, Failure};
use super::{Error, File, Image, ImageType, Images, Origin, Reason, State};
use crate::clock;
use crate::db::{self, images::Work};
use sha2::{Digest, Sha256};
use std::cell::Cell;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// How many images are fetched at once.
const AT_ONCE: usize = 2;
/// How often a failure on our side is tried.
const TRIES: u32 = 5;
/// A pass without any reason: only against lost wakes of other processes.
const IDLE: Duration = Duration::from_secs(60);
/// How often a running fetch looks whether its image is still wanted.
const LOOK: Duration = Duration::from_millis(500);

impl Images {
    /// Tidy up, then do the work of pending images and of tasks until dropped.
    pub async fn run(self: Arc<Self>) {
        self.stopping.store(false, Ordering::SeqCst);
        let _stop = StopOnDrop(self.clone());
        let images = self.clone();
        match tokio::task::spawn_blocking(move || images.tidy()).await {
            Ok(Ok(())) => {}
            Ok(Err(e)) => tracing::error!("tidying the images' folder: {e}"),
            Err(e) => tracing::error!("tidying the images' folder: {e}"),
        }
        tokio::join!(self.run_images(), self.run_tasks());
    }

    async fn run_images(self: &Arc<Self>) {
        let mut busy: HashMap<tokio::task::Id, Work> = HashMap::new();
        let mut tasks = tokio::task::JoinSet::new();
        loop {
            let mut pause = IDLE;
            let now = clock::now_ms();
            let pending = self.db.read(db::images::pending).unwrap_or_else(|e| {
                tracing::error!("reading the pending images: {e}");
                Vec::new()
            });
            for work in pending {
                if busy.values().any(|b| b.image.id == work.image.id) {
                    continue;
                }
                if work.not_before > now {
                    pause = pause.min(Duration::from_millis((work.not_before - now) as u64));
                } else if tasks.len() < AT_ONCE {
                    let (images, mine) = (self.clone(), work.clone());
                    let task = tasks.spawn_blocking(move || images.fetch(&mine));
                    busy.insert(task.id(), work);
                }
            }
            tokio::select! {
                () = self.wake.notified() => {}
                () = tokio::time::sleep(pause) => {}
                Some(done) = tasks.join_next_with_id() => {
                    let (id, result) = match done {
                        Ok((id, result)) => (id, result),
                        Err(e) => (e.id(), Err(Failure::Io("fetching the bundle".into(), std::io::Error::other(e)))),
                    };
                    if let (Some(work), Err(failure)) = (busy.remove(&id), result) {
                        self.settle(work, failure).await;
                    }
                }
            }
        }
    }

    /// There may be something to do.
    pub fn wake(&self) {
        self.wake.notify_one();
        self.wake_tasks.notify_one();
    }

    /// Bring the folders in line with the rows: after a crash, either may be ahead.
    pub(super) fn tidy(&self) -> Result<(), Error> {
        self.folder.tidy(|| {
            let all = self.db.read(|c| db::images::select(c, &super::Select::default()))?;
            let tasks = self.db.read(db::image_tasks::active)?.into_iter().map(|task| (task.id, true));
            Ok(all.into_iter().map(|i| (i.id, i.state == State::Pending)).chain(tasks).collect())
        })?;
        for image in self.describe(&super::Select::default())? {
            self.write_info(&image.id)?;
        }
        Ok(())
    }

    /// Get a pending image's bytes and make it available.
    fn fetch(&self, work: &Work) -> Result<(), Failure> {
        let image = &work.image;
        let span = tracing::info_span!("image", id = %image.id, location = %image.location);
        let _in = span.enter();
        self.write_info(&image.id).map_err(failure)?;
        match &work.origin {
            Origin::Bundle(manifest) => {
                let (staged, file) = self.unbundle(image, manifest)?;
                self.publish(image, file, |folder| folder.publish(staged, &image.id))?;
            }
            Origin::Image(source) => {
                let gone = || Failure::Bundle(format!("The source image {source} is no longer there."));
                let there = self.get(source).map_err(failure)?.filter(|i| i.state != State::Deregistered);
                let file = there.and_then(|i| i.file).ok_or_else(gone)?;
                self.publish(image, file, |folder| folder.share(source, &image.id))?;
            }
            Origin::Object { bucket, key, digest } => {
                let (staged, file) = self.restored(image, bucket, key, digest)?;
                self.publish(image, file, |folder| folder.publish(staged, &image.id))?;
            }
            Origin::Instance { .. } => {
                let (staged, file) = self.flatten(image)?;
                self.publish(image, file, |folder| folder.publish(staged, &image.id))?;
                self.folder.drop_captured(&image.id).map_err(ours("removing the copy of the instance's disk"))?;
            }
        }
        tracing::info!("available");
        self.write_info(&image.id).map_err(failure)
    }

    /// The bundle's disk as a staged file.
    fn unbundle(&self, image: &Image, manifest: &str) -> Result<(Staged, File), Failure> {
        let location = Location::parse(&image.location)
            .ok_or_else(|| Failure::Bundle("The image's location names no manifest.".into()))?;
        let manifest =
            Manifest::parse(manifest).map_err(|e| Failure::Bundle(format!("The manifest cannot be used: {e}.")))?;
        let staged = self.folder.stage().map_err(ours("making a file for the image"))?;
        let looked = Cell::new(Instant::now());
        let wanted = || {
            if self.stopping.load(Ordering::SeqCst) {
                return false;
            }
            if looked.get().elapsed() < LOOK {
                return true;
            }
            looked.set(Instant::now());
            // A failure to look is no reason to give up.
            self.db.read(|c| db::images::waiting(c, &image.id)).unwrap_or(true)
        };
        let bundle = Bundle {
            source: &*self.source,
            account: &image.account,
            location: &location,
            manifest: &manifest,
            key: &self.key,
        };
        let written = unbundle::unbundle(&bundle, staged.file(), &wanted)?;
        let disk = match image.image_type {
            ImageType::Machine => format::inspect(staged.path()).map_err(unreadable)?,
            ImageType::Kernel | ImageType::Ramdisk => Disk { format: Format::Raw, virtual_size: written.size },
        };
        let file = File {
            format: disk.format.as_str().to_owned(),
            size: written.size,
            virtual_size: disk.virtual_size,
            digest: written.digest,
        };
        Ok((staged, file))
    }

    /// An object's bytes as a staged file, if they are those that were stored.
    fn restored(&self, image: &Image, bucket: &str, key: &str, digest: &str) -> Result<(Staged, File), Failure> {
        let unusable = |e| match e {
            super::source::Error::Io(what, e) => Failure::Io(what, e),
            e => Failure::Bundle(format!("The stored image cannot be read: {e}.")),
        };
        let (length, mut body) = self.source.open(&image.account, bucket, key).map_err(unusable)?;
        let staged = self.folder.stage().map_err(ours("making a file for the image"))?;
        let written = unbundle::write_sparsely(&mut *body, length, staged.file())?;
        if written.digest != digest {
            return Err(Failure::Bundle("The object's bytes are not those of the image that was stored.".into()));
        }
        let disk = format::inspect(staged.path()).map_err(unreadable)?;
        let format = disk.format.as_str().to_owned();
        Ok((staged, File { format, size: written.size, virtual_size: disk.virtual_size, digest: written.digest }))
    }

    /// The copy of an instance's disk as a staged file that stands on nothing.
    fn flatten(&self, image: &Image) -> Result<(Staged, File), Failure> {
        let staged = self.folder.stage().map_err(ours("making a file for the image"))?;
        let made = format::convert(&self.folder.captured(&image.id), Format::Qcow2, staged.path(), Format::Qcow2);
        made.map_err(unreadable)?;
        let file = file_at(staged.path())?;
        Ok((staged, file))
    }

    /// Give the image its file, by `keep`, and make it available.
    fn publish(
        &self,
        image: &Image,
        file: File,
        keep: impl FnOnce(&Folder) -> std::io::Result<()>,
    ) -> Result<(), Failure> {
        let _held = self.folder.hold().map_err(ours("locking the images' folder"))?;
        if !self.db.read(|c| db::images::waiting(c, &image.id)).map_err(|e: db::Error| failure(e.into()))? {
            return Err(Failure::Abandoned);
        }
        keep(&self.folder).map_err(ours("keeping the image"))?;
        let id = image.id.clone();
        let done = self.db.write_blocking(move |c| db::images::set_available(c, &id, &file));
        if !done.map_err(|e: db::Error| failure(e.into()))? {
            // Deregistered in this very moment: whoever did it waits for the lock to remove the folder.
            return Err(Failure::Abandoned);
        }
        Ok(())
    }

    /// Write down how a try ended badly.
    async fn settle(&self, work: Work, failure: Failure) {
        let Image { id, .. } = work.image;
        let attempt = work.attempt + 1;
        let code = match work.origin {
            Origin::Bundle(_) => "Client.InvalidManifest",
            Origin::Image(_) | Origin::Object { .. } | Origin::Instance { .. } => "Client.InternalError",
        };
        let reason = match failure {
            Failure::Abandoned => return,
            Failure::Bundle(message) => Reason { code: code.into(), message },
            failure @ Failure::Io(..) if attempt < TRIES => {
                tracing::warn!(id, attempt, "fetching the image: {failure}");
                let not_before = retry_at(attempt);
                let result = self.db.write(move |c| db::images::postpone(c, &id, attempt, not_before)).await;
                return log(result);
            }
            failure @ Failure::Io(..) => {
                tracing::error!(id, attempt, "fetching the image: {failure}");
                Reason {
                    code: "Server.InternalError".into(),
                    message: "The image could not be stored; the server's log says why.".into(),
                }
            }
        };
        tracing::warn!(id, code = reason.code, "the image failed: {}", reason.message);
        let failed = id.clone();
        log(self.db.write(move |c| db::images::set_failed(c, &failed, &reason)).await);
        log(self.folder.drop_captured(&id));
        log(self.write_info(&id));
    }
}

/// What is to be known of a disk's file.
pub(super) fn file_at(path: &Path) -> Result<File, Failure> {
    let disk = format::inspect(path).map_err(unreadable)?;
    let mut digest = Sha256::new();
    let size = std::fs::File::open(path).and_then(|mut file| std::io::copy(&mut file, &mut digest));
    Ok(File {
        format: disk.format.as_str().to_owned(),
        size: size.map_err(ours("reading the image"))?,
        virtual_size: disk.virtual_size,
        digest: hex::encode(digest.finalize()),
    })
}

/// When a try that failed `attempt` times is to be repeated, in milliseconds since the epoch.
pub(super) fn retry_at(attempt: u32) -> i64 {
    clock::now_ms() + (1000 << (2 * attempt)) / 4
}

pub(super) fn unreadable(e: format::Error) -> Failure {
    match e {
        format::Error::Refused(why) => Failure::Bundle(why),
        format::Error::NoTool(e) => Failure::Io("running qemu-img (package qemu-utils)".into(), e),
        format::Error::Io(e) => Failure::Io("reading the image".into(), e),
    }
}

pub(super) fn ours(what: &str) -> impl FnOnce(std::io::Error) -> Failure {
    let what = what.to_owned();
    move |e| Failure::Io(what, e)
}

pub(super) fn failure(e: Error) -> Failure {
    Failure::Io("keeping the image".into(), std::io::Error::other(e))
}

pub(super) fn log<T, E: std::fmt::Display>(result: Result<T, E>) {
    if let Err(e) = result {
        tracing::error!("keeping what became of an image: {e}");
    }
}

/// Fetches run on threads that cannot be cancelled: they are told.
struct StopOnDrop(Arc<Images>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.stopping.store(true, Ordering::SeqCst);
    }
}
