//! The loop of tasks: from the rows alone, so work that a crash cut off is done again from the start.

use super::super::bundle::{self, BundleRequest};
use super::super::folder::Staged;
use super::super::format::{self, Disk, Format};
use super::super::reconcile::{failure, file_at, log, ours, retry_at, unreadable};
use super::super::unbundle::{Failure, Written, write_sparsely};
use super::super::{File, Image, ImageType, Images, State, source};
use super::{Object, Task, Wanted, end_badly, stored};
use crate::clock;
use crate::db::image_tasks::{self, TaskRow};
use crate::db::{self, Conn};
use crate::volumes::{Bytes, snapshots};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Tasks that are worked on at once.
const AT_ONCE: usize = 2;
/// How often a failure on our side is tried.
const TRIES: i64 = 5;
/// How often to look without a wake, against lost ones.
const IDLE: Duration = Duration::from_secs(60);

impl Images {
    /// Work on tasks until dropped.
    pub(in crate::images) async fn run_tasks(self: &Arc<Self>) {
        let mut busy: HashMap<tokio::task::Id, TaskRow> = HashMap::new();
        let mut tasks = tokio::task::JoinSet::new();
        loop {
            log(self.forget_tasks());
            let mut pause = IDLE;
            let now = clock::now_ms();
            let pending = self.db.read(image_tasks::pending).unwrap_or_else(|e| {
                tracing::error!("reading the tasks: {e}");
                Vec::new()
            });
            for row in pending {
                if busy.values().any(|b| b.id == row.id) {
                    continue;
                }
                if row.not_before > now {
                    pause = pause.min(Duration::from_millis((row.not_before - now) as u64));
                } else if tasks.len() < AT_ONCE {
                    let (images, mine) = (self.clone(), row.clone());
                    let task = tasks.spawn_blocking(move || images.carry_out(&mine));
                    busy.insert(task.id(), row);
                }
            }
            tokio::select! {
                () = self.wake_tasks.notified() => {}
                () = tokio::time::sleep(pause) => {}
                Some(done) = tasks.join_next_with_id() => {
                    let (id, result) = match done {
                        Ok((id, result)) => (id, result),
                        Err(e) => (e.id(), Err(Failure::Io("working on a task".into(), std::io::Error::other(e)))),
                    };
                    if let Some(row) = busy.remove(&id) {
                        self.conclude(row, result).await;
                    }
                }
            }
        }
    }

    fn carry_out(&self, row: &TaskRow) -> Result<(), Failure> {
        let span = tracing::info_span!("task", id = %row.id);
        let _in = span.enter();
        let task = Task::of(row.clone()).map_err(|e| failure(e.into()))?;
        match &task.wanted {
            Wanted::ImportImage { .. } => self.import(row, &task.wanted),
            Wanted::ImportSnapshot { .. } => self.import_snapshot(row, &task.wanted),
            Wanted::ExportImage { image, format, bucket, prefix, .. } => {
                let (disk, kept_as) = self.disk_of_image(image)?;
                let (_, ending) = format_of(format)?;
                let to = Object { bucket: bucket.clone(), key: format!("{prefix}{}.{ending}", row.id) };
                self.export(row, (&disk, kept_as), format, &to)
            }
            Wanted::StoreImage { image, to } => {
                let (disk, kept_as) = self.disk_of_image(image)?;
                let mut image = self.get(image).map_err(failure)?.ok_or(Failure::Abandoned)?;
                // What stands on other files is stored as one.
                let whole = image.root_volume().map(|_| self.converted((&disk, kept_as), Format::Qcow2)).transpose()?;
                let disk = whole.as_ref().map_or(disk, |whole| whole.path().to_owned());
                if whole.is_some() {
                    image.file = Some(file_at(&disk)?);
                }
                let tags = self.db.read(|c| db::tags::of(c, &image.account, &image.id));
                let metadata = stored(&image, tags.map_err(|e| failure(e.into()))?);
                self.stage_of(row, "storing", 50)?;
                let mut body = std::fs::File::open(&disk).map_err(ours("reading the image"))?;
                self.source.put(&row.account, &to.bucket, &to.key, metadata, &mut body).map_err(refused)?;
                self.completed(row, to.key.clone())
            }
            Wanted::Bundle { bucket, prefix, architecture, .. } => {
                let (disk, format) = self.disk_of_instance(row)?;
                self.bundle(row, (&disk, format), &Object { bucket: bucket.clone(), key: prefix.clone() }, architecture)
            }
            Wanted::ExportInstance { format, to, .. } => {
                let (disk, kept_as) = self.disk_of_instance(row)?;
                self.export(row, (&disk, kept_as), format, to)
            }
        }
    }

