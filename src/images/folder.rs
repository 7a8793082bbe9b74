//! The images' folders on disk, and the order in which files get there.
//!
//! ```text
//! images/.lock            held while a folder and its row change together
//! images/.<uuid>.part     a file being written; whoever writes it holds its lock
//! images/.<ami>.disk      an instance's disk as it was, of which a pending image is being made
//! images/<hex>/image      complete, flushed, read-only
//! images/<hex>/info.json  what the row says, in nova's words
//! ```
//!
//! Several processes may work here at once (a server, and the operator's import): a `.part` without a lock
//! has lost its writer, and a folder without a row its image.

use super::{Error, Image, ImageType, State};
use crate::fault;
use nix::fcntl::{Flock, FlockArg};
use serde_json::json;
use std::collections::HashSet;
use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// The folder of all images.
#[derive(Debug, Clone)]
pub struct Folder {
    root: PathBuf,
}

/// A file being written: gone when dropped, unless it was published.
#[derive(Debug)]
pub struct Staged {
    file: Flock<File>,
    path: PathBuf,
}

impl Staged {
    /// Begin a new file at `path`.
    pub fn at(path: &Path) -> io::Result<Staged> {
        Ok(Staged { file: lock(path, FlockArg::LockExclusive)?, path: path.to_owned() })
    }

    pub fn file(&self) -> &File {
        &self.file
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Flush the file and give it its final name, which no file may have that matters.
    pub fn publish(self, to: &Path) -> io::Result<()> {
        // QEMU may run as a user of its own.
        self.file.set_permissions(Permissions::from_mode(0o444))?;
        self.file.sync_all()?;
        fault::effect("images: publish a file");
        fs::rename(&self.path, to)?;
        sync_parent(to)
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

impl Folder {
    /// Open the folder, making it if need be.
    pub fn open(root: PathBuf) -> Result<Folder, Error> {
        fs::create_dir_all(&root).map_err(|e| Error::Io(root.display().to_string(), e))?;
        Ok(Folder { root })
    }

    /// The folder where it should be, made or not.
    pub fn at(root: PathBuf) -> Folder {
        Folder { root }
    }

    /// The folder of one image: the id's hex digits. Ids of kernels and ramdisks share their numbers with those
    /// of machine images, as in nova.
    pub fn of(&self, id: &str) -> PathBuf {
        self.root.join(hex_of(id))
    }

    /// The image's file.
    pub fn image(&self, id: &str) -> PathBuf {
        self.of(id).join("image")
    }

    /// A new file to write an image into.
    pub fn stage(&self) -> io::Result<Staged> {
        Staged::at(&self.root.join(format!(".{}.part", crate::id::uuid())))
    }

    /// Keep everybody else from changing folders while the lock is held.
    pub fn hold(&self) -> io::Result<Flock<File>> {
        lock(&self.root.join(".lock"), FlockArg::LockExclusive)
    }

    /// Make a staged file the image of `id`.
    pub fn publish(&self, staged: Staged, id: &str) -> io::Result<()> {
        let dir = self.of(id);
        fs::create_dir_all(&dir)?;
        sync_parent(&dir)?;
        staged.publish(&dir.join("image"))
    }

    /// Give the image `from` a second name, as the image of `id`: such files never change, so both share their bytes.
    pub fn share(&self, from: &str, id: &str) -> io::Result<()> {
        let (dir, to) = (self.of(id), self.image(id));
        fs::create_dir_all(&dir)?;
        sync_parent(&dir)?;
        // A try that was cut off may have left its link.
        match fs::remove_file(&to) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
            Ok(()) | Err(_) => {}
        }
        fault::effect("images: share a file");
        match fs::hard_link(self.image(from), &to) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => {
                // A file system without links.
                let staged = self.stage()?;
                fs::copy(self.image(from), staged.path())?;
                staged.publish(&to)
            }
            linked => linked.and_then(|()| sync_parent(&to)),
        }
    }

    /// The copy of an instance's disk that the pending image `id` is made of.
    pub fn captured(&self, id: &str) -> PathBuf {
        self.root.join(format!(".{id}{CAPTURED}"))
    }

    /// Copy the disk `from`, which nobody writes to meanwhile, for the pending image `id`.
    pub fn capture(&self, from: &Path, id: &str) -> io::Result<()> {
        let staged = self.stage()?;
        fs::copy(from, staged.path())?;
        staged.publish(&self.captured(id))
    }

    /// The copy of the disk is not needed any more.
    pub fn drop_captured(&self, id: &str) -> io::Result<()> {
        match fs::remove_file(self.captured(id)) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Write `info.json` as the row has it, unless it says so already.
    pub fn write_info(&self, image: &Image) -> io::Result<()> {
        let dir = self.of(&image.id);
        let path = dir.join("info.json");
        let text = info(image, &dir);
        if fs::read_to_string(&path).is_ok_and(|there| there == text) {
            return Ok(());
        }
        fs::create_dir_all(&dir)?;
        let temporary = dir.join(".info.json");
        let mut file = File::create(&temporary)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fault::effect("images: publish info.json");
        fs::rename(&temporary, &path)?;
        sync_parent(&path)
    }

    /// Remove an image's folder with all that is in it.
    pub fn remove(&self, id: &str) -> io::Result<()> {
        fault::effect("images: remove a folder");
        self.drop_captured(id)?;
        match fs::remove_dir_all(self.of(id)) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
            _ => sync_parent(&self.of(id)),
        }
    }

    /// Remove files that lost their writer and folders that lost their row. `ids`, those of all images and whether each is
    /// pending, is asked under the lock, so that nothing can be published between the question and the removal.
    pub fn tidy(&self, ids: impl FnOnce() -> Result<Vec<(String, bool)>, Error>) -> Result<(), Error> {
        let at = |e| Error::Io(self.root.display().to_string(), e);
        let _held = self.hold().map_err(at)?;
        let ids = ids()?;
        let wanted: HashSet<String> = ids.iter().map(|(id, _)| hex_of(id).to_owned()).collect();
        let pending: HashSet<PathBuf> = ids.iter().filter(|(_, p)| *p).map(|(id, _)| self.captured(id)).collect();
        for entry in fs::read_dir(&self.root).map_err(at)? {
            let entry = entry.map_err(at)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = entry.path();
            if name.starts_with('.') && name.ends_with(".part") {
                let file = File::open(&path).map_err(at)?;
                if Flock::lock(file, FlockArg::LockExclusiveNonblock).is_ok() {
                    tracing::info!(file = %path.display(), "removing an unfinished file");
                    if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) }.map_err(at)?;
                }
            } else if name.ends_with(CAPTURED) && !pending.contains(&path) {
                tracing::info!(file = %path.display(), "removing a copied disk that no image waits for");
                fs::remove_file(&path).map_err(at)?;
            } else if name.bytes().all(|b| b.is_ascii_hexdigit()) && !wanted.contains(&name) {
                tracing::info!(folder = %path.display(), "removing the folder of an image that is no more");
                fs::remove_dir_all(&path).map_err(at)?;
            }
        }
        Ok(())
    }
}

