//! An image's file becomes a bundle: what `euca-bundle-image` writes, so that any cloud of that family reads it.
//!
//! ```text
//! file ─> tar (one member) ─> SHA-1 ─> gzip ─> AES-128-CBC ─> parts of 10 MiB, SHA-1 of each ─> manifest
//! ```

use super::{Error, ImageType, Mapping};
use aes::cipher::{BlockEncryptMut, KeyIvInit};
use quick_xml::escape::escape;
use rsa::{Pkcs1v15Encrypt, Pkcs1v15Sign, RsaPrivateKey, RsaPublicKey};
use sha1::{Digest, Sha1};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::PathBuf;

/// The size of a part unless another one is asked for: what all bundlers write.
pub const PART_SIZE: u64 = 10 << 20;
/// GNU tar's record: an archive's length is a multiple of it.
const RECORD: u64 = 10240;
const BLOCK: usize = 16;

/// What is to be bundled, and how.
#[derive(Debug, Clone)]
pub struct BundleRequest {
    pub image: PathBuf,
    /// A folder that is there.
    pub destination: PathBuf,
    /// The name of the member in the archive, and what the names of all files begin with.
    pub prefix: String,
    pub image_type: ImageType,
    pub architecture: String,
    pub kernel_id: Option<String>,
    pub ramdisk_id: Option<String>,
    pub mappings: Vec<Mapping>,
    pub product_codes: Vec<String>,
    /// The account.
    pub user: String,
    /// The cloud that shall open it.
    pub cloud: RsaPublicKey,
    /// The user's certificate: its owner can open the bundle too.
    pub certificate: Option<RsaPublicKey>,
    /// The user's key, to sign with.
    pub private_key: Option<RsaPrivateKey>,
    pub part_size: u64,
    /// The AES key and initial vector; random ones when not given.
    pub key: Option<[u8; 16]>,
    pub iv: Option<[u8; 16]>,
}

/// The files that were written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundled {
    pub parts: Vec<PathBuf>,
    pub manifest: PathBuf,
}

struct Part {
    filename: String,
    digest: String,
}

/// Write the parts, then the manifest.
pub fn bundle(request: &BundleRequest) -> Result<Bundled, Error> {
    if request.prefix.is_empty() || request.prefix.contains('/') {
        return Err(Error::InvalidParameter(format!("{:?} cannot be a bundle's prefix", request.prefix)));
    }
    let at = |e| Error::Io(format!("bundling {}", request.image.display()), e);
    let source = File::open(&request.image).map_err(at)?;
    let size = source.metadata().map_err(at)?.len();
    let key = request.key.unwrap_or_else(rand::random);
    let iv = request.iv.unwrap_or_else(rand::random);

    let parts = Parts::new(request);
    let zip = flate2::GzBuilder::new()
        .operating_system(3)
        .write(Encrypt::new(parts, key, iv), flate2::Compression::default());
    let mut tar = tar::Builder::new(Hashed { inner: zip, sha1: Sha1::new(), length: 0 });
    tar.append(&tar_header(&request.prefix, size)?, io::Read::take(source, size)).map_err(at)?;
    let mut hashed = tar.into_inner().map_err(at)?;
    let padding = hashed.length.next_multiple_of(RECORD) - hashed.length;
    hashed.write_all(&vec![0; padding as usize]).map_err(at)?;
    let digest = hex::encode(hashed.sha1.finalize());
    let parts = hashed.inner.finish().map_err(at)?.finish().map_err(at)?;

    let written = parts.written.iter().map(|p| request.destination.join(&p.filename)).collect();
    let manifest = manifest(request, &Contents { size, digest, key, iv, parts })?;
    let path = request.destination.join(format!("{}.manifest.xml", request.prefix));
    fs::write(&path, manifest).map_err(|e| Error::Io(path.display().to_string(), e))?;
    Ok(Bundled { parts: written, manifest: path })
}

/// The header as GNU tar writes it, byte for byte: the image's digest is over it too.
fn tar_header(name: &str, size: u64) -> Result<tar::Header, Error> {
    let bad = |e: io::Error| Error::InvalidParameter(format!("{name:?} cannot be a bundle's prefix: {e}"));
    let mut header = tar::Header::new_gnu();
    header.set_path(name).map_err(bad)?;
    header.set_size(size);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_entry_type(tar::EntryType::Regular);
    header.set_device_major(0).map_err(bad)?;
    header.set_device_minor(0).map_err(bad)?;
    header.set_cksum();
    // Six digits, NUL and a space, where the crate writes seven digits and NUL.
    let sum = format!("{:06o}\0 ", header.cksum().map_err(bad)?);
    header.as_old_mut().cksum.copy_from_slice(sum.as_bytes());
    Ok(header)
}

