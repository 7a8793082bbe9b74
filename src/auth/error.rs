//! Why a request is refused, and how each service says so: AWS's own code, status and words.
//!
//! | refused for | S3 | EC2 | STS |
//! |---|---|---|---|
//! | no signature | `AccessDenied` 403 | `MissingParameter` 400 | `MissingAuthenticationToken` 403 |
//! | unknown key | `InvalidAccessKeyId` 403 | `AuthFailure` 401 | `InvalidClientTokenId` 403 |
//! | wrong signature | `SignatureDoesNotMatch` 403 | `AuthFailure` 401; SigV2: `SignatureDoesNotMatch` 403 | `SignatureDoesNotMatch` 403 |
//! | clock | `RequestTimeTooSkewed` 403 | `RequestExpired` 400 | `SignatureDoesNotMatch` 403 |
//! | expired URL | `AccessDenied` 403 | `RequestExpired` 400 | `SignatureDoesNotMatch` 403 |
//! | bad form | `AuthorizationHeaderMalformed`, `AuthorizationQueryParametersError`, `InvalidArgument` 400 | `IncompleteSignature` 400 | `IncompleteSignature` 400 |
//!
//! [`Error::wire`] is the whole table. What S3 tells beside the message (`StringToSign` and its like) is
//! [`Error::fields`].

use super::Service;
use crate::wire::{aws_chunked, timestamp};
use http::StatusCode;
use std::borrow::Cow;
use time::OffsetDateTime;

/// Where a request carries its signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The `Authorization` header.
    Header,
    /// The query (presigned), or an EC2 form.
    Query,
    /// The fields of an S3 form upload.
    Form,
}

/// Which of AWS's two ways of signing a request uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    V2,
    V4,
}

/// What was compared when a signature did not match. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    pub version: Version,
    pub access_key_id: String,
    pub provided: String,
    pub string_to_sign: String,
    /// SigV4 only.
    pub canonical_request: Option<String>,
}

/// Why a request is refused. Display is for our log; what the client is told comes from [`Error::wire`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// For services that answer nobody anonymous; `verify` itself says `None`.
    #[error("the request is not signed")]
    Unsigned,
    #[error("malformed signature: {why}")]
    Malformed { place: Place, why: Cow<'static, str> },
    #[error("not \"AWS key:signature\"")]
    BadV2Header,
    #[error("unsupported way of signing: {0}")]
    Unsupported(String),
    #[error("signed in more than one way")]
    TwoWays,
    #[error("no such access key: {0}")]
    UnknownKey(String),
    #[error("wrong signature by {}", .0.access_key_id)]
    Mismatch(Box<Mismatch>),
    #[error("neither Date nor x-amz-date is a date")]
    NoDate,
    #[error("signed at {signed}, now is {now}")]
    Skewed { signed: OffsetDateTime, now: OffsetDateTime },
    /// A presigned URL of the future.
    #[error("valid from {signed} on, now is {now}")]
    NotYetValid { signed: OffsetDateTime, now: OffsetDateTime },
    /// `lifetime` is SigV4's `X-Amz-Expires`, in seconds.
    #[error("expired at {expires}, now is {now}")]
    Expired { expires: OffsetDateTime, lifetime: Option<i64>, now: OffsetDateTime },
    #[error("headers not signed: {0}")]
    UnsignedHeaders(String),
    #[error("no x-amz-content-sha256")]
    NoContentSha256,
    #[error("bad x-amz-content-sha256: {0}")]
    BadContentSha256(String),
    #[error("the body's SHA-256 is {computed}, not {claimed}")]
    ContentMismatch { claimed: String, computed: String },
    #[error("no x-amz-decoded-content-length")]
    NoDecodedLength,
    #[error(transparent)]
    Chunks(#[from] aws_chunked::Error),
}

/// How an error goes to the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wire {
    pub code: &'static str,
    pub status: StatusCode,
    pub message: Cow<'static, str>,
}

/// How far a client's clock may be off.
pub(super) const MAX_SKEW: time::Duration = time::Duration::minutes(15);

