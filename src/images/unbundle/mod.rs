//! A bundle's parts become the image's file, in one stream: memory stays flat whatever the size.
//!
//! ```text
//! parts ─> SHA-1 of each, their length ─> AES-128-CBC ─> gunzip ─> SHA-1 of the tar stream ─> first member ─> file
//! ```
//!
//! The file is good only if this returns `Ok`: until then it may hold anything. What a layer finds wrong is kept
//! beside the stream ([`Failure`]), since damage shows first far from where it is: after any failure the rest of the parts
//! is read too, and a part whose digest does not match is the cause that is told.

mod decrypt;
mod parts;
mod sparse;

pub(super) use sparse::write_sparsely;

use super::keys::CloudKey;
use super::manifest::Manifest;
use super::source::{Location, Source};
use decrypt::Decrypt;
use parts::{Parts, Shared};
use sha1::{Digest, Sha1};
use std::cell::{Cell, RefCell};
use std::fs::File;
use std::io::{self, Read};
use std::rc::Rc;

/// How much of a tar stream may come before the image's first byte: headers, long names, the map of a sparse file.
const MAX_HEADERS: u64 = 2 << 20;
/// How much of a tar stream may follow the image.
const MAX_TRAILER: u64 = 16 << 20;

/// Why a bundle did not become an image.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The bundle or its manifest is wrong: trying again cannot help. A sentence for its owner.
    #[error("{0}")]
    Bundle(String),
    /// A failure on our side, worth another try.
    #[error("{0}: {1}")]
    Io(String, io::Error),
    /// Nobody wants the image any more, or the program stops.
    #[error("given up")]
    Abandoned,
}

/// What is to be unbundled.
pub struct Bundle<'a> {
    pub source: &'a dyn Source,
    /// Who reads the objects.
    pub account: &'a str,
    pub location: &'a Location,
    pub manifest: &'a Manifest,
    pub key: &'a CloudKey,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    pub size: u64,
    /// SHA-256 of the file, lower-case hex.
    pub digest: String,
}

/// Write the bundle's image into `file`, an empty one, which is not flushed. `wanted` is asked now and then whether to go on.
pub fn unbundle(bundle: &Bundle, file: &File, wanted: &dyn Fn() -> bool) -> Result<Written, Failure> {
    let manifest = bundle.manifest;
    // One text for a key of another cloud and for damage: telling them apart would help to guess keys.
    let unopened = || {
        Failure::Bundle(
            "The bundle cannot be decrypted: it was made for another cloud's certificate, or its key is damaged."
                .into(),
        )
    };
    let key = bundle.key.unwrap(&manifest.encrypted_key).ok_or_else(unopened)?;
    let iv = bundle.key.unwrap(&manifest.encrypted_iv).ok_or_else(unopened)?;

    let parts = Rc::new(RefCell::new(Parts::new(bundle, wanted)));
    let plain = Decrypt::new(Shared(parts.clone()), key, iv);
    let budget = Rc::new(Cell::new(MAX_HEADERS));
    let stream =
        TarStream { inner: flate2::read::MultiGzDecoder::new(plain), sha1: Sha1::new(), budget: budget.clone() };
    let result = extract(stream, manifest, file, &budget);

    let mut parts = parts.borrow_mut();
    match result {
        Ok(_) | Err(Failure::Bundle(_)) => parts.finish()?,
        Err(Failure::Io(..) | Failure::Abandoned) => {}
    }
    match parts.failure.take() {
        Some(failure) => Err(failure),
        None => result,
    }
}

fn extract(stream: TarStream, manifest: &Manifest, file: &File, budget: &Cell<u64>) -> Result<Written, Failure> {
    let damaged =
        |e: io::Error| Failure::Bundle(format!("The bundle does not hold a gzip-compressed tar archive: {e}."));
    let mut archive = tar::Archive::new(stream);
    let mut written = None;
    for entry in archive.entries().map_err(damaged)? {
        let mut entry = entry.map_err(damaged)?;
        check_name(&entry.path_bytes())?;
        let kind = entry.header().entry_type();
        if matches!(kind, tar::EntryType::Directory | tar::EntryType::XGlobalHeader) {
            continue;
        }
        if !(kind.is_file() || kind.is_contiguous() || kind.is_gnu_sparse()) {
            return Err(Failure::Bundle("The archive's first member is not a regular file.".into()));
        }
        if has_pax_sparse_map(&mut entry).map_err(damaged)? {
            return Err(Failure::Bundle(
                "Sparse files of the PAX format are not known here; use tar --format=gnu.".into(),
            ));
        }
        if entry.size() != manifest.size {
            let (has, says) = (entry.size(), manifest.size);
            return Err(Failure::Bundle(format!(
                "The image in the archive has {has} bytes; the manifest says {says}."
            )));
        }
        budget.set(manifest.size.saturating_add(MAX_HEADERS));
        written = Some(write_sparsely(&mut entry, manifest.size, file)?);
        break;
    }
    let written = written.ok_or_else(|| Failure::Bundle("The archive is empty.".into()))?;
    let mut stream = archive.into_inner();
    budget.set(MAX_TRAILER);
    io::copy(&mut stream, &mut io::sink()).map_err(damaged)?;
    let digest = hex::encode(stream.sha1.finalize());
    if digest != manifest.digest {
        return Err(Failure::Bundle(format!(
            "The image's SHA-1 digest is {digest}; the manifest says {}.",
            manifest.digest
        )));
    }
    Ok(written)
}