    /// A disk file of a bucket becomes an image.
    fn import(&self, row: &TaskRow, wanted: &Wanted) -> Result<(), Failure> {
        let Wanted::ImportImage { from, format, description, architecture, platform, .. } = wanted else {
            return Err(Failure::Abandoned);
        };
        let (staged, written, disk) = self.download(row, from, format.as_deref())?;
        self.stage_of(row, "preparing ami", 90)?;
        let now = clock::now_ms();
        let image = Image {
            description: description.clone(),
            architecture: architecture.clone(),
            platform: platform.clone().filter(|p| p == "Windows").map(|p| p.to_ascii_lowercase()),
            state: State::Available,
            file: Some(File {
                format: disk.format.as_str().to_owned(),
                size: written.size,
                virtual_size: disk.virtual_size,
                digest: written.digest,
            }),
            ..super::super::fresh(ImageType::Machine, &row.account, Some(&row.region), Some(row.id.clone()))
        };
        let _held = self.folder.hold().map_err(ours("locking the images' folder"))?;
        self.folder.publish(staged, &image.id).map_err(ours("keeping the image"))?;
        let (task, made) = (row.id.clone(), image.clone());
        let done = self.db.write_blocking(move |c| {
            let ended = image_tasks::end(c, &task, "completed", Some(&made.id), None, now)?;
            if ended {
                db::images::insert(c, &made, None)?;
            }
            Ok(ended)
        });
        if !done.map_err(|e: db::Error| failure(e.into()))? {
            self.folder.remove(&image.id).map_err(ours("removing an image that is not wanted"))?;
            return Err(Failure::Abandoned);
        }
        self.folder.write_info(&image).map_err(ours("keeping the image"))
    }

    /// A disk file of a bucket, if it is one of the format that the request says.
    pub(super) fn download(
        &self,
        row: &TaskRow,
        from: &Object,
        format: Option<&str>,
    ) -> Result<(Staged, Written, Disk), Failure> {
        self.stage_of(row, "downloading/converting", 10)?;
        let (length, mut body) = self.source.open(&row.account, &from.bucket, &from.key).map_err(refused)?;
        let staged = self.folder.stage().map_err(ours("making a file for the disk"))?;
        let written = write_sparsely(&mut *body, length, staged.file())?;
        self.stage_of(row, "validating", 60)?;
        let disk = format::inspect(staged.path()).map_err(unreadable)?;
        if let Some(said) = format.filter(|said| !is_format(said, disk.format)) {
            let is = disk.format.as_str();
            return Err(Failure::Bundle(format!("The disk file is not of the format {said}: it seems to be {is}.")));
        }
        Ok((staged, written, disk))
    }

    /// A disk becomes a file in a bucket.
    fn export(&self, row: &TaskRow, disk: (&Path, Format), format: &str, to: &Object) -> Result<(), Failure> {
        let (wanted, _) = format_of(format)?;
        self.stage_of(row, "converting", 20)?;
        let staged = self.converted(disk, wanted)?;
        self.stage_of(row, "updating", 80)?;
        self.upload(row, &to.bucket, &to.key, staged.path())?;
        self.completed(row, to.key.clone())
    }

    /// A disk becomes a bundle; `to` is its bucket and the prefix of its files.
    fn bundle(&self, row: &TaskRow, disk: (&Path, Format), to: &Object, architecture: &str) -> Result<(), Failure> {
        self.stage_of(row, "bundling", 20)?;
        let staged = self.converted(disk, Format::Raw)?;
        // Beside the staged files, and as they removed at the next start.
        let dir = staged.path().with_extension("bundle.part");
        std::fs::create_dir(&dir).map_err(ours("making a folder for the bundle"))?;
        let folder = Temporary(dir);
        let (path, name) = to.key.rsplit_once('/').map_or(("", to.key.as_str()), |(path, name)| (path, name));
        let request = BundleRequest {
            image: staged.path().to_owned(),
            destination: folder.0.clone(),
            prefix: name.to_owned(),
            image_type: ImageType::Machine,
            architecture: architecture.to_owned(),
            kernel_id: None,
            ramdisk_id: None,
            mappings: Vec::new(),
            product_codes: Vec::new(),
            user: row.account.clone(),
            cloud: self.key.public_key(),
            certificate: None,
            private_key: None,
            part_size: bundle::PART_SIZE,
            key: None,
            iv: None,
        };
        let bundled = bundle::bundle(&request).map_err(failure)?;
        self.stage_of(row, "storing", 70)?;
        let mut last = String::new();
        for file in bundled.parts.iter().chain([&bundled.manifest]) {
            let file_name = file.file_name().unwrap_or_default().to_string_lossy();
            last = if path.is_empty() { file_name.into_owned() } else { format!("{path}/{file_name}") };
            self.upload(row, &to.bucket, &last, file)?;
        }
        self.completed(row, last)
    }

    fn upload(&self, row: &TaskRow, bucket: &str, key: &str, file: &Path) -> Result<(), Failure> {
        let mut body = std::fs::File::open(file).map_err(ours("reading what is to be stored"))?;
        self.source.put(&row.account, bucket, key, source::Metadata::new(), &mut body).map_err(refused)
    }

    fn converted(&self, (disk, kept_as): (&Path, Format), wanted: Format) -> Result<Staged, Failure> {
        let staged = self.folder.stage().map_err(ours("making a file for the disk"))?;
        format::convert(disk, as_qemu_reads(kept_as), staged.path(), wanted).map_err(unreadable)?;
        Ok(staged)
    }

