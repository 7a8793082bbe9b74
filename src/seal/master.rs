//! The cloud's master key: a file that is made once, before anything is sealed. Whoever loses it loses every sealed body.

use super::Key;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// The file's name in its folder.
const FILE: &str = "master.key";

/// Why there is no master key.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the master key {0}: {1}")]
    Io(PathBuf, #[source] io::Error),
    #[error("the master key {0} is not 64 hexadecimal digits")]
    Malformed(PathBuf),
}

/// Where the key is in this folder.
pub fn file(folder: &Path) -> PathBuf {
    folder.join(FILE)
}

/// The key of this folder; `None` when it has none yet.
pub fn load(folder: &Path) -> Result<Option<Key>, Error> {
    let path = file(folder);
    match fs::read_to_string(&path) {
        Ok(text) => {
            let key = hex::decode(text.trim()).ok().and_then(|bytes| Key::of(&bytes));
            key.map(Some).ok_or(Error::Malformed(path))
        }
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(Error::Io(path, e)),
    }
}

/// Make the key of this folder, which has none: durable when this returns, and for its owner's eyes only; the folder is not.
pub fn make(folder: &Path) -> Result<Key, Error> {
    let path = file(folder);
    let key = Key::random();
    write(folder, &path, &key).map_err(|e| Error::Io(path, e))?;
    Ok(key)
}

fn write(folder: &Path, path: &Path, key: &Key) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o755).create(folder)?;
    let half = folder.join(format!("{FILE}.new"));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&half)?;
    writeln!(file, "{}", hex::encode(key.0))?;
    file.sync_all()?;
    crate::fault::effect("make the master key");
    fs::rename(&half, path)?;
    File::open(folder)?.sync_all()?;
    match folder.parent() {
        Some(parent) => File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_key_is_made_once_and_nobody_else_reads_it() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("keys");
        assert!(load(&folder).unwrap().is_none());
        let key = make(&folder).unwrap();
        assert_eq!(load(&folder).unwrap(), Some(key));
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(
            (mode(&folder), mode(&file(&folder))),
            (0o755, 0o600),
            "the folder has a certificate that users read"
        );
        fs::write(file(&folder), "half a k").unwrap();
        assert!(matches!(load(&folder), Err(Error::Malformed(_))));
    }
}
