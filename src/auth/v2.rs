//! Signature Version 2: an HMAC over the parameters (EC2, STS), or over a few headers and the resource (S3).

use super::error::{Error, MAX_SKEW, Mismatch, Place, Version};
use super::{Payload, Rules, S3_BASE_PATH, Verified, canonical, date_sent, first, known_key};
use crate::iam;
use crate::wire::percent;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, Mac};
use http::{HeaderMap, request};
use sha1::Sha1;
use sha2::Sha256;
use std::collections::BTreeMap;
use subtle::ConstantTimeEq;
use time::OffsetDateTime;

/// The query parameters that S3 signs as part of the resource. Clients agree on this list (it is botocore's and
/// boto's together); a name too many would break those that do not sign it.
const SUB_RESOURCES: [&str; 36] = [
    "accelerate",
    "acl",
    "analytics",
    "compose",
    "cors",
    "defaultObjectAcl",
    "delete",
    "inventory",
    "lifecycle",
    "location",
    "logging",
    "metrics",
    "notification",
    "object-lock",
    "partNumber",
    "policy",
    "replication",
    "requestPayment",
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
    "restore",
    "select",
    "select-type",
    "storageClass",
    "tagging",
    "torrent",
    "uploadId",
    "uploads",
    "versionId",
    "versioning",
    "versions",
    "website",
];

/// Check an EC2 or STS request signed in its parameters: those of the query and of the form together.
pub(super) fn parameters(
    parts: &request::Parts,
    form: &[u8],
    keys: &dyn iam::Keys,
    now: OffsetDateTime,
) -> Result<Verified, Error> {
    let query = parts.uri.query().unwrap_or_default().as_bytes();
    let get = |name: &str| first(query, name).or_else(|| first(form, name));
    let malformed = |why: &'static str| Error::Malformed { place: Place::Query, why: why.into() };
    let (Some(key), Some(provided)) = (get("AWSAccessKeyId"), get("Signature")) else {
        return Err(malformed("Request must contain AWSAccessKeyId and Signature"));
    };
    if get("SignatureVersion").as_deref() != Some("2") {
        return Err(malformed("SignatureVersion must be 2"));
    }
    let signer = match get("SignatureMethod").as_deref() {
        Some("HmacSHA256") => sha256 as fn(&[u8], &str) -> String,
        Some("HmacSHA1") => sha1,
        Some(_) | None => return Err(malformed("SignatureMethod must be HmacSHA256 or HmacSHA1")),
    };
    let credential = known_key(keys, &key)?;

    let time = |name| get(name).map(|text| date_sent(&text)).transpose();
    match (time("Timestamp")?, time("Expires")?) {
        (Some(signed), _) if (now - signed).abs() > MAX_SKEW => return Err(Error::Skewed { signed, now }),
        (None, Some(expires)) if expires <= now => return Err(Error::Expired { expires, lifetime: None, now }),
        (Some(_), _) | (None, Some(_)) => {}
        (None, None) => return Err(Error::NoDate),
    }

    let rest = resource_and_parameters(parts.uri.path(), query, form);
    let host = parts.headers.get("host").and_then(|h| h.to_str().ok()).unwrap_or_default().trim().to_ascii_lowercase();
    // Some clients sign the host without its port.
    let bare = host.rsplit_once(':').map_or(host.as_str(), |(name, _port)| name);
    let mut string_to_sign = String::new();
    for host in [bare, host.as_str()] {
        string_to_sign = format!("{}\n{host}\n{rest}", parts.method);
        if same(&signer(credential.secret.expose().as_bytes(), &string_to_sign), &provided) {
            return Ok(verified(credential, false, Payload::Unsigned));
        }
    }
    Err(mismatch(&key, &provided, string_to_sign))
}

