//! Who is calling: AWS's signatures, checked.
//!
//! A request is signed in one of these ways; [`verify`] finds out which, looks the access key up, computes what the
//! signature should be and compares in constant time.
//!
//! | way | service | told by |
//! |---|---|---|
//! | SigV4 header | all | `Authorization: AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…` |
//! | SigV4 query (presigned) | all | `X-Amz-Algorithm` in the query |
//! | SigV2 header | S3 | `Authorization: AWS key:signature` |
//! | SigV2 query (presigned) | S3 | `AWSAccessKeyId`, `Signature` and `Expires` in the query |
//! | SigV2 parameters | EC2, STS | `AWSAccessKeyId` and `Signature` in the query or the form |
//!
//! The region and the service of a SigV4 credential scope are taken as given: old clients derive them from the host
//! name and sign nonsense (`0/127`, `undefined-4711`). A request without any of these is anonymous: `Ok(None)`.
//! A form upload to S3 looks so at first: [`post_policy`] checks who signed it, [`PostPolicy`] what is in its fields.
//!
//! A form (EC2, STS) is whole in memory and its hash is checked here. An S3 body is a stream: [`Payload`] says what
//! the reader of the stream has yet to check.

mod canonical;
mod chunks;
mod error;
mod policy_document;
mod post;
pub mod sign;
mod signing_key;
#[cfg(test)]
mod tests;
mod v2;
mod v4;

pub use error::{Error, Mismatch, Place, Version, Wire};
pub use policy_document::{PolicyError, PostPolicy};
pub use post::post_policy;

use crate::iam;
use crate::wire::aws_chunked::ChunkedDecoder;
use crate::wire::{percent, timestamp};
use http::{HeaderMap, header, request};
use std::borrow::Cow;
use std::sync::Arc;
use subtle::ConstantTimeEq;
use time::OffsetDateTime;

/// The path under which old clients expect S3. It is part of what they sign, except that botocore's SigV2 leaves it out.
pub const S3_BASE_PATH: &str = "/services/objectstorage";

/// Whose rules apply: services differ in how the path is signed and in how errors are said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    Ec2,
    Sts,
    S3,
}

/// What the caller knows of the request beside its bytes.
#[derive(Debug, Clone)]
pub struct Rules {
    pub service: Service,
    /// The bucket that the host name gives, if it gives one: SigV2 signs it.
    pub virtual_bucket: Option<String>,
}

/// The request's body, as far as it is there.
#[derive(Debug, Clone, Copy)]
pub enum BodyView<'a> {
    /// All of it (EC2 and STS forms).
    Whole(&'a [u8]),
    /// It is yet to be read (S3).
    Streaming,
}

/// A request whose signature holds.
#[derive(Debug)]
pub struct Verified {
    pub identity: Arc<iam::Identity>,
    /// The credential scope's region and service as sent; SigV2 has none.
    pub region: Option<String>,
    pub service: Option<String>,
    /// Signed in the query of a URL that anybody may hold.
    pub presigned: bool,
    pub payload: Payload,
}

/// What the reader of the body has yet to check.
#[derive(Debug)]
pub enum Payload {
    /// Nothing.
    Unsigned,
    /// The body's SHA-256; [`Payload::check_sha256`] compares.
    Sha256([u8; 32]),
    /// The body is `aws-chunked`: this decoder takes it apart and checks its signatures and its length.
    Chunked(ChunkedDecoder),
}

