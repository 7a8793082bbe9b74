//! Making a qcow2 disk that starts empty, or as the file that it stands on.
//!
//! Such a file is four clusters, so it is written here rather than by a process for each launch and volume (QEMU's `docs/interop/qcow2.txt`
//! is the format): header with the backing file's name and its format as a header extension, refcount table, one
//! refcount block, and the L1 table. Everything else of qcow2 is QEMU's own work.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

const CLUSTER_BITS: u32 = 16;
const CLUSTER: u64 = 1 << CLUSTER_BITS;
/// Header extension: the backing file's format.
const BACKING_FORMAT: u32 = 0xE279_2ACA;
const HEADER_LENGTH: u32 = 104;

/// What a disk stands on: a file with an absolute path, or in the disk's own folder; it is never written to.
#[derive(Debug, Clone, Copy)]
pub struct Base<'a> {
    pub path: &'a Path,
    /// `raw` or `qcow2`: said by us, never detected.
    pub format: &'static str,
}

/// Write a qcow2 file at `path` of `size` bytes (rounded up to a sector) on `base`; without one, all of it is zeros.
/// An existing file is an error, so a disk is never emptied. It is not durable yet.
pub fn create(path: &Path, base: Option<Base<'_>>, size: u64) -> io::Result<File> {
    let size = size.next_multiple_of(512);
    let (base, format) = base.map_or((&b""[..], ""), |b| (b.path.as_os_str().as_bytes(), b.format));
    if base.len() > 1023 {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the base file's path is longer than qcow2 allows"));
    }
    let l1_entries = size.div_ceil(CLUSTER * (CLUSTER / 8)).max(1);
    let l1_clusters = (l1_entries * 8).div_ceil(CLUSTER);
    // The extension with the base's format takes 8 bytes and the format's padded name, the end of extensions 8 more.
    let extension = if base.is_empty() { 0 } else { 8 + (format.len() as u64).next_multiple_of(8) };
    let after_extensions = u64::from(HEADER_LENGTH) + extension + 8;
    let backing_at = if base.is_empty() { 0 } else { after_extensions };

    let mut h = Vec::with_capacity(256);
    h.write_all(b"QFI\xfb")?;
    h.write_all(&3u32.to_be_bytes())?; // version
    h.write_all(&backing_at.to_be_bytes())?;
    h.write_all(&(base.len() as u32).to_be_bytes())?;
    h.write_all(&CLUSTER_BITS.to_be_bytes())?;
    h.write_all(&size.to_be_bytes())?;
    h.write_all(&0u32.to_be_bytes())?; // no encryption
    h.write_all(&(l1_entries as u32).to_be_bytes())?;
    h.write_all(&(3 * CLUSTER).to_be_bytes())?; // L1 table
    h.write_all(&CLUSTER.to_be_bytes())?; // refcount table
    h.write_all(&1u32.to_be_bytes())?; // of one cluster
    h.write_all(&0u32.to_be_bytes())?; // no snapshots
    h.write_all(&0u64.to_be_bytes())?;
    for features in [0u64; 3] {
        h.write_all(&features.to_be_bytes())?; // incompatible, compatible, autoclear
    }
    h.write_all(&4u32.to_be_bytes())?; // refcounts of 16 bits
    h.write_all(&HEADER_LENGTH.to_be_bytes())?;
    if !base.is_empty() {
        h.write_all(&BACKING_FORMAT.to_be_bytes())?;
        h.write_all(&(format.len() as u32).to_be_bytes())?;
        h.write_all(format.as_bytes())?;
        h.resize(h.len().next_multiple_of(8), 0);
    }
    h.write_all(&[0; 8])?; // end of extensions
    debug_assert_eq!(h.len() as u64, after_extensions);
    h.write_all(base)?;

    let refcounts: Vec<u8> = (0..3 + l1_clusters).flat_map(|_| 1u16.to_be_bytes()).collect();
    let file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.set_len((3 + l1_clusters) * CLUSTER)?;
    file.write_all_at(&h, 0)?;
    file.write_all_at(&(2 * CLUSTER).to_be_bytes(), CLUSTER)?;
    file.write_all_at(&refcounts, 2 * CLUSTER)?;
    Ok(file)
}

/// The base file that a qcow2 disk stands on, if it has one.
pub fn base_of(path: &Path) -> io::Result<Option<PathBuf>> {
    let file = File::open(path)?;
    let mut header = [0; 20];
    file.read_exact_at(&mut header, 0)?;
    let [q, f, i, fb, _, _, _, _, at @ .., l0, l1, l2, l3] = header;
    if [q, f, i, fb] != *b"QFI\xfb" {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "this is no qcow2 file"));
    }
    let (at, length) = (u64::from_be_bytes(at), u32::from_be_bytes([l0, l1, l2, l3]));
    if at == 0 {
        return Ok(None);
    }
    let mut name = vec![0; length.min(1023) as usize];
    file.read_exact_at(&mut name, at)?;
    Ok(Some(PathBuf::from(OsString::from_vec(name))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    fn qemu_img(args: &[&str], path: &Path) -> Option<String> {
        let out = match Command::new("qemu-img").args(args).arg(path).output() {
            Ok(out) => out,
            Err(_) => {
                eprintln!("SKIPPED: qemu-img is not installed");
                return None;
            }
        };
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        Some(String::from_utf8(out.stdout).unwrap())
    }

    #[test]
    fn qemu_finds_no_fault_in_a_disk_of_any_size() {
        let dir = tempfile::tempdir().unwrap();
        let raw = dir.path().join("raw");
        std::fs::write(&raw, [7u8; 4096]).unwrap();
        let mut below: Option<(PathBuf, &'static str)> = None;
        for (n, size) in [4096u64, 5000, 1 << 30, (512 << 30) + 1, 20 << 40].into_iter().enumerate() {
            for base in [None, Some((raw.clone(), "raw")), below.clone()] {
                let path = dir.path().join(format!("o{n}-{}", base.as_ref().map_or("none", |(_, format)| format)));
                let _ = std::fs::remove_file(&path);
                create(&path, base.as_ref().map(|(path, format)| Base { path, format }), size).unwrap();
                let Some(check) = qemu_img(&["check"], &path) else { return };
                assert!(check.contains("No errors"), "{check}");
                let info = qemu_img(&["info", "--output=json"], &path).unwrap();
                let info: serde_json::Value = serde_json::from_str(&info).unwrap();
                assert_eq!(info["virtual-size"], size.next_multiple_of(512));
                let (name, format) = base.unzip();
                assert_eq!(info["backing-filename"].as_str(), name.as_ref().map(|n| n.to_str().unwrap()));
                assert_eq!(info["backing-filename-format"].as_str(), format);
                assert_eq!(base_of(&path).unwrap(), name);
                below = Some((path, "qcow2"));
            }
        }
    }

    #[test]
    fn an_existing_disk_is_never_emptied() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("disk");
        std::fs::write(&path, "data").unwrap();
        assert!(create(&path, None, 512).is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"data");
    }
}
