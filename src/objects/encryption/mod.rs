//! Encryption at rest: which key a body is sealed with, and who can open it.
//!
//! Every sealed body has a data key of its own ([`crate::seal`]). Its row keeps that key wrapped: in the cloud's key (SSE-S3), in
//! a KMS key (SSE-KMS), or in a key that the customer sends with each request and nobody keeps (SSE-C). A copy shares its source's
//! body and wraps the data key anew. Parts of an upload derive their keys from the upload's with a salt each, so the
//! object that they become is opened with one key, too.

pub mod bucket;
pub mod kms;
mod sealed;
mod update;

pub(super) use sealed::part_key;
pub use sealed::{Encryption, Mode, Seal};

use super::bucket::Bucket;
use super::error::{Error, Result};
use super::info::ObjectInfo;
use super::multipart::Upload;
use super::{Store, bucket as buckets};
use crate::db::{self, Db};
use crate::seal::{self, Key, master};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bucket::Algorithm;
use sealed::{Note, PART};
use std::io;
use std::path::Path;

/// What the operator chose.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Seal what nobody asked to seal, as AWS does.
    pub by_default: bool,
    pub kms_keys: Vec<kms::Declared>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { by_default: true, kms_keys: Vec::new() }
    }
}

/// A key that came with a request.
#[derive(Debug, Clone)]
pub struct CustomerKey {
    key: Key,
    /// Base64: how answers name the key.
    pub md5: String,
}

impl CustomerKey {
    /// `None` unless these are 32 bytes.
    pub fn of(bytes: &[u8], md5: String) -> Option<CustomerKey> {
        Key::of(bytes).map(|key| CustomerKey { key, md5 })
    }
}

/// What a request says of encryption.
#[derive(Debug, Clone, Default)]
pub enum Asked {
    /// Nothing: the bucket decides.
    #[default]
    Nothing,
    S3,
    Kms {
        /// Id, ARN, alias or the alias's ARN; `None`: the account's own `aws/s3`.
        key: Option<String>,
        /// Base64 of a JSON object.
        context: Option<String>,
        /// `None`: as the bucket says.
        bucket_key: Option<bool>,
    },
    Customer(CustomerKey),
}

/// Where an object is, and who asks.
#[derive(Clone, Copy)]
pub struct Place<'p> {
    pub bucket: &'p Bucket,
    pub key: &'p str,
    /// Account id, whose KMS keys may be named.
    pub account: &'p str,
}

/// The cloud's keys.
pub(super) struct Vault {
    s3: Key,
    kms: kms::Keys,
    by_default: bool,
}

/// The setting that remembers which master key sealed what is there.
const SETTING: &str = "master_key";

impl Vault {
    /// With the master key in `folder`, which is made if there never was one.
    pub fn open(db: &Db, folder: &Path, settings: Settings) -> Result<Vault> {
        let known = db.read(|c| db::iam::setting(c, SETTING))?;
        let master = match (master::load(folder)?, &known) {
            (Some(key), _) => key,
            (None, None) => master::make(folder)?,
            (None, Some(_)) => return Err(Error::MasterKeyLost(master::file(folder))),
        };
        let fingerprint = master.fingerprint();
        match known {
            Some(other) if other != fingerprint => return Err(Error::MasterKeyLost(master::file(folder))),
            Some(_) => {}
            None => {
                db.write_blocking(move |c| db::iam::setting_or(c, SETTING, &fingerprint))?;
            }
        }
        Ok(Vault {
            s3: master.derive("sse-s3", &[]),
            kms: kms::Keys::new(master.derive("kms", &[]), settings.kms_keys),
            by_default: settings.by_default,
        })
    }

