//! The cloud's own key: bundles are encrypted for its certificate, and only its owner opens them.
//!
//! Made at the first start as `keys/cloud-key.pem` and `keys/cloud-cert.pem`. The operator may put an RSA key
//! and certificate of their own there (those of an older cloud, say, whose bundles are to be registered again).

use super::Error;
use crate::fault;
use rsa::pkcs1::DecodeRsaPrivateKey;
use rsa::pkcs8::{DecodePrivateKey, EncodePrivateKey, EncodePublicKey, LineEnding};
use rsa::{Pkcs1v15Encrypt, RsaPrivateKey, RsaPublicKey};
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;
use x509_cert::der::referenced::OwnedToRef;
use x509_cert::der::{DecodePem, EncodePem};

const KEY_FILE: &str = "cloud-key.pem";
const CERT_FILE: &str = "cloud-cert.pem";
const VALID_FOR: Duration = Duration::from_secs(20 * 365 * 24 * 3600);

/// The cloud's RSA key with its certificate.
pub struct CloudKey {
    key: RsaPrivateKey,
    certificate_pem: String,
}

impl std::fmt::Debug for CloudKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CloudKey(***)")
    }
}

impl CloudKey {
    /// Read the key and certificate in `dir`, making what is not there yet.
    pub fn load_or_create(dir: &Path) -> Result<CloudKey, Error> {
        let (key_path, cert_path) = (dir.join(KEY_FILE), dir.join(CERT_FILE));
        fs::DirBuilder::new().recursive(true).mode(0o755).create(dir).map_err(io_at(dir))?;
        if !key_path.exists() {
            let key = RsaPrivateKey::new(&mut rand::thread_rng(), 2048).map_err(|e| bad(&key_path, &e))?;
            let pem = key.to_pkcs8_pem(LineEnding::LF).map_err(|e| bad(&key_path, &e))?;
            create(dir, KEY_FILE, &pem, 0o600).map_err(io_at(&key_path))?;
        }
        let key = read_private_key(&key_path)?;
        if !cert_path.exists() {
            let pem = self_signed(&key).map_err(|e| bad(&cert_path, &e))?;
            create(dir, CERT_FILE, &pem, 0o644).map_err(io_at(&cert_path))?;
        }
        let certificate_pem = fs::read_to_string(&cert_path).map_err(io_at(&cert_path))?;
        if certificate_key(&certificate_pem).map_err(|e| bad(&cert_path, &e))? != key.to_public_key() {
            return Err(Error::Format(format!(
                "{} does not belong to {}: put the right pair there, or remove the certificate to have one made",
                cert_path.display(),
                key_path.display()
            )));
        }
        Ok(CloudKey { key, certificate_pem })
    }

    /// The certificate that bundlers encrypt for, in PEM.
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// The key that bundles for this cloud are encrypted with.
    pub fn public_key(&self) -> RsaPublicKey {
        self.key.to_public_key()
    }

    /// Unwrap a bundle's key or initial vector: PKCS #1 v1.5, and inside it 32 hex digits. `None` if it was not
    /// wrapped for this key.
    pub fn unwrap(&self, wrapped: &[u8]) -> Option<[u8; 16]> {
        let text = self.key.decrypt_blinded(&mut rand::thread_rng(), Pkcs1v15Encrypt, wrapped).ok()?;
        let mut key = [0; 16];
        hex::decode_to_slice(text.trim_ascii(), &mut key).ok()?;
        Some(key)
    }
}

/// Where the cloud's certificate lies in the folder of its keys.
pub fn certificate_path(dir: &Path) -> PathBuf {
    dir.join(CERT_FILE)
}

/// An RSA private key in PEM, PKCS #8 or PKCS #1.
pub fn read_private_key(path: &Path) -> Result<RsaPrivateKey, Error> {
    let pem = fs::read_to_string(path).map_err(io_at(path))?;
    RsaPrivateKey::from_pkcs8_pem(&pem).or_else(|_| RsaPrivateKey::from_pkcs1_pem(&pem)).map_err(|e| bad(path, &e))
}

/// The RSA key of a certificate in PEM.
pub fn read_certificate(path: &Path) -> Result<RsaPublicKey, Error> {
    let pem = fs::read_to_string(path).map_err(io_at(path))?;
    certificate_key(&pem).map_err(|e| bad(path, &e))
}