struct Contents<'a> {
    size: u64,
    digest: String,
    key: [u8; 16],
    iv: [u8; 16],
    parts: Parts<'a>,
}

fn manifest(r: &BundleRequest, c: &Contents) -> Result<String, Error> {
    let wrap = |public: &RsaPublicKey, secret: [u8; 16]| {
        let text = hex::encode(secret);
        public
            .encrypt(&mut rand::thread_rng(), Pkcs1v15Encrypt, text.as_bytes())
            .map(hex::encode)
            .map_err(|e| Error::InvalidParameter(format!("the certificate cannot be encrypted for: {e}")))
    };
    let for_user = |secret| r.certificate.as_ref().map_or(Ok(String::new()), |public| wrap(public, secret));

    let mut machine = element("architecture", &r.architecture);
    if !r.mappings.is_empty() {
        let mut sorted = r.mappings.clone();
        sorted.sort_by(|a, b| a.virtual_name.cmp(&b.virtual_name));
        let lines: String = sorted
            .iter()
            .map(|m| nested("mapping", &(element("virtual", &m.virtual_name) + &element("device", &m.device))))
            .collect();
        machine += &nested("block_device_mapping", &lines);
    }
    if !r.product_codes.is_empty() {
        let codes: String = r.product_codes.iter().map(|code| element("product_code", code)).collect();
        machine += &nested("product_codes", &codes);
    }
    let (kernel, ramdisk) = match r.image_type {
        ImageType::Machine => (r.kernel_id.as_deref(), r.ramdisk_id.as_deref()),
        ImageType::Kernel => (Some("true"), None),
        ImageType::Ramdisk => (None, Some("true")),
    };
    machine += &kernel.map(|id| element("kernel_id", id)).unwrap_or_default();
    machine += &ramdisk.map(|id| element("ramdisk_id", id)).unwrap_or_default();

    let mut parts = String::new();
    for (n, p) in c.parts.written.iter().enumerate() {
        let _ = write!(parts, "<part index=\"{n}\">{}{}</part>", element("filename", &p.filename), sha1(&p.digest));
    }
    let cipher = "algorithm=\"AES-128-CBC\"";
    let image = [
        element("name", &r.prefix),
        element("user", &r.user),
        element("type", r.image_type.as_str()),
        sha1(&c.digest),
        element("size", &c.size.to_string()),
        element("bundled_size", &c.parts.total.to_string()),
        format!("<ec2_encrypted_key {cipher}>{}</ec2_encrypted_key>", wrap(&r.cloud, c.key)?),
        format!("<user_encrypted_key {cipher}>{}</user_encrypted_key>", for_user(c.key)?),
        element("ec2_encrypted_iv", &wrap(&r.cloud, c.iv)?),
        element("user_encrypted_iv", &for_user(c.iv)?),
        format!("<parts count=\"{}\">{parts}</parts>", c.parts.written.len()),
    ]
    .concat();
    let signed = nested("machine_configuration", &machine) + &nested("image", &image);
    let signature = match &r.private_key {
        None => "UNSIGNED".to_owned(),
        Some(key) => key
            .sign(Pkcs1v15Sign::new::<Sha1>(), &Sha1::digest(&signed))
            .map(hex::encode)
            .map_err(|e| Error::InvalidParameter(format!("the private key cannot sign: {e}")))?,
    };
    let bundler =
        [element("name", "novella"), element("version", env!("CARGO_PKG_VERSION")), element("release", "0")].concat();
    Ok(format!(
        "<?xml version='1.0' encoding='ASCII'?>\n<manifest>{}{}{signed}{}</manifest>",
        element("version", "2007-10-10"),
        nested("bundler", &bundler),
        element("signature", &signature),
    ))
}

fn nested(name: &str, inner: &str) -> String {
    format!("<{name}>{inner}</{name}>")
}

/// An element with text, which is written in ASCII.
fn element(name: &str, text: &str) -> String {
    let mut ascii = String::new();
    for c in escape(text).chars() {
        match c.is_ascii() {
            true => ascii.push(c),
            false => drop(write!(ascii, "&#{};", u32::from(c))),
        }
    }
    nested(name, &ascii)
}

fn sha1(digest: &str) -> String {
    format!("<digest algorithm=\"SHA1\">{digest}</digest>")
}

