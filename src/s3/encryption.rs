//! Headers of server-side encryption: read into what `objects` is asked, and said in answers.

use super::answer;
use super::cx::Cx;
use super::error::{Error, Result, invalid_argument};
use super::request::header_text;
use crate::http::Response;
use crate::objects;
use crate::objects::bucket::Bucket;
use crate::objects::encryption::{Asked, CustomerKey, Encryption, Mode, Place, Seal};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::HeaderMap;
use md5::{Digest, Md5};

const SSE: &str = "x-amz-server-side-encryption";
const KMS_KEY: &str = "x-amz-server-side-encryption-aws-kms-key-id";
const CONTEXT: &str = "x-amz-server-side-encryption-context";
const BUCKET_KEY: &str = "x-amz-server-side-encryption-bucket-key-enabled";
const CUSTOMER_ALGORITHM: &str = "x-amz-server-side-encryption-customer-algorithm";
const CUSTOMER_MD5: &str = "x-amz-server-side-encryption-customer-key-md5";

/// Which object the headers of a customer's key speak of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    Object,
    CopySource,
}

/// The customer's key, if the request has one.
pub fn customer(headers: &HeaderMap, of: Of) -> Result<Option<CustomerKey>> {
    let prefix = match of {
        Of::Object => "x-amz-",
        Of::CopySource => "x-amz-copy-source-",
    };
    let text = |name: &str| header_text(headers, &format!("{prefix}server-side-encryption-customer-{name}"));
    // No answer repeats a key.
    let bad = |message: &str| invalid_argument(SSE, "null", message);
    let (algorithm, key, md5) = (text("algorithm"), text("key"), text("key-md5"));
    match algorithm.as_deref() {
        None if key.is_none() && md5.is_none() => return Ok(None),
        None => {
            return Err(bad(
                "Requests specifying Server Side Encryption with Customer provided keys must provide a valid encryption algorithm.",
            ));
        }
        Some("AES256") => {}
        Some(other) => return Err(Error::InvalidEncryptionAlgorithm(other.to_owned())),
    }
    let key = key.ok_or_else(|| {
        bad("Requests specifying Server Side Encryption with Customer provided keys must provide an appropriate secret key.")
    })?;
    let md5 = md5.ok_or_else(|| {
        bad(
            "Requests specifying Server Side Encryption with Customer provided keys must provide the client calculated MD5 of the \
             secret key.",
        )
    })?;
    let invalid = || bad("The secret key was invalid for the specified algorithm.");
    let bytes = BASE64_STANDARD.decode(key.trim()).map_err(|_| invalid())?;
    if BASE64_STANDARD.encode(Md5::digest(&bytes)) != md5.trim() {
        return Err(bad("The calculated MD5 hash of the key did not match the hash that was provided."));
    }
    CustomerKey::of(&bytes, md5.trim().to_owned()).map(Some).ok_or_else(invalid)
}

/// How a write asks its object to be encrypted.
pub fn asked(headers: &HeaderMap) -> Result<Asked> {
    let text = |name: &str| header_text(headers, name);
    let method = text(SSE);
    let by_customer = headers.keys().any(|name| name.as_str().starts_with("x-amz-server-side-encryption-customer-"));
    if let (Some(method), true) = (&method, by_customer) {
        return Err(invalid_argument(
            SSE,
            method,
            "Server Side Encryption with Customer provided key is incompatible with the encryption method specified",
        ));
    }
    match method.as_deref() {
        Some("aws:kms") => Ok(Asked::Kms {
            key: text(KMS_KEY).filter(|key| !key.is_empty()),
            context: text(CONTEXT).map(checked_context).transpose()?,
            bucket_key: text(BUCKET_KEY).map(|flag| flag.eq_ignore_ascii_case("true")),
        }),
        Some("AES256") | None if headers.contains_key(KMS_KEY) || headers.contains_key(CONTEXT) => {
            Err(invalid_argument(
                SSE,
                method.unwrap_or_else(|| "null".into()),
                "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms",
            ))
        }
        Some("AES256") => Ok(Asked::S3),
        Some("aws:kms:dsse") => Err(Error::NotImplemented(SSE.into())),
        Some(other) => Err(invalid_argument(SSE, other, "The encryption method specified is not supported")),
        None => Ok(customer(headers, Of::Object)?.map_or(Asked::Nothing, Asked::Customer)),
    }
}

fn checked_context(text: String) -> Result<String> {
    type Pairs = std::collections::BTreeMap<String, String>;
    let json = BASE64_STANDARD.decode(text.trim()).ok();
    match json.and_then(|json| serde_json::from_slice::<Pairs>(&json).ok()) {
        Some(_) => Ok(text),
        None => Err(invalid_argument(
            CONTEXT,
            text,
            "The header 'x-amz-server-side-encryption-context' shall be Base64-encoded UTF-8 string holding JSON which represents \
             a string-string map",
        )),
    }
}

/// Reads do not choose an encryption.
pub fn refuse_on_read(headers: &HeaderMap) -> Result<()> {
    match [SSE, KMS_KEY].into_iter().find(|name| headers.contains_key(*name)) {
        Some(name) => {
            let value = header_text(headers, name).unwrap_or_default();
            Err(invalid_argument(name, value, format!("{name} header is not supported for this operation.")))
        }
        None => Ok(()),
    }
}