    /// How to encrypt what is written here; `None`: not at all.
    fn decide(
        &self,
        asked: &Asked,
        at: Place<'_>,
        of_bucket: Option<&bucket::Configuration>,
    ) -> Result<Option<Chosen>> {
        let kms = |name: Option<&str>, context: &Option<String>, bucket_key: bool| {
            let found = self.kms.find(name, &at.bucket.region, at.account)?;
            let mode = Mode::Kms { key_id: found.shown, context: context.clone(), bucket_key };
            Ok(Some(Chosen { mode, key: found.key }))
        };
        let s3 = || Ok(Some(Chosen { mode: Mode::S3, key: self.s3.clone() }));
        let inherited = of_bucket.is_some_and(|c| c.bucket_key);
        match asked {
            Asked::S3 => s3(),
            Asked::Kms { key, context, bucket_key } => kms(key.as_deref(), context, bucket_key.unwrap_or(inherited)),
            Asked::Customer(_) if of_bucket.is_some_and(|c| c.blocks_customer_keys == Some(true)) => {
                Err(Error::Refused(
                    "This bucket has blocked upload requests that specify Server Side Encryption with Customer provided \
                     keys (SSE-C). Please specify a different server-side encryption type",
                ))
            }
            Asked::Customer(customer) => Ok(Some(Chosen { mode: Mode::Customer, key: customer.key.clone() })),
            Asked::Nothing => match of_bucket.and_then(|c| c.algorithm.as_ref()) {
                Some(Algorithm::S3) => s3(),
                Some(Algorithm::Kms { key }) => kms(key.as_deref(), &None, inherited),
                None if self.by_default => s3(),
                None => Ok(None),
            },
        }
    }

    /// Whether a row's body can be opened; of a customer's key nobody can tell.
    pub fn check(&self, column: &str, place: (&str, &str)) -> Result<()> {
        match Encryption::from_column(column)? {
            None | Some(Encryption { mode: Mode::Customer, .. }) => Ok(()),
            Some(encryption) => self.unwrap_key(&encryption, place, None).map(|_| ()),
        }
    }

    /// The data key of a sealed body.
    fn unwrap_key(
        &self,
        encryption: &Encryption,
        (bucket, key): (&str, &str),
        customer: Option<&CustomerKey>,
    ) -> Result<Key> {
        let wrapping = match (&encryption.mode, customer) {
            (Mode::Customer, None) => return Err(Error::CustomerKeyNeeded),
            (Mode::Customer, Some(customer)) => customer.key.clone(),
            (Mode::S3 | Mode::Kms { .. }, Some(_)) => return Err(Error::NotCustomerEncrypted),
            (Mode::S3, None) => self.s3.clone(),
            (Mode::Kms { key_id, .. }, None) => self.kms.reopen(key_id)?,
        };
        let opened = BASE64_STANDARD
            .decode(&encryption.key)
            .map_err(|_| seal::Broken)
            .and_then(|wrapped| wrapping.unwrap_key(&wrapped, &bound(&encryption.mode, bucket, key)));
        opened.map_err(|broken| match encryption.mode {
            Mode::Customer => Error::Refused(
                "Requests specifying Server Side Encryption with Customer provided keys must provide the correct secret key.",
            ),
            Mode::S3 | Mode::Kms { .. } => Error::Io(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("the data key of {bucket}/{key}: {broken}"),
            )),
        })
    }
}

/// An encryption that was decided on, and the key that wraps.
struct Chosen {
    mode: Mode,
    key: Key,
}

impl Chosen {
    fn wrap(self, data: &Key, bucket: &str, key: &str) -> Encryption {
        let wrapped = self.key.wrap(data, &bound(&self.mode, bucket, key));
        Encryption { mode: self.mode, key: BASE64_STANDARD.encode(wrapped) }
    }
}

/// What a data key is bound to: one object, and the context that KMS asks for.
fn bound(mode: &Mode, bucket: &str, key: &str) -> Vec<u8> {
    let context = match mode {
        Mode::S3 | Mode::Customer => "",
        Mode::Kms { context, .. } => context.as_deref().unwrap_or_default(),
    };
    // No bucket's name and no base64 has a line feed.
    format!("{context}\n{bucket}\n{key}").into_bytes()
}