impl Error {
    /// AWS's code, status and message for this error, as `service` says it.
    pub fn wire(&self, service: Service) -> Wire {
        use Service::{Ec2, S3, Sts};
        const BAD: StatusCode = StatusCode::BAD_REQUEST;
        const NO: StatusCode = StatusCode::FORBIDDEN;
        const WHO: StatusCode = StatusCode::UNAUTHORIZED;
        let says = |code, status, message: &'static str| Wire { code, status, message: Cow::Borrowed(message) };
        let tells = |code, status, message: String| Wire { code, status, message: Cow::Owned(message) };
        match (self, service) {
            (Error::Unsigned, S3) => says("AccessDenied", NO, "Access Denied"),
            (Error::Unsigned, Ec2) => {
                says("MissingParameter", BAD, "The request must contain the parameter AWSAccessKeyId")
            }
            (Error::Unsigned, Sts) => says("MissingAuthenticationToken", NO, "Request is missing Authentication Token"),

            (Error::Malformed { place: Place::Header, why }, S3) => {
                tells("AuthorizationHeaderMalformed", BAD, format!("The authorization header is malformed; {why}"))
            }
            (Error::Malformed { place: Place::Query, why }, S3) => {
                tells("AuthorizationQueryParametersError", BAD, why.to_string())
            }
            (Error::Malformed { place: Place::Form, why }, S3) => tells("InvalidArgument", BAD, why.to_string()),
            (Error::Malformed { why, .. }, Ec2 | Sts) => tells("IncompleteSignature", BAD, why.to_string()),

            (Error::BadV2Header, S3 | Ec2 | Sts) => {
                says("InvalidArgument", BAD, "AWS authorization header is invalid.  Expected AwsAccessKeyId:signature")
            }
            (Error::Unsupported(_), S3) => says("InvalidArgument", BAD, "Unsupported Authorization Type"),
            (Error::Unsupported(what), Ec2 | Sts) => {
                tells("IncompleteSignature", BAD, format!("Unsupported authorization type: {what}"))
            }
            (Error::TwoWays, S3) => says(
                "InvalidArgument",
                BAD,
                "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string \
                 parameter or the Authorization header should be specified",
            ),
            (Error::TwoWays, Ec2 | Sts) => says(
                "IncompleteSignature",
                BAD,
                "The request is signed both in the Authorization header and in its parameters",
            ),

            (Error::UnknownKey(_), S3) => {
                says("InvalidAccessKeyId", NO, "The AWS Access Key Id you provided does not exist in our records.")
            }
            (Error::UnknownKey(_), Ec2) => {
                says("AuthFailure", WHO, "AWS was not able to validate the provided access credentials")
            }
            (Error::UnknownKey(_), Sts) => {
                says("InvalidClientTokenId", NO, "The security token included in the request is invalid.")
            }

            // EC2 tells SigV2 clients of a wrong signature; SigV4 ones hear the same as with a wrong key.
            (Error::Mismatch(m), Ec2) if m.version == Version::V4 => {
                says("AuthFailure", WHO, "AWS was not able to validate the provided access credentials")
            }
            (Error::Mismatch(_), S3) => says(
                "SignatureDoesNotMatch",
                NO,
                "The request signature we calculated does not match the signature you provided. Check your key and \
                 signing method.",
            ),
            (Error::Mismatch(_), Ec2 | Sts) => says(
                "SignatureDoesNotMatch",
                NO,
                "The request signature we calculated does not match the signature you provided. Check your AWS Secret \
                 Access Key and signing method. Consult the service documentation for details.",
            ),

            (Error::NoDate, S3) => {
                says("AccessDenied", NO, "AWS authentication requires a valid Date or x-amz-date header")
            }
            (Error::NoDate, Ec2 | Sts) => says(
                "IncompleteSignature",
                BAD,
                "The request must contain a valid Date, X-Amz-Date, Timestamp or Expires",
            ),
            (Error::Skewed { .. }, S3) => says(
                "RequestTimeTooSkewed",
                NO,
                "The difference between the request time and the current time is too large.",
            ),
            (Error::Skewed { signed, now } | Error::NotYetValid { signed, now }, Sts) => {
                let (was, is) = (timestamp::basic(*signed), timestamp::basic(*now));
                if signed < now {
                    let edge = timestamp::basic(*now - MAX_SKEW);
                    let message = format!("Signature expired: {was} is now earlier than {edge} ({is} - 15 min.)");
                    tells("SignatureDoesNotMatch", NO, message)
                } else {
                    let edge = timestamp::basic(*now + MAX_SKEW);
                    let message =
                        format!("Signature not yet current: {was} is still later than {edge} ({is} + 15 min.)");
                    tells("SignatureDoesNotMatch", NO, message)
                }
            }
            (Error::NotYetValid { .. }, S3) => says("AccessDenied", NO, "Request is not yet valid"),
            (Error::Expired { .. }, S3) => says("AccessDenied", NO, "Request has expired"),
            (Error::Expired { .. }, Sts) => says("SignatureDoesNotMatch", NO, "Signature expired"),
            (Error::Skewed { .. } | Error::NotYetValid { .. } | Error::Expired { .. }, Ec2) => {
                says("RequestExpired", BAD, "Request has expired.")
            }

            (Error::UnsignedHeaders(_), S3) => {
                says("AccessDenied", NO, "There were headers present in the request which were not signed")
            }
            (Error::UnsignedHeaders(names), Ec2 | Sts) => {
                tells("IncompleteSignature", BAD, format!("These headers must be signed: {names}"))
            }

            (Error::NoContentSha256, S3 | Ec2 | Sts) => {
                says("InvalidRequest", BAD, "Missing required header for this request: x-amz-content-sha256")
            }
            (Error::BadContentSha256(_), S3 | Ec2 | Sts) => says(
                "InvalidArgument",
                BAD,
                "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, \
                 STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.",
            ),
            (Error::ContentMismatch { .. }, S3) => says(
                "XAmzContentSHA256Mismatch",
                BAD,
                "The provided 'x-amz-content-sha256' header does not match what was computed.",
            ),
            (Error::ContentMismatch { .. }, Ec2) => {
                says("AuthFailure", WHO, "AWS was not able to validate the provided access credentials")
            }
            (Error::ContentMismatch { .. }, Sts) => says(
                "SignatureDoesNotMatch",
                NO,
                "The request signature we calculated does not match the signature you provided. Check your AWS Secret \
                 Access Key and signing method. Consult the service documentation for details.",
            ),
            (Error::NoDecodedLength, S3 | Ec2 | Sts) => says(
                "MissingContentLength",
                StatusCode::LENGTH_REQUIRED,
                "You must provide the Content-Length HTTP header.",
            ),

            (Error::Chunks(aws_chunked::Error::Signature), S3 | Ec2 | Sts) => says(
                "SignatureDoesNotMatch",
                NO,
                "The request signature we calculated does not match the signature you provided. Check your key and \
                 signing method.",
            ),
            (Error::Chunks(aws_chunked::Error::BadTrailer(_)), S3 | Ec2 | Sts) => says(
                "MalformedTrailerError",
                BAD,
                "The request contained trailing data that was not well-formed or did not conform to our published schema.",
            ),
            (
                Error::Chunks(
                    aws_chunked::Error::Malformed(_)
                    | aws_chunked::Error::Truncated
                    | aws_chunked::Error::Length { .. },
                ),
                S3 | Ec2 | Sts,
            ) => says("IncompleteBody", BAD, "The request body terminated unexpectedly"),
        }
    }