/// Takes the digest and length of what passes through.
struct Hashed<W> {
    inner: W,
    sha1: Sha1,
    length: u64,
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let n = self.inner.write(data)?;
        self.sha1.update(&data[..n]);
        self.length += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// AES-128-CBC with PKCS #7 padding, applied while writing.
struct Encrypt<W> {
    inner: W,
    cipher: cbc::Encryptor<aes::Aes128>,
    /// Less than a block that waits for the rest of it.
    rest: Vec<u8>,
}

impl<W: Write> Encrypt<W> {
    fn new(inner: W, key: [u8; 16], iv: [u8; 16]) -> Self {
        Encrypt { inner, cipher: cbc::Encryptor::new(&key.into(), &iv.into()), rest: Vec::new() }
    }

    fn encrypt(&mut self) -> io::Result<()> {
        let whole = self.rest.len() / BLOCK * BLOCK;
        for block in self.rest[..whole].chunks_exact_mut(BLOCK) {
            self.cipher.encrypt_block_mut(block.into());
        }
        self.inner.write_all(&self.rest[..whole])?;
        self.rest.drain(..whole);
        Ok(())
    }

    fn finish(mut self) -> io::Result<W> {
        let pad = BLOCK - self.rest.len();
        self.rest.extend(std::iter::repeat_n(pad as u8, pad));
        self.encrypt()?;
        self.inner.flush()?;
        Ok(self.inner)
    }
}

impl<W: Write> Write for Encrypt<W> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.rest.extend_from_slice(data);
        self.encrypt()?;
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Spreads what is written over part files.
struct Parts<'a> {
    request: &'a BundleRequest,
    written: Vec<Part>,
    open: Option<(File, Sha1, u64)>,
    total: u64,
}

impl<'a> Parts<'a> {
    fn new(request: &'a BundleRequest) -> Self {
        Parts { request, written: Vec::new(), open: None, total: 0 }
    }

    fn close(&mut self) {
        if let Some((_, sha1, _)) = self.open.take() {
            let filename = self.filename();
            self.written.push(Part { filename, digest: hex::encode(sha1.finalize()) });
        }
    }

    /// The name of the part being written, or to be written next.
    fn filename(&self) -> String {
        format!("{}.part.{:02}", self.request.prefix, self.written.len())
    }
}

impl Write for Parts<'_> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        if data.is_empty() {
            return Ok(0);
        }
        let (mut file, mut sha1, length) = match self.open.take() {
            Some(open) => open,
            None => (File::create(self.request.destination.join(self.filename()))?, Sha1::new(), 0),
        };
        let room = (self.request.part_size - length).min(data.len() as u64) as usize;
        let n = file.write(&data[..room])?;
        sha1.update(&data[..n]);
        self.total += n as u64;
        self.open = Some((file, sha1, length + n as u64));
        if length + n as u64 == self.request.part_size {
            self.close();
        }
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.close();
        Ok(())
    }
}