/// What KMS keys seal is for those who sign, and sign with version 4.
pub fn check_reader(v4: bool, encryption: Option<&Encryption>) -> objects::Result<()> {
    match encryption.map(|e| &e.mode) {
        Some(Mode::Kms { .. }) if !v4 => Err(objects::Error::InvalidArgument {
            name: "Authorization",
            value: "null".into(),
            message:
                "Requests specifying Server Side Encryption with AWS KMS managed keys require AWS Signature Version 4."
                    .into(),
        }),
        Some(Mode::Kms { .. } | Mode::S3 | Mode::Customer) | None => Ok(()),
    }
}

/// How the request's object is to be sealed.
pub fn seal(cx: &Cx<'_>, bucket: &Bucket, asked: &Asked) -> Result<Seal> {
    let account = cx.writer(bucket);
    Ok(cx.store().seal(Place { bucket, key: &cx.key, account: &account }, asked)?)
}

/// Say how an object is encrypted; `customer` is the key that came with the request.
pub fn describe(response: &mut Response, encryption: Option<&Encryption>, customer: Option<&CustomerKey>) {
    match (encryption.map(|e| &e.mode), customer) {
        (Some(Mode::S3), _) => answer::set(response, SSE, "AES256"),
        (Some(Mode::Kms { key_id, bucket_key, .. }), _) => {
            answer::set(response, SSE, "aws:kms");
            answer::set(response, KMS_KEY, key_id);
            if *bucket_key {
                answer::set(response, BUCKET_KEY, "true");
            }
        }
        (Some(Mode::Customer), Some(customer)) => {
            answer::set(response, CUSTOMER_ALGORITHM, "AES256");
            answer::set(response, CUSTOMER_MD5, &customer.md5);
        }
        (Some(Mode::Customer), None) | (None, _) => {}
    }
}

/// The same, to who wrote it: reads do not tell the context.
pub fn describe_new(response: &mut Response, encryption: Option<&Encryption>, asked: &Asked) {
    let customer = match asked {
        Asked::Customer(customer) => Some(customer),
        Asked::Nothing | Asked::S3 | Asked::Kms { .. } => None,
    };
    describe(response, encryption, customer);
    if let Some(Mode::Kms { context: Some(context), .. }) = encryption.map(|e| &e.mode) {
        answer::set(response, CONTEXT, context);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in pairs {
            let name = format!("{SSE}{name}").parse::<http::HeaderName>().unwrap();
            map.insert(name, value.parse().unwrap());
        }
        map
    }

    fn outcome(pairs: &[(&str, &str)]) -> String {
        match asked(&headers(pairs)) {
            Ok(Asked::Nothing) => "nothing".into(),
            Ok(Asked::S3) => "s3".into(),
            Ok(Asked::Kms { key, .. }) => format!("kms {}", key.unwrap_or_default()),
            Ok(Asked::Customer(_)) => "customer".into(),
            Err(e) => e.wire().code.to_owned(),
        }
    }

    #[test]
    fn headers_choose_an_encryption_or_are_refused() {
        let md5 = BASE64_STANDARD.encode(Md5::digest(b"01234567890123456789012345678901"));
        let (algorithm, key, md5) =
            (("-customer-algorithm", "AES256"), ("-customer-key", KEY), ("-customer-key-md5", md5.as_str()));
        for (pairs, expected) in [
            (&[][..], "nothing"),
            (&[("", "AES256")], "s3"),
            (&[("", "aws:kms")], "kms "),
            (&[("", "aws:kms"), ("-aws-kms-key-id", "k")], "kms k"),
            (&[algorithm, key, md5], "customer"),
            (&[("", "aes:kms")], "InvalidArgument"),
            (&[("", "")], "InvalidArgument"),
            (&[("", "aws:kms:dsse")], "NotImplemented"),
            (&[("", "AES256"), ("-aws-kms-key-id", "k")], "InvalidArgument"),
            (&[("-aws-kms-key-id", "k")], "InvalidArgument"),
            (&[("", "AES256"), algorithm, key, md5], "InvalidArgument"),
            (&[("-customer-algorithm", "AES192"), key, md5], "InvalidEncryptionAlgorithmError"),
            (&[key, md5], "InvalidArgument"),
            (&[algorithm, key], "InvalidArgument"),
            (&[algorithm, md5], "InvalidArgument"),
            (&[algorithm, key, ("-customer-key-md5", "AAAAAAAAAAAAAAAAAAAAAA==")], "InvalidArgument"),
            (&[algorithm, ("-customer-key", "c2hvcnQ="), md5], "InvalidArgument"),
            (&[("", "aws:kms"), ("-context", "bm8gSlNPTg==")], "InvalidArgument"),
            (&[("", "aws:kms"), ("-context", "eyJhIjoiYiJ9")], "kms "),
        ] {
            assert_eq!(outcome(pairs), expected, "{pairs:?}");
        }
    }

    #[test]
    fn an_error_never_repeats_a_key() {
        let wrong = headers(&[("-customer-algorithm", "AES256"), ("-customer-key", KEY), ("-customer-key-md5", "x")]);
        let wire = asked(&wrong).err().unwrap().wire();
        assert!(!wire.message.contains(KEY) && wire.fields.iter().all(|(_, v)| !v.contains(KEY)));
    }
}