/// Check the request's signature at the time `now`. `None`: it has none at all, the caller is anonymous.
///
/// The URI in `parts` must be the one that was sent: its path is signed, a base path such as `/services/Cloud`
/// included.
pub fn verify(
    parts: &request::Parts,
    body: BodyView<'_>,
    how: &Rules,
    keys: &dyn iam::Keys,
    now: OffsetDateTime,
) -> Result<Option<Verified>, Error> {
    let query = parts.uri.query().unwrap_or_default().as_bytes();
    let has = |pairs: &[u8], name: &str| percent::pairs(pairs).any(|(n, _)| n == name.as_bytes());
    let in_query = has(query, "X-Amz-Algorithm") || has(query, "X-Amz-Signature");

    if let Some(value) = parts.headers.get(header::AUTHORIZATION).filter(|value| !value.is_empty()) {
        let value = value.to_str().map_err(|_| Error::Unsupported("not text".into()))?.trim();
        if in_query || (how.service == Service::S3 && has(query, "Signature")) {
            return Err(Error::TwoWays);
        }
        let way = value.split(' ').next().unwrap_or_default();
        return match (way, how.service) {
            (v4::ALGORITHM, _) => v4::header(parts, value, body, how, keys, now).map(Some),
            ("AWS", Service::S3) => v2::s3_header(parts, value, how, keys, now).map(Some),
            _ => Err(Error::Unsupported(way.into())),
        };
    }
    if in_query {
        return v4::query(parts, body, how, keys, now).map(Some);
    }
    match how.service {
        Service::S3 if has(query, "AWSAccessKeyId") || has(query, "Signature") => {
            v2::s3_query(parts, how, keys, now).map(Some)
        }
        Service::S3 => Ok(None),
        Service::Ec2 | Service::Sts => {
            let form = match body {
                BodyView::Whole(form) => form,
                BodyView::Streaming => b"",
            };
            if has(query, "AWSAccessKeyId") || has(form, "AWSAccessKeyId") {
                v2::parameters(parts, form, keys, now).map(Some)
            } else {
                Ok(None)
            }
        }
    }
}

impl Payload {
    /// What to check of a body that no SigV4 signature covers: an anonymous or a SigV2 request's.
    pub fn unsigned(headers: &HeaderMap) -> Result<Payload, Error> {
        let lists = |name: header::HeaderName, word: &str| {
            headers.get_all(name).iter().filter_map(|v| v.to_str().ok()).any(|v| v.split(',').any(|w| w.trim() == word))
        };
        // Clients that sign nothing of the body may leave x-amz-content-sha256 out and say it by the encoding alone.
        if lists(header::CONTENT_ENCODING, "aws-chunked")
            || lists(header::HeaderName::from_static("x-amz-content-sha256"), "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
        {
            Ok(Payload::Chunked(ChunkedDecoder::unsigned().expect_length(decoded_length(headers)?)))
        } else {
            Ok(Payload::Unsigned)
        }
    }

    /// Compare the body's SHA-256 with what was signed.
    pub fn check_sha256(claimed: &[u8; 32], computed: &[u8; 32]) -> Result<(), Error> {
        if claimed.ct_eq(computed).into() {
            return Ok(());
        }
        Err(Error::ContentMismatch { claimed: hex::encode(claimed), computed: hex::encode(computed) })
    }
}

/// The credential of an access key as clients write it: nova's wrote `key:project`, of which the key counts.
fn known_key(keys: &dyn iam::Keys, id: &str) -> Result<iam::Credential, Error> {
    let of_project = || id.split_once(':').and_then(|(key, _project)| keys.credential(key));
    keys.credential(id).or_else(of_project).ok_or_else(|| Error::UnknownKey(id.into()))
}

/// The decoded value of the first parameter `name` in a query or form.
fn first<'a>(pairs: &'a [u8], name: &str) -> Option<Cow<'a, str>> {
    let (_, value) = percent::pairs(pairs).find(|(n, _)| *n == name.as_bytes())?;
    Some(match percent::decode_form(value.unwrap_or_default()) {
        Cow::Borrowed(text) => String::from_utf8_lossy(text),
        Cow::Owned(text) => Cow::Owned(String::from_utf8_lossy(&text).into_owned()),
    })
}

/// The time at which a client says it signed. What lies before the epoch is no such time.
fn date_sent(text: &str) -> Result<OffsetDateTime, Error> {
    timestamp::parse(text).filter(|at| at.unix_timestamp() >= 0).ok_or(Error::NoDate)
}

/// How many bytes an `aws-chunked` body holds.
fn decoded_length(headers: &HeaderMap) -> Result<u64, Error> {
    let value = headers.get("x-amz-decoded-content-length").and_then(|v| v.to_str().ok());
    value.and_then(|v| v.trim().parse().ok()).ok_or(Error::NoDecodedLength)
}