/// Read `virtual=device,…` as `-B` takes it.
pub fn read_mappings(text: &str) -> Result<Vec<Mapping>, String> {
    text.split(',')
        .map(|pair| match pair.split_once('=') {
            Some((virtual_name, device)) if !virtual_name.is_empty() && !device.is_empty() => {
                Ok(Mapping { virtual_name: virtual_name.into(), device: device.into() })
            }
            _ => Err(format!("{pair:?} is not of the form virtual=device")),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::images::keys;
    use crate::images::manifest::{Manifest, signed_text};
    use crate::images::source::{Folder, Location};
    use crate::images::unbundle::{self, Bundle};
    use std::path::Path;

    fn fixture(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/bundle").join(name)
    }

    fn request(destination: &Path) -> BundleRequest {
        BundleRequest {
            image: fixture("tiny.img"),
            destination: destination.into(),
            prefix: "tiny.img".into(),
            image_type: ImageType::Machine,
            architecture: "x86_64".into(),
            kernel_id: Some("aki-00000001".into()),
            ramdisk_id: Some("ari-00000001".into()),
            mappings: read_mappings("ami=sda1,ephemeral0=sda2,root=/dev/sda1,swap=sda3").unwrap(),
            product_codes: Vec::new(),
            user: "123456789012".into(),
            cloud: keys::read_certificate(&fixture("ec2-cert.pem")).unwrap(),
            certificate: Some(keys::read_certificate(&fixture("user-cert.pem")).unwrap()),
            private_key: Some(keys::read_private_key(&fixture("user-pk.pem")).unwrap()),
            part_size: 16384,
            key: Some(hex::decode("3dfbdc38f62128b7691c5d3fba8496dd").unwrap().try_into().unwrap()),
            iv: Some(hex::decode("7eae5dc01603cfa4c740f21c129e0621").unwrap().try_into().unwrap()),
        }
    }

    /// The manifest without what encryption makes different each time.
    fn comparable(text: &str) -> Manifest {
        let m = Manifest::parse(text).unwrap();
        let parts = m.parts.into_iter().map(|p| crate::images::manifest::Part { digest: String::new(), ..p }).collect();
        // Another deflate finds another length.
        Manifest { encrypted_key: vec![], encrypted_iv: vec![], signature: None, bundled_size: 0, parts, ..m }
    }

    #[test]
    fn a_bundle_says_what_euca2ools_says_of_the_same_image() {
        let dir = tempfile::tempdir().unwrap();
        let made = bundle(&request(dir.path())).unwrap();
        let ours = fs::read_to_string(&made.manifest).unwrap();
        let golden = fs::read_to_string(fixture("ami/tiny.img.manifest.xml")).unwrap();
        assert_eq!(comparable(&ours), comparable(&golden));
        // Apart from hex and that length, every byte of the two is alike.
        let shape = |text: &str| {
            let from = text.find("<machine_configuration>").unwrap();
            let mut out = String::new();
            for piece in text[from..].split_inclusive(['<', '>']) {
                let value = piece.trim_end_matches(['<', '>']);
                let is_hex = value.len() >= 40 && value.bytes().all(|b| b.is_ascii_hexdigit());
                out += if is_hex || ["40208", "40240"].contains(&value) { "*" } else { piece };
            }
            out
        };
        assert_eq!(shape(&ours), shape(&golden));
    }

    #[test]
    fn signatures_hold_ours_and_the_golden_ones() {
        let dir = tempfile::tempdir().unwrap();
        let ours = fs::read_to_string(bundle(&request(dir.path())).unwrap().manifest).unwrap();
        let user = keys::read_certificate(&fixture("user-cert.pem")).unwrap();
        let golden = |name| fs::read_to_string(fixture(name)).unwrap();
        for text in [
            ours,
            golden("ami/tiny.img.manifest.xml"),
            golden("aki/kern.manifest.xml"),
            golden("ami-euca2ools-1.3.2/vmlinuz.manifest.xml"),
            golden("ami-euca2ools-2.1.4/vmlinuz.manifest.xml"),
        ] {
            let signature = hex::decode(Manifest::parse(&text).unwrap().signature.unwrap()).unwrap();
            let digest = Sha1::digest(signed_text(&text).unwrap());
            user.verify(Pkcs1v15Sign::new::<Sha1>(), &digest, &signature).unwrap();
        }
    }

    #[test]
    fn what_is_bundled_comes_out_again() {
        let data = tempfile::tempdir().unwrap();
        fs::copy(fixture("ec2-key.pem"), data.path().join("cloud-key.pem")).unwrap();
        let key = keys::CloudKey::load_or_create(data.path()).unwrap();
        let image = data.path().join("größe & co");
        for (size, part_size) in [(1usize, PART_SIZE), (300_000, 16), (300_000, 4096), (2_500_000, 1_000_000)] {
            let bucket = data.path().join(format!("{size}-{part_size}"));
            fs::create_dir(&bucket).unwrap();
            let bytes: Vec<u8> =
                (0..size).map(|n| if n % 50_000 < 20_000 { 0 } else { ((n * n) >> 7) as u8 }).collect();
            fs::write(&image, &bytes).unwrap();
            let made = bundle(&BundleRequest {
                image: image.clone(),
                prefix: "größe & co".into(),
                image_type: ImageType::Kernel,
                certificate: None,
                private_key: None,
                part_size,
                key: None,
                iv: None,
                ..request(&bucket)
            })
            .unwrap();
            let text = fs::read_to_string(&made.manifest).unwrap();
            assert!(text.is_ascii());
            let manifest = Manifest::parse(&text).unwrap();
            assert_eq!((manifest.name.as_str(), manifest.signature.as_deref()), ("größe & co", None));
            assert_eq!(manifest.image_type, ImageType::Kernel);
            let source = Folder(data.path().into());
            let location = Location { bucket: bucket.file_name().unwrap().to_str().unwrap().into(), key: "m".into() };
            let file = tempfile::NamedTempFile::new().unwrap();
            let b = Bundle { source: &source, account: "1", location: &location, manifest: &manifest, key: &key };
            let written = unbundle::unbundle(&b, file.as_file(), &|| true).unwrap();
            assert_eq!(written.size, size as u64);
            assert!(fs::read(file.path()).unwrap() == bytes);
        }
    }
}
