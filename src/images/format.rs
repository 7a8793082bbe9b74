//! Disk formats: which one a file has, whether it may be used, and how large its disk is.
//!
//! A disk file is a program for whoever opens it: a qcow2 or VMDK may name other files of the host as its backing
//! or its data. So a file's head is looked at here first and anything that points outside is refused; only then
//! `qemu-img` sees it, told which format to take it for, under limits of time and memory.

use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::{Command, Stdio};

/// A disk file's format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Raw,
    Iso,
    Qcow2,
    Vmdk,
    /// VHD: qemu calls it after Virtual PC.
    Vpc,
    Vhdx,
    Vdi,
}

impl Format {
    const ALL: [Format; 7] =
        [Format::Raw, Format::Iso, Format::Qcow2, Format::Vmdk, Format::Vpc, Format::Vhdx, Format::Vdi];

    /// The name in rows and in `info.json`.
    pub fn as_str(self) -> &'static str {
        match self {
            Format::Raw => "raw",
            Format::Iso => "iso",
            Format::Qcow2 => "qcow2",
            Format::Vmdk => "vmdk",
            Format::Vpc => "vpc",
            Format::Vhdx => "vhdx",
            Format::Vdi => "vdi",
        }
    }

    /// The format of that name; `vhd` is an alias of `vpc`.
    pub fn parse(name: &str) -> Option<Format> {
        let name = if name == "vhd" { "vpc" } else { name };
        Format::ALL.into_iter().find(|f| f.as_str() == name)
    }

    /// The format that a request names, and the ending of its files' names.
    pub fn of_export(name: &str) -> Option<(Format, &'static str)> {
        match name {
            "VMDK" => Some((Format::Vmdk, "vmdk")),
            "VHD" => Some((Format::Vpc, "vhd")),
            "RAW" => Some((Format::Raw, "raw")),
            _ => None,
        }
    }

    /// Whether the file's bytes are the disk's bytes.
    pub fn is_plain(self) -> bool {
        match self {
            Format::Raw | Format::Iso => true,
            Format::Qcow2 | Format::Vmdk | Format::Vpc | Format::Vhdx | Format::Vdi => false,
        }
    }
}

/// A file's format and the size of its disk in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disk {
    pub format: Format,
    pub virtual_size: u64,
}

/// Why a file cannot be an image.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is damaged or points outside of itself. A sentence.
    #[error("{0}")]
    Refused(String),
    /// `qemu-img` could not be run.
    #[error("qemu-img cannot be run ({0}): install the package qemu-utils")]
    NoTool(io::Error),
    #[error(transparent)]
    Io(#[from] io::Error),
}

fn refuse<T>(why: impl Into<String>) -> Result<T, Error> {
    Err(Error::Refused(why.into()))
}

/// A disk is made of sectors; QEMU rounds up.
pub fn whole_sectors(bytes: u64) -> u64 {
    bytes.div_ceil(512) * 512
}

/// Find out a file's format, and refuse what is not safe to open.
pub fn inspect(path: &Path) -> Result<Disk, Error> {
    let file = std::fs::File::open(path)?;
    let length = file.metadata()?.len();
    if length == 0 {
        return refuse("The image is empty.");
    }
    let format = sniff(&file, length)?;
    if format.is_plain() {
        return Ok(Disk { format, virtual_size: whole_sectors(length) });
    }
    Ok(Disk { format, virtual_size: ask_qemu_img(path, format)? })
}

/// Bytes `at..at + N` of a file; zeros where it ends.
fn bytes<const N: usize>(file: &std::fs::File, at: u64) -> io::Result<[u8; N]> {
    let mut all = [0; N];
    let mut have = 0;
    while have < N {
        match file.read_at(&mut all[have..], at + have as u64)? {
            0 => break,
            n => have += n,
        }
    }
    Ok(all)
}