/// What the name of a copied disk ends with.
const CAPTURED: &str = ".disk";

/// The part of an image id after its prefix.
fn hex_of(id: &str) -> &str {
    id.rsplit_once('-').map_or(id, |(_, hex)| hex)
}

/// Open `path`, making it if need be, and lock it. Who holds the lock knows that the file has its name still.
pub fn lock(path: &Path, how: FlockArg) -> io::Result<Flock<File>> {
    loop {
        let file = File::options().create(true).truncate(false).read(true).write(true).open(path)?;
        let locked = match Flock::lock(file, how) {
            Ok(locked) => locked,
            Err((_, nix::errno::Errno::EINTR)) => continue,
            Err((_, e)) => return Err(e.into()),
        };
        let same = |m: fs::Metadata| locked.metadata().is_ok_and(|own| (own.dev(), own.ino()) == (m.dev(), m.ino()));
        // Whoever held it before may have removed the file: then this lock is on nothing.
        if fs::metadata(path).is_ok_and(same) {
            return Ok(locked);
        }
    }
}

/// Flush the folder that `path` is in, so that its name lasts.
pub fn sync_parent(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(dir) => File::open(dir)?.sync_all(),
        None => Ok(()),
    }
}

/// `info.json`: what nova's image store wrote, with EC2's own ids.
fn info(image: &Image, dir: &Path) -> String {
    let container = match image.image_type {
        ImageType::Machine => "ami",
        ImageType::Kernel => "aki",
        ImageType::Ramdisk => "ari",
    };
    let status = match image.state {
        State::Pending => "queued",
        State::Available => "active",
        State::Failed => "killed",
        State::Disabled => "deactivated",
        State::Deregistered => "deleted",
    };
    let format = image.file.as_ref().map(|f| f.format.as_str()).filter(|f| image.imported || *f != "raw");
    let value = json!({
        "id": image.id,
        "name": image.name,
        "status": status,
        "location": dir.join("image"),
        "is_public": image.is_public,
        "container_format": container,
        "disk_format": format.unwrap_or(container),
        "size": image.file.as_ref().map(|f| f.size),
        "checksum_sha256": image.file.as_ref().map(|f| &f.digest),
        "properties": {
            "kernel_id": image.kernel_id,
            "ramdisk_id": image.ramdisk_id,
            "image_location": image.location,
            "image_state": image.state.as_str(),
            "project_id": image.account,
            "architecture": image.architecture,
        },
    });
    format!("{value:#}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (tempfile::TempDir, Folder) {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(dir.path().join("images")).unwrap();
        (dir, folder)
    }

    #[test]
    fn a_staged_file_is_gone_unless_published() {
        let (_dir, folder) = folder();
        let path = folder.stage().unwrap().path().to_owned();
        assert!(!path.exists());
        let staged = folder.stage().unwrap();
        staged.file().write_all(b"x").unwrap();
        folder.publish(staged, "ami-0000000a").unwrap();
        assert_eq!(fs::read(folder.image("ami-0000000a")).unwrap(), b"x");
        assert_eq!(fs::read_dir(&folder.root).unwrap().count(), 1);
    }

    #[test]
    fn tidying_takes_what_lost_its_writer_or_its_row_and_nothing_else() {
        let (_dir, folder) = folder();
        let writing = folder.stage().unwrap();
        fs::write(folder.root.join(".lost.part"), b"x").unwrap();
        for id in ["ami-0000000a", "ami-0000000b"] {
            folder.publish(folder.stage().unwrap(), id).unwrap();
        }
        fs::create_dir(folder.root.join("my notes")).unwrap();
        for id in ["ami-0000000a", "ami-0000000c"] {
            folder.capture(&folder.image("ami-0000000a"), id).unwrap();
        }
        folder.tidy(|| Ok(vec![("ami-0000000a".into(), false), ("ami-0000000c".into(), true)])).unwrap();
        assert!(!folder.captured("ami-0000000a").exists() && folder.captured("ami-0000000c").exists());
        assert!(writing.path().exists());
        assert!(!folder.root.join(".lost.part").exists());
        assert!(folder.image("ami-0000000a").exists());
        assert!(!folder.of("ami-0000000b").exists());
        assert!(folder.root.join("my notes").exists());
    }
}
