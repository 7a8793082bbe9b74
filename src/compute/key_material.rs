//! Key pairs: making one, reading a public key in the forms that people have, and AWS's fingerprints.
//!
//! | key | fingerprint |
//! |---|---|
//! | RSA, made here | SHA-1 of the private key (PKCS#8 DER), hex with colons |
//! | RSA, imported | MD5 of the public key (SubjectPublicKeyInfo DER), hex with colons |
//! | ED25519 | SHA-256 of the public key in OpenSSH's encoding, base64 |

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::Md5;
use rsa::pkcs1::EncodeRsaPrivateKey;
use rsa::pkcs8::{DecodePublicKey, EncodePrivateKey, EncodePublicKey, LineEnding};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use ssh_key::public::KeyData;

/// What a key pair is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyType {
    Rsa,
    Ed25519,
}

impl KeyType {
    /// AWS's word: `rsa`, `ed25519`.
    pub fn text(self) -> &'static str {
        match self {
            KeyType::Rsa => "rsa",
            KeyType::Ed25519 => "ed25519",
        }
    }
}

/// The public half with its fingerprint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    pub key_type: KeyType,
    /// `ssh-rsa AAAA…`, without a comment.
    pub openssh: String,
    pub fingerprint: String,
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("no public key of a known form")]
    Format,
    #[error("making a key: {0}")]
    Making(String),
}

/// AWS's size of the RSA keys it makes.
const RSA_BITS: usize = 2048;
/// The sizes of RSA keys that it imports.
const IMPORTED_BITS: [usize; 3] = [1024, 2048, 4096];

/// Make a key pair. Gives the public half and the private key in PEM: PKCS#1 for RSA, OpenSSH's own for ED25519.
/// Making an RSA key takes a moment of one processor: call it where blocking is fine.
pub fn generate(key_type: KeyType) -> Result<(PublicKey, String), Error> {
    let failed = |e: &dyn std::fmt::Display| Error::Making(e.to_string());
    let mut rng = rand::thread_rng();
    match key_type {
        KeyType::Rsa => {
            let private = rsa::RsaPrivateKey::new(&mut rng, RSA_BITS).map_err(|e| failed(&e))?;
            let der = private.to_pkcs8_der().map_err(|e| failed(&e))?;
            let pem = private.to_pkcs1_pem(LineEnding::LF).map_err(|e| failed(&e))?;
            let public = ssh_key::public::RsaPublicKey::try_from(&private.to_public_key()).map_err(|e| failed(&e))?;
            let openssh = line(KeyData::Rsa(public))?;
            Ok((PublicKey { key_type, openssh, fingerprint: colons(&Sha1::digest(der.as_bytes())) }, pem.to_string()))
        }
        KeyType::Ed25519 => {
            let private = ssh_key::PrivateKey::random(&mut rng, ssh_key::Algorithm::Ed25519).map_err(|e| failed(&e))?;
            let pem = private.to_openssh(LineEnding::LF).map_err(|e| failed(&e))?;
            Ok((public(private.public_key().key_data().clone())?, pem.to_string()))
        }
    }
}

/// Read a public key: an OpenSSH line, RFC 4716's block, or an RSA key as DER, base64 of DER, or PEM.
pub fn import(material: &[u8]) -> Result<PublicKey, Error> {
    if let Ok(text) = std::str::from_utf8(material) {
        let text = text.trim();
        if let Ok(key) = ssh_key::PublicKey::from_openssh(text) {
            return public(key.key_data().clone());
        }
        if text.starts_with("---- BEGIN SSH2 PUBLIC KEY ----") {
            let blob = STANDARD.decode(rfc4716_body(text)).map_err(|_| Error::Format)?;
            let key = ssh_key::PublicKey::from_bytes(&blob).map_err(|_| Error::Format)?;
            return public(key.key_data().clone());
        }
        if let Ok(key) = rsa::RsaPublicKey::from_public_key_pem(text) {
            return rsa_public(&key);
        }
        let joined: String = text.split_whitespace().collect();
        if let Ok(der) = STANDARD.decode(joined) {
            return rsa_der(&der);
        }
    }
    rsa_der(material)
}

fn rsa_der(der: &[u8]) -> Result<PublicKey, Error> {
    rsa_public(&rsa::RsaPublicKey::from_public_key_der(der).map_err(|_| Error::Format)?)
}

fn rsa_public(key: &rsa::RsaPublicKey) -> Result<PublicKey, Error> {
    public(KeyData::Rsa(ssh_key::public::RsaPublicKey::try_from(key).map_err(|_| Error::Format)?))
}