/// The last two lines of what EC2 signs: the path, and the parameters sorted by name.
pub(super) fn resource_and_parameters(path: &str, query: &[u8], form: &[u8]) -> String {
    let mut pairs: Vec<_> = percent::pairs(query)
        .chain(percent::pairs(form))
        .filter(|(name, _)| *name != b"Signature")
        .map(|(name, value)| (percent::decode_form(name), value.unwrap_or_default()))
        .collect();
    pairs.sort();
    let mut out = format!("{}\n", if path.is_empty() { "/" } else { path });
    for (n, (name, value)) in pairs.iter().enumerate() {
        out.push_str(if n > 0 { "&" } else { "" });
        out.push_str(&percent::encode(name));
        out.push('=');
        out.push_str(&String::from_utf8_lossy(&canonical::recode(value)));
    }
    out
}

/// Check an S3 request with `AWS key:signature` in its `Authorization` header.
pub(super) fn s3_header(
    parts: &request::Parts,
    value: &str,
    how: &Rules,
    keys: &dyn iam::Keys,
    now: OffsetDateTime,
) -> Result<Verified, Error> {
    // A key may be written `key:project`; a signature holds no colon.
    let Some((key, provided)) = value.strip_prefix("AWS ").and_then(|v| v.trim().rsplit_once(':')) else {
        return Err(Error::BadV2Header);
    };
    let credential = known_key(keys, key)?;
    let text = |name| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let amz_date = text("x-amz-date");
    let date = amz_date.or_else(|| text("date")).ok_or(Error::NoDate)?;
    let signed = date_sent(date)?;
    if (now - signed).abs() > MAX_SKEW {
        return Err(Error::Skewed { signed, now });
    }
    let date = if amz_date.is_some() { "" } else { date };
    s3(parts, how, credential, key, provided, date, false)
}

/// Check an S3 request with `AWSAccessKeyId`, `Signature` and `Expires` in its query.
pub(super) fn s3_query(
    parts: &request::Parts,
    how: &Rules,
    keys: &dyn iam::Keys,
    now: OffsetDateTime,
) -> Result<Verified, Error> {
    let query = parts.uri.query().unwrap_or_default().as_bytes();
    let malformed = |why: &'static str| Error::Malformed { place: Place::Query, why: why.into() };
    let (Some(key), Some(provided), Some(expires)) =
        (first(query, "AWSAccessKeyId"), first(query, "Signature"), first(query, "Expires"))
    else {
        return Err(malformed(
            "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters",
        ));
    };
    let credential = known_key(keys, &key)?;
    let at = expires.parse().ok().and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
    let at = at.ok_or_else(|| malformed("Invalid date (should be seconds since epoch)"))?;
    if at <= now {
        return Err(Error::Expired { expires: at, lifetime: None, now });
    }
    s3(parts, how, credential, &key, &provided, &expires, true)
}

/// `date` is the third line of what is signed: the Date header, nothing, or the expiry.
fn s3(
    parts: &request::Parts,
    how: &Rules,
    credential: iam::Credential,
    key: &str,
    provided: &str,
    date: &str,
    presigned: bool,
) -> Result<Verified, Error> {
    let secret = credential.secret.expose().as_bytes();
    let mut first_try = None;
    for resource in resources(parts.uri.path(), how.virtual_bucket.as_deref()) {
        let string_to_sign = s3_string_to_sign(parts, &resource, date, presigned);
        if same(&sha1(secret, &string_to_sign), provided) {
            return Ok(verified(credential, presigned, Payload::unsigned(&parts.headers)?));
        }
        first_try.get_or_insert(string_to_sign);
    }
    Err(mismatch(key, provided, first_try.unwrap_or_default()))
}

/// The names by which clients sign one resource, the plain one first. botocore signs `/bucket/` when it sends
/// `/bucket`, and signs neither form with the base path that it sends.
fn resources(path: &str, virtual_bucket: Option<&str>) -> impl Iterator<Item = String> {
    let based = path.strip_prefix(S3_BASE_PATH).filter(|rest| rest.starts_with('/'));
    [Some(path), based].into_iter().flatten().flat_map(move |path| {
        let plain = resource(path, virtual_bucket);
        let bucket_alone = plain.rfind('/') == Some(0) && plain.len() > 1;
        let slashed = bucket_alone.then(|| format!("{plain}/"));
        [Some(plain), slashed].into_iter().flatten()
    })
}

