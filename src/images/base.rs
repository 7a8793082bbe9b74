//! `instances/_base`: the files that instances' disks stand on, one for each different image.
//!
//! A base is named by the SHA-256 of the image file that it comes from: a plain file as it is (by a hard link where that
//! can be), any other format converted to raw (`<digest>.raw`). It is read-only, and under its final name only when
//! complete and flushed. One lock file per base makes all threads and processes share one conversion. A
//! base's modification time is when it was last seen in use; ageing goes by that.

use super::folder::{self, Staged};
use super::format::{self, Disk};
use super::{Base, Error};
use crate::fault;
use nix::fcntl::FlockArg;
use std::collections::HashSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// The folder of all bases.
#[derive(Debug, Clone)]
pub struct Bases {
    dir: PathBuf,
}

impl Bases {
    /// Open the folder, making it if need be.
    pub fn open(dir: PathBuf) -> Result<Bases, Error> {
        fs::create_dir_all(&dir).map_err(at(&dir))?;
        let dir = fs::canonicalize(&dir).map_err(at(&dir))?;
        Ok(Bases { dir })
    }

    /// The base of an image file with this digest, made from `source` if it is not there yet.
    pub fn ensure(&self, source: &Path, digest: &str, disk: Disk) -> Result<Base, Error> {
        let name = if disk.format.is_plain() { digest.to_owned() } else { format!("{digest}.raw") };
        let path = self.dir.join(&name);
        if !in_use_now(&path) {
            let _alone = folder::lock(&self.lock_path(&name), FlockArg::LockExclusive).map_err(at(&path))?;
            if !in_use_now(&path) {
                self.make(source, disk, &path, &self.dir.join(format!(".{name}.part")))?;
            }
        }
        Ok(Base { path, virtual_size: disk.virtual_size, digest: name })
    }

    fn make(&self, source: &Path, disk: Disk, path: &Path, part: &Path) -> Result<(), Error> {
        let failed = at(path);
        if disk.format.is_plain() {
            fault::effect("images: publish a base");
            match fs::hard_link(source, path) {
                Ok(()) => {
                    in_use_now(path);
                    return folder::sync_parent(path).map_err(failed);
                }
                Err(e) if e.kind() == io::ErrorKind::NotFound => return Err(failed(e)),
                // Another file system, or one without links: copy.
                Err(_) => {}
            }
        }
        // A converter that outlived a killed server may still write to a file of this name: it keeps its own.
        match fs::remove_file(part) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(at(part)(e)),
            _ => {}
        }
        let staged = Staged::at(part).map_err(at(part))?;
        if disk.format.is_plain() {
            fs::copy(source, part).map_err(at(part))?;
        } else {
            format::convert_to_raw(source, disk, part).map_err(|e| match e {
                format::Error::Refused(why) => Error::Format(why),
                format::Error::Io(e) => at(part)(e),
                e @ format::Error::NoTool(_) => Error::Format(e.to_string()),
            })?;
        }
        staged.publish(path).map_err(failed)
    }

    /// Remove bases that nobody used for `max_age`. Those named in `in_use` count as used now. Returns what was removed.
    pub fn age(&self, in_use: &HashSet<String>, max_age: Duration) -> Result<Vec<String>, Error> {
        let mut removed = Vec::new();
        for entry in fs::read_dir(&self.dir).map_err(at(&self.dir))? {
            let entry = entry.map_err(at(&self.dir))?;
            let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
            if name.starts_with('.') {
                continue;
            }
            if in_use.contains(&name) {
                in_use_now(&path);
                continue;
            }
            let lock_path = self.lock_path(&name);
            let _alone = folder::lock(&lock_path, FlockArg::LockExclusive).map_err(at(&path))?;
            let used = fs::metadata(&path).and_then(|m| m.modified()).map_err(at(&path))?;
            if SystemTime::now().duration_since(used).is_ok_and(|age| age >= max_age) {
                fault::effect("images: remove a base");
                fs::remove_file(&path).map_err(at(&path))?;
                fs::remove_file(&lock_path).map_err(at(&lock_path))?;
                removed.push(name);
            }
        }
        Ok(removed)
    }

    fn lock_path(&self, name: &str) -> PathBuf {
        self.dir.join(format!(".{name}.lock"))
    }
}

/// Whether the base is there; if so it counts as used now.
fn in_use_now(path: &Path) -> bool {
    let Ok(file) = File::open(path) else { return false };
    // Only its owner may do this; an older time merely lets the base age sooner.
    let _ = file.set_modified(SystemTime::now());
    true
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> Error + use<> {
    let path = path.display().to_string();
    move |e| Error::Io(path, e)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::images::format::Format;
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    fn bases() -> (tempfile::TempDir, Bases) {
        let dir = tempfile::tempdir().unwrap();
        let bases = Bases::open(dir.path().join("instances/_base")).unwrap();
        fs::write(dir.path().join("image"), [7u8; 1024]).unwrap();
        (dir, bases)
    }

    const RAW: Disk = Disk { format: Format::Raw, virtual_size: 1024 };

    #[test]
    fn a_raw_image_is_its_own_base() {
        let (dir, bases) = bases();
        let base = bases.ensure(&dir.path().join("image"), "abc", RAW).unwrap();
        assert!(base.path.is_absolute());
        assert_eq!(fs::metadata(&base.path).unwrap().ino(), fs::metadata(dir.path().join("image")).unwrap().ino());
        assert_eq!(bases.ensure(Path::new("/gone"), "abc", RAW).unwrap(), base);
        assert!(bases.ensure(Path::new("/gone"), "other", RAW).is_err());
    }

    #[test]
    fn many_callers_share_one_base() {
        let (dir, bases) = bases();
        let image = dir.path().join("image");
        let made = std::process::Command::new("qemu-img")
            .args(["convert", "-f", "raw", "-O", "qcow2"])
            .args([&image, &dir.path().join("image.qcow2")])
            .status();
        if !made.is_ok_and(|s| s.success()) {
            eprintln!("skipped: no qemu-img on this machine");
            return;
        }
        let disk = format::inspect(&dir.path().join("image.qcow2")).unwrap();
        let inodes: HashSet<u64> = std::thread::scope(|s| {
            let callers: Vec<_> = (0..8)
                .map(|_| {
                    s.spawn(|| {
                        let base = bases.ensure(&dir.path().join("image.qcow2"), "abc", disk).unwrap();
                        fs::metadata(base.path).unwrap().ino()
                    })
                })
                .collect();
            callers.into_iter().map(|c| c.join().unwrap()).collect()
        });
        assert_eq!(inodes.len(), 1);
        let base = bases.dir.join("abc.raw");
        assert_eq!(fs::read(&base).unwrap(), [7u8; 1024]);
        assert_eq!(fs::metadata(&base).unwrap().permissions().mode() & 0o777, 0o444);
        assert!(!bases.dir.join(".abc.raw.part").exists());
    }

    #[test]
    fn only_unused_and_old_bases_go() {
        let (dir, bases) = bases();
        for name in ["used", "unused", "young"] {
            let image = dir.path().join(name);
            fs::write(&image, name).unwrap();
            let base = bases.ensure(&image, name, RAW).unwrap();
            if name != "young" {
                File::open(base.path).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
            }
        }
        let in_use = HashSet::from(["used".to_owned()]);
        assert_eq!(bases.age(&in_use, Duration::from_secs(3600)).unwrap(), ["unused"]);
        assert_eq!(bases.age(&in_use, Duration::from_secs(3600)).unwrap(), Vec::<String>::new());
        assert!(bases.dir.join("used").exists() && bases.dir.join("young").exists());
    }
}