fn sniff(file: &std::fs::File, length: u64) -> Result<Format, Error> {
    let head: [u8; 1024] = bytes(file, 0)?;
    let be32 = |at: usize| u32::from_be_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    let be64 = |at: usize| (u64::from(be32(at)) << 32) | u64::from(be32(at + 4));
    let le32 = |at: usize| be32(at).swap_bytes();
    let le64 = |at: usize| be64(at).swap_bytes();
    if head.starts_with(b"QFI\xfb") {
        let (version, backing, incompatible) = (be32(4), be64(8), be64(72));
        if !(2..=3).contains(&version) {
            return refuse(format!("qcow version {version} is not known."));
        }
        if backing != 0 {
            return refuse("The qcow2 file stands on a backing file; flatten it first (qemu-img convert).");
        }
        if version == 3 && incompatible & 0b100 != 0 {
            return refuse("The qcow2 file keeps its data in another file.");
        }
        if be32(32) != 0 {
            return refuse("The qcow2 file is encrypted.");
        }
        return Ok(Format::Qcow2);
    }
    if head.starts_with(b"KDMV") {
        let (capacity, at, sectors) = (le64(12), le64(28), le64(36));
        if capacity == 0 || at == 0 || sectors == 0 || sectors > 2048 {
            return refuse("The VMDK file has no descriptor of its own.");
        }
        let text: Box<[u8; 64 << 10]> = Box::new(bytes(file, at.saturating_mul(512))?);
        return check_vmdk(&String::from_utf8_lossy(&text[..]));
    }
    if head.starts_with(b"# Disk DescriptorFile") || head.starts_with(b"COWD") {
        return refuse("The VMDK is spread over several files; convert it to one (qemu-img convert -O qcow2).");
    }
    if head.starts_with(b"vhdxfile") {
        return Ok(Format::Vhdx);
    }
    if le32(64) == 0xbeda_107f {
        return Ok(Format::Vdi);
    }
    // A VHD of fixed size has its mark at the end only.
    let foot: [u8; 64] = bytes(file, length.saturating_sub(512))?;
    for mark in [&head[..64], &foot[..]] {
        if mark.starts_with(b"conectix") {
            return match u32::from_be_bytes([mark[60], mark[61], mark[62], mark[63]]) {
                2 | 3 => Ok(Format::Vpc),
                4 => refuse("The VHD holds only the differences to another file."),
                other => refuse(format!("The VHD's type {other} is not known.")),
            };
        }
    }
    if &bytes::<5>(file, 32769)? == b"CD001" {
        return Ok(Format::Iso);
    }
    Ok(Format::Raw)
}

fn check_vmdk(descriptor: &str) -> Result<Format, Error> {
    let text = descriptor.split('\0').next().unwrap_or_default();
    let value = |name: &str| {
        text.lines()
            .filter_map(|l| l.split_once('='))
            .find(|(n, _)| n.trim() == name)
            .map(|(_, v)| v.trim().trim_matches('"'))
    };
    if value("parentFileNameHint").is_some() {
        return refuse("The VMDK holds only the differences to another file.");
    }
    match value("createType") {
        Some("monolithicSparse" | "streamOptimized") => Ok(Format::Vmdk),
        Some(other) => refuse(format!("A VMDK of the type {other} is not one file; convert it first.")),
        None => refuse("The VMDK's descriptor has no type."),
    }
}

/// `qemu-img` with an empty environment, no terminal, 60 s of processor time and 2 GiB of address space.
fn qemu_img() -> Command {
    let mut command = Command::new("prlimit");
    command.args(["--cpu=60", "--as=2147483648", "--", "qemu-img"]);
    command.env_clear().env("PATH", path_variable()).env("LC_ALL", "C").stdin(Stdio::null());
    command
}

fn path_variable() -> std::ffi::OsString {
    std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into())
}

fn ask_qemu_img(path: &Path, format: Format) -> Result<u64, Error> {
    let output = qemu_img()
        .args(["info", "--output=json", "-f", format.as_str()])
        .arg(std::path::absolute(path)?)
        .output()
        .map_err(Error::NoTool)?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        if said.contains("failed to execute") {
            return Err(Error::NoTool(io::ErrorKind::NotFound.into()));
        }
        // The file's name in qemu-img's words would show the server's folders to the user.
        let said = said.rsplit(": ").next().unwrap_or_default().trim();
        return refuse(format!("The {} file cannot be read: {said}.", format.as_str()));
    }
    let told: serde_json::Value =
        serde_json::from_slice(&output.stdout).map_err(|e| io::Error::other(format!("qemu-img info: {e}")))?;
    let outside = ["backing-filename", "full-backing-filename"].iter().any(|name| told.get(name).is_some())
        || told.pointer("/format-specific/data/data-file").is_some();
    if outside || told.get("encrypted").is_some_and(|e| e == true) {
        return refuse("The disk file needs another file, or is encrypted.");
    }
    match told.get("virtual-size").and_then(serde_json::Value::as_u64) {
        Some(size) if size > 0 => Ok(whole_sectors(size)),
        _ => refuse("The disk in the file has no size."),
    }
}

/// Write the disk in `from` as a raw file `to`, with holes where it has only zeros.
pub fn convert_to_raw(from: &Path, disk: Disk, to: &Path) -> Result<(), Error> {
    convert(from, disk.format, to, Format::Raw)?;
    let length = std::fs::metadata(to)?.len();
    if whole_sectors(length) != disk.virtual_size {
        return refuse(format!("The converted disk has {length} bytes instead of {}.", disk.virtual_size));
    }
    Ok(())
}