/// Member names are never used, but a bundle that tries to leave its folder is not to be trusted with anything.
fn check_name(name: &[u8]) -> Result<(), Failure> {
    if name.starts_with(b"/") || name.contains(&0) || name.split(|b| *b == b'/').any(|step| step == b"..") {
        return Err(Failure::Bundle(format!(
            "The archive has an unsafe file name: {:?}.",
            String::from_utf8_lossy(name)
        )));
    }
    Ok(())
}

fn has_pax_sparse_map<R: Read>(entry: &mut tar::Entry<R>) -> io::Result<bool> {
    match entry.pax_extensions()? {
        None => Ok(false),
        Some(all) => Ok(all.filter_map(Result::ok).any(|e| e.key_bytes().starts_with(b"GNU.sparse."))),
    }
}

/// The tar stream: its digest is taken, and no more of it is read than a budget allows.
struct TarStream<'a> {
    inner: flate2::read::MultiGzDecoder<Decrypt<Shared<'a>>>,
    sha1: Sha1,
    budget: Rc<Cell<u64>>,
}

impl Read for TarStream<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(into)?;
        self.sha1.update(&into[..n]);
        match self.budget.get().checked_sub(n as u64) {
            Some(left) => self.budget.set(left),
            None => return Err(io::Error::new(io::ErrorKind::InvalidData, "it is far larger than the manifest says")),
        }
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::decrypt::BLOCK;
    use super::*;
    use crate::images::ImageType;
    use crate::images::manifest::Part;
    use crate::images::source::Folder;
    use aes::cipher::block_padding::Pkcs7;
    use aes::cipher::{BlockEncryptMut, KeyIvInit};
    use flate2::write::GzEncoder;
    use sha2::Sha256;
    use std::io::{Seek, Write};
    use std::os::unix::fs::{FileExt, MetadataExt};
    use std::path::Path;

    const SECRET: [u8; 16] = [7; 16];

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut zip = GzEncoder::new(Vec::new(), flate2::Compression::fast());
        zip.write_all(bytes).unwrap();
        zip.finish().unwrap()
    }

    /// One regular member, or one of another type.
    fn tar_of(name: &str, kind: tar::EntryType, data: &[u8]) -> Vec<u8> {
        let mut header = tar::Header::new_gnu();
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_size(data.len() as u64);
        header.set_mode(0o644);
        header.set_entry_type(kind);
        header.set_cksum();
        let mut out = tar::Builder::new(Vec::new());
        out.append(&header, data).unwrap();
        out.into_inner().unwrap()
    }

    /// What `tar` makes of the file `image` in `dir`.
    fn tar_by_program(dir: &Path, options: &[&str]) -> Vec<u8> {
        let made =
            std::process::Command::new("tar").args(options).args(["-cf", "-", "image"]).current_dir(dir).output();
        let made = made.unwrap();
        assert!(made.status.success());
        made.stdout
    }

    /// Unbundle a gzip stream that is encrypted as a bundle of two parts; everything in the manifest is right.
    fn open(gzip: &[u8], tar: &[u8], size: u64) -> (Result<Written, Failure>, File) {
        let dir = tempfile::tempdir().unwrap();
        let fixture = |name: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/bundle").join(name);
        std::fs::copy(fixture("ec2-key.pem"), dir.path().join("cloud-key.pem")).unwrap();
        let key = CloudKey::load_or_create(dir.path()).unwrap();
        let public = crate::images::keys::read_certificate(&fixture("ec2-cert.pem")).unwrap();
        let mut encrypted = gzip.to_vec();
        encrypted.resize(gzip.len() + BLOCK, 0);
        let cipher = cbc::Encryptor::<aes::Aes128>::new(&SECRET.into(), &SECRET.into());
        let length = cipher.encrypt_padded_mut::<Pkcs7>(&mut encrypted, gzip.len()).unwrap().len();
        encrypted.truncate(length);
        let wrap =
            || public.encrypt(&mut rand::thread_rng(), rsa::Pkcs1v15Encrypt, hex::encode(SECRET).as_bytes()).unwrap();
        std::fs::create_dir(dir.path().join("b")).unwrap();
        let (one, two) = encrypted.split_at(encrypted.len() / 2);
        let parts = [("p0", one), ("p1", two)].map(|(name, bytes)| {
            std::fs::write(dir.path().join("b").join(name), bytes).unwrap();
            Part { filename: name.into(), digest: hex::encode(Sha1::digest(bytes)) }
        });
        let manifest = Manifest {
            image_type: ImageType::Machine,
            architecture: "x86_64".into(),
            kernel_id: None,
            ramdisk_id: None,
            mappings: vec![],
            product_codes: vec![],
            name: String::new(),
            user: String::new(),
            digest: hex::encode(Sha1::digest(tar)),
            size,
            bundled_size: encrypted.len() as u64,
            encrypted_key: wrap(),
            encrypted_iv: wrap(),
            parts: parts.to_vec(),
            signature: None,
        };
        let source = Folder(dir.path().into());
        let location = Location { bucket: "b".into(), key: "m".into() };
        let bundle = Bundle { source: &source, account: "1", location: &location, manifest: &manifest, key: &key };
        let file = tempfile::tempfile().unwrap();
        (unbundle(&bundle, &file, &|| true), file)
    }

    fn refusal(tar: &[u8], size: u64) -> String {
        open(&gzip(tar), tar, size).0.unwrap_err().to_string()
    }

    #[test]
    fn sparse_members_become_sparse_files() {
        let dir = tempfile::tempdir().unwrap();
        let image = File::create(dir.path().join("image")).unwrap();
        // Many extents, so that the map goes on in headers of its own, and a hole at the end.
        for n in 0..64u64 {
            image.write_all_at(&[n as u8 + 1; 5000], n * 1_000_000).unwrap();
        }
        image.set_len(70_000_000).unwrap();
        let tar = tar_by_program(dir.path(), &["--format=gnu", "-S"]);
        assert!(tar.len() < 2_000_000, "tar found the holes");
        let (written, mut file) = open(&gzip(&tar), &tar, 70_000_000);
        let written = written.unwrap();
        let mut bytes = Vec::new();
        file.rewind().unwrap();
        file.read_to_end(&mut bytes).unwrap();
        assert!(bytes == std::fs::read(dir.path().join("image")).unwrap());
        assert_eq!(written.digest, hex::encode(Sha256::digest(&bytes)));
        assert!(file.metadata().unwrap().blocks() * 512 < 2_000_000);

        let pax = tar_by_program(dir.path(), &["--format=posix", "-S"]);
        assert!(refusal(&pax, 70_000_000).contains("PAX"));
    }

    #[test]
    fn gzip_streams_of_several_members_are_one_stream() {
        let tar = tar_of("image", tar::EntryType::Regular, &[9; 100_000]);
        let (head, tail) = tar.split_at(33_333);
        let (written, _) = open(&[gzip(head), gzip(tail)].concat(), &tar, 100_000);
        assert_eq!(written.unwrap().size, 100_000);
    }

    #[test]
    fn unsafe_and_odd_archives_are_refused() {
        let file = tar::EntryType::Regular;
        assert!(refusal(&tar_of("../image", file, b"x"), 1).contains("unsafe"));
        assert!(refusal(&tar_of("/etc/passwd", file, b"x"), 1).contains("unsafe"));
        assert!(refusal(&tar_of("a/../../b", file, b"x"), 1).contains("unsafe"));
        assert!(refusal(&tar_of("image", tar::EntryType::Symlink, b""), 1).contains("not a regular file"));
        assert!(refusal(&tar_of("image", tar::EntryType::Block, b""), 1).contains("not a regular file"));
        assert!(refusal(&tar_of("image", file, b"xx"), 1).contains("has 2 bytes"));
        assert!(refusal(&[0; 10240], 1).contains("empty"));
        assert!(refusal(b"this is no archive, and it is far too short to be one", 1).contains("tar archive"));
        let cut = &tar_of("image", file, &[1; 5000])[..2000];
        assert!(refusal(cut, 5000).contains("ends before its size"));
    }

    #[test]
    fn what_blows_up_is_stopped() {
        // A long name that never ends, and endless zeros behind a small image.
        let endless = vec![b'a'; 8 << 20];
        assert!(refusal(&tar_of("././@LongLink", tar::EntryType::GNULongName, &endless), 1).contains("far larger"));
        let mut tail = tar_of("image", tar::EntryType::Regular, b"x");
        tail.resize(tail.len() + (MAX_TRAILER as usize) + 1, 0);
        assert!(refusal(&tail, 1).contains("far larger"));
    }
}
