//! An instance's folder: `instances/<id>/{disk, disk.info, libvirt.xml, console.log}`, as nova laid it out.
//!
//! `disk.info` says each disk's format in JSON (path to format), so that no guest can make the host read its disk
//! as another format. The disk appears under its name only when it is whole, hence a disk that is there is good.

use super::Console;
use crate::volumes::qcow2;
use std::fs;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// The folder of one instance; it need not exist.
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// The folder of instance `id` below `instances`.
    pub fn new(instances: &Path, id: &str) -> Folder {
        Folder { path: instances.join(id) }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn disk(&self) -> PathBuf {
        self.path.join("disk")
    }

    pub fn console_log(&self) -> PathBuf {
        self.path.join("console.log")
    }

    /// Make the folder, with its root disk of so many bytes on a base (unless the disk is there already), or with none. A `real`
    /// machine will read it: then it is durable, and has beside it what a hypervisor wants.
    pub fn make(&self, root: Option<(&Path, u64)>, real: bool) -> io::Result<()> {
        crate::fault::effect("instance folder");
        fs::create_dir_all(&self.path)?;
        // A libvirt daemon runs QEMU as another user, who must get through to the disk; nobody else reads a thing.
        fs::set_permissions(&self.path, fs::Permissions::from_mode(0o711))?;
        if let Some((base, size)) = root.filter(|_| !self.disk().exists()) {
            let part = self.path.join("disk.part");
            match fs::remove_file(&part) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
                Ok(()) | Err(_) => {}
            }
            let file = qcow2::create(&part, Some(qcow2::Base { path: base, format: "raw" }), size)?;
            if real {
                file.sync_all()?;
            }
            fs::set_permissions(&part, fs::Permissions::from_mode(0o600))?;
            crate::fault::effect("disk");
            fs::rename(&part, self.disk())?;
        }
        if !real {
            return Ok(());
        }
        if root.is_some() {
            let info = serde_json::json!({ self.disk().to_string_lossy(): "qcow2" });
            self.replace("disk.info", &info.to_string())?;
        }
        fs::OpenOptions::new().create(true).append(true).mode(0o600).open(self.console_log())?;
        fs::File::open(&self.path)?.sync_all()
    }

    /// Keep the definition as the hypervisor took it.
    pub fn keep_definition(&self, xml: &str) -> io::Result<()> {
        self.replace("libvirt.xml", xml)
    }

    fn replace(&self, name: &str, text: &str) -> io::Result<()> {
        let temp = self.path.join(format!("{name}.new"));
        let mut file = fs::OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&temp)?;
        file.write_all(text.as_bytes())?;
        crate::fault::effect("instance file");
        fs::rename(&temp, self.path.join(name))
    }

    /// Remove everything but the console's log, which can be asked for while the terminated instance is visible.
    pub fn strip(&self) -> io::Result<()> {
        let entries = match fs::read_dir(&self.path) {
            Ok(entries) => entries,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(e) => return Err(e),
        };
        crate::fault::effect("instance files removed");
        for entry in entries {
            let entry = entry?;
            if entry.file_name() != "console.log" {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }

    /// Remove the folder with all that is in it.
    pub fn remove(&self) -> io::Result<()> {
        match fs::remove_dir_all(&self.path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// The last `limit` bytes of the console.
    pub fn console(&self, limit: u64) -> io::Result<Console> {
        let mut file = match fs::File::open(self.console_log()) {
            Ok(file) => file,
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                return Ok(Console { output: Vec::new(), at_ms: crate::clock::now_ms() });
            }
            Err(e) => return Err(e),
        };
        let meta = file.metadata()?;
        let at_ms = meta.modified().map_or_else(|_| crate::clock::now_ms(), |t| crate::clock::to_ms(t.into()));
        file.seek(SeekFrom::Start(meta.len().saturating_sub(limit)))?;
        let mut output = Vec::new();
        file.take(limit).read_to_end(&mut output)?;
        Ok(Console { output, at_ms })
    }
}

/// Ids of the instances that have a folder below `instances`.
pub fn present(instances: &Path) -> io::Result<Vec<String>> {
    let mut ids = Vec::new();
    for entry in fs::read_dir(instances)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if crate::id::Kind::Instance.accepts(&name) {
            ids.push(name);
        }
    }
    Ok(ids)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_made_twice_keeps_its_disk_and_leaves_its_console_behind() {
        let dir = tempfile::tempdir().unwrap();
        let f = Folder::new(dir.path(), "i-0123456789abcdef0");
        f.make(Some((Path::new("/base"), 1 << 20)), true).unwrap();
        let made = fs::read(f.disk()).unwrap();
        fs::write(f.disk(), b"the guest wrote").unwrap();
        f.make(Some((Path::new("/base"), 1 << 20)), true).unwrap();
        assert_eq!(fs::read(f.disk()).unwrap(), b"the guest wrote");
        assert_ne!(made, b"the guest wrote");
        fs::write(f.console_log(), "0123456789").unwrap();
        f.strip().unwrap();
        assert_eq!(f.console(4).unwrap().output, b"6789");
        assert!(!f.disk().exists());
        assert_eq!(present(dir.path()).unwrap(), ["i-0123456789abcdef0"]);
        f.remove().unwrap();
        f.remove().unwrap();
        f.strip().unwrap();
        assert!(f.console(4).unwrap().output.is_empty());
    }
}