/// Write the disk in `from`, with what it stands on, as a file `to` of another format that stands on nothing.
pub fn convert(from: &Path, format: Format, to: &Path, to_format: Format) -> Result<(), Error> {
    let output = Command::new("qemu-img")
        .env_clear()
        .env("PATH", path_variable())
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .args(["convert", "-f", format.as_str(), "-O", to_format.as_str(), "-S", "4k"])
        .args(match to_format {
            // One file that other programs read: without it VHD's size would be rounded to cylinders.
            Format::Vpc => &["-o", "subformat=dynamic,force_size=on"][..],
            Format::Vmdk => &["-o", "subformat=streamOptimized"],
            Format::Raw | Format::Iso | Format::Qcow2 | Format::Vhdx | Format::Vdi => &[],
        })
        .args([from, to])
        .output()
        .map_err(Error::NoTool)?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(io::Error::other(format!("qemu-img convert: {said}")).into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tool_is_there() -> bool {
        let there = Command::new("qemu-img").arg("--version").output().is_ok_and(|o| o.status.success());
        if !there {
            eprintln!("skipped: no qemu-img on this machine");
        }
        there
    }

    fn raw_disk(dir: &Path) -> std::path::PathBuf {
        let path = dir.join("disk.raw");
        let mut data = vec![0u8; 2 << 20];
        data[700_000..710_000].fill(7);
        data[510..512].copy_from_slice(&[0x55, 0xaa]);
        std::fs::write(&path, data).unwrap();
        path
    }

    fn make(args: &[&str], dir: &Path) {
        let out = Command::new("qemu-img").args(args).current_dir(dir).output().unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    }

    #[test]
    fn every_format_is_known_again_and_converts_back_to_the_same_bytes() {
        if !tool_is_there() {
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        let raw = raw_disk(dir.path());
        for (format, extra) in [
            (Format::Qcow2, ""),
            (Format::Vmdk, "subformat=monolithicSparse"),
            (Format::Vmdk, "subformat=streamOptimized"),
            (Format::Vpc, "subformat=dynamic,force_size=on"),
            (Format::Vpc, "subformat=fixed,force_size=on"),
            (Format::Vhdx, ""),
            (Format::Vdi, ""),
        ] {
            let mut args = vec!["convert", "-O", format.as_str()];
            if !extra.is_empty() {
                args.extend(["-o", extra]);
            }
            args.extend(["disk.raw", "made"]);
            make(&args, dir.path());
            let disk = inspect(&dir.path().join("made")).unwrap();
            assert_eq!(disk, Disk { format, virtual_size: 2 << 20 }, "{extra}");
            convert_to_raw(&dir.path().join("made"), disk, &dir.path().join("back")).unwrap();
            assert_eq!(std::fs::read(&raw).unwrap(), std::fs::read(dir.path().join("back")).unwrap(), "{extra}");
            std::fs::remove_file(dir.path().join("back")).unwrap();
        }
        assert_eq!(inspect(&raw).unwrap(), Disk { format: Format::Raw, virtual_size: 2 << 20 });
    }

    #[test]
    fn a_file_that_points_outside_is_refused_before_anything_opens_it() {
        if !tool_is_there() {
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        raw_disk(dir.path());
        make(&["create", "-q", "-f", "qcow2", "-b", "disk.raw", "-F", "raw", "overlay"], dir.path());
        make(&["create", "-q", "-f", "qcow2", "-o", "data_file=other,data_file_raw=on", "external", "1M"], dir.path());
        make(&["create", "-q", "-f", "vmdk", "-o", "subformat=monolithicFlat", "flat", "1M"], dir.path());
        for (name, why) in [("overlay", "backing file"), ("external", "another file"), ("flat", "several files")] {
            let said = inspect(&dir.path().join(name)).unwrap_err().to_string();
            assert!(said.contains(why), "{name}: {said}");
        }
    }

    #[test]
    fn a_vmdk_that_names_a_parent_or_other_extents_is_refused() {
        assert!(check_vmdk("createType=\"monolithicSparse\"\nparentFileNameHint=\"/etc/passwd\"\n").is_err());
        assert!(check_vmdk("createType=\"monolithicFlat\"\n").is_err());
        assert!(check_vmdk("nothing").is_err());
        assert_eq!(check_vmdk("CID=1\ncreateType=\"streamOptimized\"\n\0junk").unwrap(), Format::Vmdk);
    }

    proptest::proptest! {
        #[test]
        fn no_head_is_taken_for_a_qcow2_that_points_outside(
            mark in proptest::sample::select(vec![&b"QFI\xfb\0\0\0\x03"[..], b"QFI\xfb\0\0\0\x02", b"KDMV", b"vhdxfile", b"conectix", b""]),
            rest in proptest::collection::vec(proptest::prop_oneof![4 => proptest::strategy::Just(0u8), 1 => proptest::num::u8::ANY], 0..2048),
        ) {
            let mut file = tempfile::tempfile().unwrap();
            let head = [mark, &rest].concat();
            std::io::Write::write_all(&mut file, &head).unwrap();
            if let Ok(Format::Qcow2) = sniff(&file, head.len() as u64) {
                let at = |n: usize| head.get(n).copied().unwrap_or(0);
                proptest::prop_assert!((8..16).all(|n| at(n) == 0), "a backing file");
                proptest::prop_assert!(at(7) == 2 || at(79) & 0b100 == 0, "a data file");
            }
        }
    }

    #[test]
    fn a_damaged_head_is_refused_without_the_servers_paths() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret-folder");
        std::fs::write(&path, [b"QFI\xfb\0\0\0\x03".as_slice(), &[0; 5000]].concat()).unwrap();
        let said = inspect(&path).unwrap_err().to_string();
        assert!(!said.contains("secret-folder"), "{said}");
    }
}