    /// The file of an image that is there, and its format.
    fn disk_of_image(&self, id: &str) -> Result<(PathBuf, Format), Failure> {
        let gone = || Failure::Bundle(format!("The image {id} is no longer there."));
        let image = self.get(id).map_err(failure)?.filter(|i| i.state != State::Deregistered).ok_or_else(gone)?;
        if let Some(snapshot) = image.root_volume().and_then(|v| v.snapshot.as_ref()) {
            if self.volumes.bytes() == Bytes::None {
                return Err(Failure::Bundle(format!("The snapshot {snapshot} has no bytes: machines are simulated.")));
            }
            let file = self.db.read(|c| snapshots::of_image(c, snapshot)).map(|s| self.volumes.file_of(&s));
            return Ok((file.map_err(|e| failure(e.into()))?, Format::Qcow2));
        }
        let file = image.file.ok_or_else(gone)?;
        Ok((self.folder.image(id), Format::parse(&file.format).ok_or_else(gone)?))
    }

    /// The copy of the instance's disk, or the image that stands for it.
    fn disk_of_instance(&self, row: &TaskRow) -> Result<(PathBuf, Format), Failure> {
        match &row.disk_of {
            Some(image) => self.disk_of_image(image),
            None => Ok((self.folder.captured(&row.id), Format::Qcow2)),
        }
    }

    /// Say how far the task is, if anybody wants it still.
    pub(super) fn stage_of(&self, row: &TaskRow, stage: &'static str, progress: i64) -> Result<(), Failure> {
        let id = row.id.clone();
        let told = move |c: &Conn| image_tasks::advance(c, &id, stage, progress, clock::now_ms());
        let wanted = self.db.write_blocking(told).map_err(|e: db::Error| failure(e.into()))?;
        let stops = self.stopping.load(std::sync::atomic::Ordering::SeqCst);
        if wanted && !stops { Ok(()) } else { Err(Failure::Abandoned) }
    }

    fn completed(&self, row: &TaskRow, made: String) -> Result<(), Failure> {
        let id = row.id.clone();
        let end = move |c: &Conn| image_tasks::end(c, &id, "completed", Some(&made), None, clock::now_ms());
        self.db.write_blocking(end).map(drop).map_err(|e: db::Error| failure(e.into()))
    }

    /// Write down how a try ended.
    async fn conclude(&self, row: TaskRow, result: Result<(), Failure>) {
        let (id, attempt) = (row.id.clone(), row.attempt + 1);
        let message = match result {
            Ok(()) => None,
            Err(Failure::Abandoned) => None,
            Err(Failure::Bundle(message)) => Some(message),
            Err(failed @ Failure::Io(..)) if attempt < TRIES => {
                tracing::warn!(id, attempt, "a task: {failed}");
                let not_before = retry_at(attempt as u32);
                return log(self.db.write(move |c| image_tasks::postpone(c, &id, attempt, not_before)).await);
            }
            Err(failed @ Failure::Io(..)) => {
                tracing::error!(id, attempt, "a task: {failed}");
                Some("An internal error has occurred; the server's log says why.".to_owned())
            }
        };
        if let Some(message) = message {
            let id = id.clone();
            log(self.db.write(move |c| end_badly(c, &id, "failed", Some(&message))).await);
        }
        // Cut off by the end of the program, it goes on at the next start.
        match self.db.read(|c| image_tasks::get(c, &id)) {
            Ok(Some(row)) if row.state == "active" => {}
            Ok(_) => log(self.folder.drop_captured(&id)),
            Err(e) => log::<(), _>(Err(e)),
        }
    }
}

/// A folder that goes when it is dropped.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn format_of(name: &str) -> Result<(Format, &'static str), Failure> {
    Format::of_export(name).ok_or_else(|| Failure::Bundle(format!("The format {name} is not known.")))
}

/// Whether a file may be called so in an import.
fn is_format(said: &str, is: Format) -> bool {
    match is {
        Format::Raw | Format::Iso => said.eq_ignore_ascii_case("raw"),
        Format::Qcow2 | Format::Vmdk | Format::Vhdx | Format::Vdi => said.eq_ignore_ascii_case(is.as_str()),
        Format::Vpc => said.eq_ignore_ascii_case("vhd"),
    }
}

/// A CD's bytes are the disk's: QEMU knows no format of its own for it.
pub(super) fn as_qemu_reads(format: Format) -> Format {
    if format.is_plain() { Format::Raw } else { format }
}

/// An object that cannot be had or put: its owner's matter, unless it is ours.
fn refused(e: source::Error) -> Failure {
    match e {
        source::Error::Io(what, e) => Failure::Io(what, e),
        e @ (source::Error::NoSuchBucket(_)
        | source::Error::NoSuchKey(..)
        | source::Error::AccessDenied(..)
        | source::Error::CustomerKey(..)) => Failure::Bundle(format!("ClientError: {e}.")),
    }
}