impl Store {
    /// How a body that is written here is to be sealed.
    pub fn seal(&self, at: Place<'_>, asked: &Asked) -> Result<Seal> {
        self.seal_with(at, asked, None)
    }

    /// The same, for a body whose data key there is already.
    pub(super) fn seal_with(&self, at: Place<'_>, asked: &Asked, data: Option<Key>) -> Result<Seal> {
        let of_bucket = self.bucket_encryption(&at.bucket.name)?;
        let Some(chosen) = self.vault.decide(asked, at, of_bucket.as_ref())? else { return Ok(Seal::default()) };
        let data = data.unwrap_or_else(Key::random);
        let encryption = chosen.wrap(&data, &at.bucket.name, at.key);
        Ok(Seal { key: Some(data), note: Note::Object(encryption) })
    }

    /// How the body of a part is to be sealed. The customer's key must be the upload's.
    pub fn seal_part(&self, upload: &Upload, customer: Option<&CustomerKey>) -> Result<Seal> {
        let Some(data) = self.upload_key(upload, customer)? else { return Ok(Seal::default()) };
        let salt: [u8; seal::SALT] = seal::random();
        let hides_etag = upload.encryption.as_ref().is_some_and(Encryption::hides_etag);
        let (key, hiding) = (data.derive(PART, &salt), hides_etag.then_some(data));
        Ok(Seal { key: Some(key), note: Note::Part { salt: hex::encode(salt), hiding } })
    }

    /// Whether this is the customer's key of an upload: all requests of one must have the same.
    pub fn check_upload_key(&self, upload: &Upload, customer: Option<&CustomerKey>) -> Result<()> {
        self.upload_key(upload, customer).map(|_| ())
    }

    fn upload_key(&self, upload: &Upload, customer: Option<&CustomerKey>) -> Result<Option<Key>> {
        let other = |message: &str| Error::InvalidRequest(message.to_owned());
        const MISSING: &str = "The multipart upload initiate requested encryption. Subsequent part requests must include the \
                               appropriate encryption parameters.";
        match (&upload.encryption, customer) {
            (None, None) => Ok(None),
            (None, Some(_)) => Err(other(MISSING)),
            (Some(encryption), customer) => {
                match self.vault.unwrap_key(encryption, (&upload.bucket, &upload.key), customer) {
                    Ok(key) => Ok(Some(key)),
                    Err(Error::CustomerKeyNeeded | Error::NotCustomerEncrypted) => Err(other(MISSING)),
                    Err(Error::Refused(_)) => {
                        Err(other("The provided encryption parameters did not match the ones used originally."))
                    }
                    Err(e) => Err(e),
                }
            }
        }
    }

    /// Whether the object can be opened with this key of the customer's, or without one.
    pub fn check_key(&self, info: &ObjectInfo, customer: Option<&CustomerKey>) -> Result<()> {
        self.unlock(info, customer).map(|_| ())
    }

    /// The data key of an object; `None`: it is plain.
    pub(super) fn unlock(&self, info: &ObjectInfo, customer: Option<&CustomerKey>) -> Result<Option<Key>> {
        match (&info.encryption, customer) {
            (None, None) => Ok(None),
            (None, Some(_)) => Err(Error::NotCustomerEncrypted),
            (Some(encryption), customer) => {
                self.vault.unwrap_key(encryption, (&info.bucket, &info.key), customer).map(Some)
            }
        }
    }

    /// The seal of an object that an account of ours writes without a request.
    pub(super) fn seal_of(&self, bucket: &str, key: &str, account: &str) -> Result<Seal> {
        let bucket: Bucket = self.db.read(|c| buckets::get(c, bucket))?;
        self.seal(Place { bucket: &bucket, key, account }, &Asked::Nothing)
    }
}

#[cfg(test)]
mod tests;