fn certificate_key(pem: &str) -> Result<RsaPublicKey, String> {
    // openssl writes a certificate's text before it when asked to; only what is between the marks counts.
    let from = pem.find("-----BEGIN CERTIFICATE-----").ok_or("it has no certificate")?;
    let certificate = x509_cert::Certificate::from_pem(pem[from..].trim_end()).map_err(|e| e.to_string())?;
    let spki = certificate.tbs_certificate.subject_public_key_info;
    RsaPublicKey::try_from(spki.owned_to_ref()).map_err(|e| e.to_string())
}

fn self_signed(key: &RsaPrivateKey) -> Result<String, Box<dyn std::error::Error>> {
    use x509_cert::builder::{Builder, CertificateBuilder, Profile};
    let signer = rsa::pkcs1v15::SigningKey::<sha2::Sha256>::new(key.clone());
    let public = key.to_public_key().to_public_key_der()?;
    let builder = CertificateBuilder::new(
        Profile::Root,
        x509_cert::serial_number::SerialNumber::new(&rand::random::<[u8; 8]>())?,
        x509_cert::time::Validity::from_now(VALID_FOR)?,
        x509_cert::name::Name::from_str("CN=novella cloud")?,
        x509_cert::spki::SubjectPublicKeyInfoOwned::try_from(public.as_bytes())?,
        &signer,
    )?;
    Ok(builder.build::<rsa::pkcs1v15::Signature>()?.to_pem(LineEnding::LF)?)
}

/// Make a file, whole or not at all; one that is there already stays.
fn create(dir: &Path, name: &str, text: &str, mode: u32) -> io::Result<()> {
    let temporary = dir.join(format!(".{name}.{}", crate::id::uuid()));
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(&temporary)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fault::effect("images: publish a key file");
    let linked = fs::hard_link(&temporary, dir.join(name));
    fs::remove_file(&temporary)?;
    match linked {
        Err(e) if e.kind() != io::ErrorKind::AlreadyExists => Err(e),
        _ => fs::File::open(dir)?.sync_all(),
    }
}

fn io_at(path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.display().to_string();
    move |e| Error::Io(path, e)
}

fn bad(path: &Path, e: &dyn std::fmt::Display) -> Error {
    Error::Format(format!("{}: {e}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn fixture(name: &str) -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/bundle").join(name)
    }

    #[test]
    fn the_first_start_makes_a_pair_and_the_second_keeps_it() {
        let dir = tempfile::tempdir().unwrap();
        let keys = dir.path().join("keys");
        let made = CloudKey::load_or_create(&keys).unwrap();
        let mode = |file| fs::metadata(keys.join(file)).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(KEY_FILE), mode(CERT_FILE)), (0o600, 0o644), "users make bundles with the certificate");
        let wrapped = certificate_key(made.certificate_pem())
            .unwrap()
            .encrypt(&mut rand::thread_rng(), Pkcs1v15Encrypt, b"000102030405060708090a0b0c0d0e0f")
            .unwrap();
        let again = CloudKey::load_or_create(&keys).unwrap();
        assert_eq!(again.unwrap(&wrapped).unwrap()[15], 0x0f);
        assert_eq!(again.certificate_pem(), made.certificate_pem());
        assert_eq!(fs::read_dir(&keys).unwrap().count(), 2);
    }

    #[test]
    fn the_operators_own_pair_is_used_and_a_wrong_pair_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        fs::copy(fixture("ec2-key.pem"), dir.path().join(KEY_FILE)).unwrap();
        fs::copy(fixture("ec2-cert.pem"), dir.path().join(CERT_FILE)).unwrap();
        CloudKey::load_or_create(dir.path()).unwrap();
        fs::copy(fixture("user-cert.pem"), dir.path().join(CERT_FILE)).unwrap();
        let said = CloudKey::load_or_create(dir.path()).unwrap_err().to_string();
        assert!(said.contains("does not belong"), "{said}");
    }

    #[test]
    fn a_key_wrapped_for_another_cloud_is_not_unwrapped() {
        let dir = tempfile::tempdir().unwrap();
        fs::copy(fixture("ec2-key.pem"), dir.path().join(KEY_FILE)).unwrap();
        let key = CloudKey::load_or_create(dir.path()).unwrap();
        assert_eq!(key.unwrap(&[7; 256]), None);
        assert_eq!(key.unwrap(&[]), None);
    }
}