/// The lines between the markers without the headers, which continue after a backslash.
fn rfc4716_body(text: &str) -> String {
    let mut continued = false;
    let is_body = |line: &&str| {
        let header = continued || line.contains(':') || line.starts_with("----");
        continued = header && line.ends_with('\\');
        !header
    };
    text.lines().map(str::trim).filter(is_body).collect()
}

/// The public key with the fingerprint that AWS gives imported keys (and all of ED25519).
fn public(data: KeyData) -> Result<PublicKey, Error> {
    if let KeyData::Rsa(key) = &data {
        use rsa::traits::PublicKeyParts;
        let key = rsa::RsaPublicKey::try_from(key).map_err(|_| Error::Format)?;
        if !IMPORTED_BITS.contains(&key.n().bits()) {
            return Err(Error::Format);
        }
        let der = key.to_public_key_der().map_err(|_| Error::Format)?;
        let fingerprint = colons(&Md5::digest(der.as_bytes()));
        return Ok(PublicKey { key_type: KeyType::Rsa, openssh: line(data)?, fingerprint });
    }
    if let KeyData::Ed25519(_) = &data {
        let blob = ssh_key::PublicKey::from(data.clone()).to_bytes().map_err(|_| Error::Format)?;
        let fingerprint = STANDARD.encode(Sha256::digest(blob));
        return Ok(PublicKey { key_type: KeyType::Ed25519, openssh: line(data)?, fingerprint });
    }
    Err(Error::Format)
}

fn line(data: KeyData) -> Result<String, Error> {
    ssh_key::PublicKey::from(data).to_openssh().map_err(|e| Error::Making(e.to_string()))
}

fn colons(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().join(":")
}

#[cfg(test)]
mod tests {
    use super::*;

    // Made by ssh-keygen and openssl for this test; the fingerprints are what those tools say.
    const RSA: &str = include_str!("../../fixtures/keys/rsa.pub");
    const RSA_PEM: &str = include_str!("../../fixtures/keys/rsa-public.pem");
    const RSA_4716: &str = include_str!("../../fixtures/keys/rsa.rfc4716");
    const RSA_MD5: &str = include_str!("../../fixtures/keys/rsa.md5");
    const ED25519: &str = include_str!("../../fixtures/keys/ed25519.pub");
    const ED25519_SHA256: &str = include_str!("../../fixtures/keys/ed25519.sha256");

    #[test]
    fn every_form_of_one_rsa_key_is_the_same_key() {
        let line = import(RSA.as_bytes()).unwrap();
        assert_eq!(line.fingerprint, RSA_MD5.trim());
        assert_eq!(Some(line.openssh.as_str()), RSA.trim().rsplit_once(' ').map(|(key, _comment)| key));
        let base64: String = RSA_PEM.lines().filter(|l| !l.starts_with('-')).collect();
        let der = STANDARD.decode(&base64).unwrap();
        for material in [RSA_PEM.as_bytes(), RSA_4716.as_bytes(), base64.as_bytes(), &der] {
            assert_eq!(import(material).unwrap(), line);
        }
    }

    #[test]
    fn an_ed25519_key_has_opensshs_fingerprint() {
        let key = import(ED25519.as_bytes()).unwrap();
        assert_eq!(key.key_type, KeyType::Ed25519);
        assert_eq!(key.fingerprint.trim_end_matches('='), ED25519_SHA256.trim());
    }

    #[test]
    fn a_made_key_is_read_back_by_its_own_tools() {
        let (public, pem) = generate(KeyType::Ed25519).unwrap();
        let private = ssh_key::PrivateKey::from_openssh(&pem).unwrap();
        assert_eq!(private.public_key().to_openssh().unwrap(), public.openssh);
        assert_eq!(import(public.openssh.as_bytes()).unwrap(), public);

        let (public, pem) = generate(KeyType::Rsa).unwrap();
        assert!(pem.starts_with("-----BEGIN RSA PRIVATE KEY-----\n"));
        assert_eq!(public.fingerprint.len(), 20 * 3 - 1);
        assert_eq!(import(public.openssh.as_bytes()).unwrap().fingerprint.len(), 16 * 3 - 1);
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for material in ["", "ssh-rsa AAAA", "hello world", "ssh-dss AAAAB3NzaC1kc3MAAACBAP1", "====", "AAAA"] {
            assert!(matches!(import(material.as_bytes()), Err(Error::Format)), "{material}");
        }
    }
}