/// The path with the bucket in front that the host names.
pub(super) fn resource(path: &str, virtual_bucket: Option<&str>) -> String {
    virtual_bucket.map_or_else(|| path.to_string(), |bucket| format!("/{bucket}{path}"))
}

/// What S3 signs. A presigned URL may carry in its query what else are headers: `x-amz-…`, `content-md5`,
/// `content-type`.
pub(super) fn s3_string_to_sign(parts: &request::Parts, resource: &str, date: &str, presigned: bool) -> String {
    let query = parts.uri.query().unwrap_or_default().as_bytes();
    let mut out = String::with_capacity(256);
    out.push_str(parts.method.as_str());
    for name in ["content-md5", "content-type"] {
        out.push('\n');
        match joined(&parts.headers, name) {
            Some(value) => out.push_str(&value),
            None if presigned => out.push_str(&first(query, name).unwrap_or_default()),
            None => {}
        }
    }
    out.push('\n');
    out.push_str(date);
    out.push('\n');

    let mut amz = BTreeMap::new();
    if presigned {
        for (name, value) in percent::pairs(query) {
            let name = String::from_utf8_lossy(&percent::decode_form(name)).to_ascii_lowercase();
            if name.starts_with("x-amz-") {
                amz.insert(
                    name,
                    String::from_utf8_lossy(&percent::decode_form(value.unwrap_or_default())).into_owned(),
                );
            }
        }
    }
    for name in parts.headers.keys().map(http::HeaderName::as_str).filter(|name| name.starts_with("x-amz-")) {
        amz.insert(name.to_string(), joined(&parts.headers, name).unwrap_or_default());
    }
    for (name, value) in amz {
        out.push_str(&name);
        out.push(':');
        out.push_str(&value);
        out.push('\n');
    }

    out.push_str(resource);
    let mut subs: Vec<_> =
        percent::pairs(query).filter(|(name, _)| SUB_RESOURCES.iter().any(|sub| sub.as_bytes() == *name)).collect();
    subs.sort_unstable();
    for (n, (name, value)) in subs.into_iter().enumerate() {
        out.push(if n == 0 { '?' } else { '&' });
        out.push_str(&String::from_utf8_lossy(name));
        if let Some(value) = value {
            out.push('=');
            out.push_str(&String::from_utf8_lossy(&percent::decode(value)));
        }
    }
    out
}

/// A header's values, trimmed and joined by commas.
fn joined(headers: &HeaderMap, name: &str) -> Option<String> {
    let mut values = headers.get_all(name).iter().map(|v| String::from_utf8_lossy(v.as_bytes().trim_ascii()));
    let mut out = values.next()?.into_owned();
    for value in values {
        out.push(',');
        out.push_str(&value);
    }
    Some(out)
}

pub(super) fn sha1(key: &[u8], text: &str) -> String {
    let mac = Hmac::<Sha1>::new_from_slice(key).expect("HMAC takes keys of any length");
    BASE64.encode(mac.chain_update(text).finalize().into_bytes())
}

pub(super) fn sha256(key: &[u8], text: &str) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    BASE64.encode(mac.chain_update(text).finalize().into_bytes())
}

fn same(expected: &str, provided: &str) -> bool {
    expected.as_bytes().ct_eq(provided.as_bytes()).into()
}

fn verified(credential: iam::Credential, presigned: bool, payload: Payload) -> Verified {
    Verified { identity: credential.identity, region: None, service: None, presigned, payload }
}

fn mismatch(key: &str, provided: &str, string_to_sign: String) -> Error {
    Error::Mismatch(Box::new(Mismatch {
        version: Version::V2,
        access_key_id: key.into(),
        provided: provided.into(),
        string_to_sign,
        canonical_request: None,
    }))
}