    /// The further elements of S3's error document, by name.
    pub fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Error::UnknownKey(id) => vec![("AWSAccessKeyId", id.clone())],
            Error::Mismatch(m) => {
                let mut fields = vec![
                    ("AWSAccessKeyId", m.access_key_id.clone()),
                    ("StringToSign", m.string_to_sign.clone()),
                    ("SignatureProvided", m.provided.clone()),
                    ("StringToSignBytes", spaced_hex(&m.string_to_sign)),
                ];
                if let Some(canonical) = &m.canonical_request {
                    fields.push(("CanonicalRequest", canonical.clone()));
                    fields.push(("CanonicalRequestBytes", spaced_hex(canonical)));
                }
                fields
            }
            Error::Skewed { signed, now } => vec![
                ("RequestTime", timestamp::basic(*signed)),
                ("ServerTime", timestamp::iso8601(*now)),
                ("MaxAllowedSkewMilliseconds", MAX_SKEW.whole_milliseconds().to_string()),
            ],
            Error::NotYetValid { now, .. } => vec![("ServerTime", timestamp::iso8601(*now))],
            Error::Expired { expires, lifetime, now } => lifetime
                .iter()
                .map(|seconds| ("X-Amz-Expires", seconds.to_string()))
                .chain([("Expires", timestamp::iso8601(*expires)), ("ServerTime", timestamp::iso8601(*now))])
                .collect(),
            Error::UnsignedHeaders(names) => vec![("HeadersNotSigned", names.clone())],
            Error::BadContentSha256(value) => {
                vec![("ArgumentName", "x-amz-content-sha256".into()), ("ArgumentValue", value.clone())]
            }
            Error::ContentMismatch { claimed, computed } => {
                vec![("ClientComputedContentSHA256", claimed.clone()), ("S3ComputedContentSHA256", computed.clone())]
            }
            Error::BadV2Header | Error::Unsupported(_) | Error::TwoWays => {
                vec![("ArgumentName", "Authorization".into())]
            }
            Error::Unsigned
            | Error::Malformed { .. }
            | Error::NoDate
            | Error::NoContentSha256
            | Error::NoDecodedLength
            | Error::Chunks(_) => Vec::new(),
        }
    }
}

/// Bytes as S3 shows them: `41 57 53`.
fn spaced_hex(text: &str) -> String {
    text.bytes().map(|b| format!("{b:02x}")).collect::<Vec<_>>().join(" ")
}
