//! Pieces that answers are made of.

use crate::clock;
use crate::http::{Body, Response};
use crate::objects::bucket::Bucket;
use crate::objects::info::Checksum;
use crate::objects::object::Written;
use crate::objects::versioning::Versioning;
use crate::objects::{Headers, ObjectInfo};
use crate::wire::{s3_xml::Writer, timestamp};
use http::{HeaderName, HeaderValue, StatusCode};

/// An answer without a body.
pub fn empty(status: StatusCode) -> Response {
    with_body(status, Body::empty())
}

/// An answer with this body.
pub fn with_body(status: StatusCode, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
}

/// 200 and a document.
pub fn xml(document: Writer) -> Response {
    let mut response = with_body(StatusCode::OK, Body::from(document.finish()));
    set(&mut response, "content-type", "application/xml");
    response
}

/// Set a header. A value that no header can carry (a control character in metadata) is left out.
pub fn set(response: &mut Response, name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_bytes(value.as_bytes())) {
        response.headers_mut().insert(name, value);
    }
}

/// Set a header to what `request::latin1` read, byte for byte.
pub fn set_latin1(response: &mut Response, name: &str, value: &str) {
    let bytes: Option<Vec<u8>> = value.chars().map(|c| u8::try_from(c).ok()).collect();
    let value = bytes.and_then(|b| HeaderValue::from_bytes(&b).ok());
    if let (Ok(name), Some(value)) = (HeaderName::try_from(name), value) {
        response.headers_mut().insert(name, value);
    }
}

/// A time of headers, from milliseconds.
pub fn http_date(ms: i64) -> String {
    timestamp::rfc1123(clock::from_ms(ms))
}

/// A time of documents, from milliseconds: whole seconds, as S3 has them.
pub fn xml_date(ms: i64) -> String {
    timestamp::iso8601_ms(clock::from_ms(ms - ms.rem_euclid(1000)))
}

/// The ETag header.
pub fn etag(response: &mut Response, etag: &str) {
    set(response, "etag", &format!("\"{etag}\""));
}

/// The version header, in a bucket that has or had versioning.
pub fn version(response: &mut Response, bucket: &Bucket, version_id: &str) {
    if bucket.versioning != Versioning::Off {
        set(response, "x-amz-version-id", version_id);
    }
}

/// The version header of what was written.
pub fn written(response: &mut Response, written: &Written) {
    if let Some(version_id) = &written.version_id {
        set(response, "x-amz-version-id", version_id);
    }
}

/// The headers of a checksum.
pub fn checksum(response: &mut Response, checksum: &Checksum) {
    set(response, checksum.algorithm.header(), &checksum.text);
    set(response, "x-amz-checksum-type", checksum.kind.name());
}

/// The elements of a checksum.
pub fn checksum_elements(document: &mut Writer, checksum: &Checksum) {
    document.text(checksum.algorithm.element(), &checksum.text).text("ChecksumType", checksum.kind.name());
}

/// What GET and HEAD say of an object beside its bytes.
pub fn object(response: &mut Response, info: &ObjectInfo) {
    etag(response, &info.etag);
    set(response, "last-modified", &http_date(info.modified_at));
    set(response, "accept-ranges", "bytes");
    if info.storage_class != crate::objects::object::STANDARD {
        set(response, "x-amz-storage-class", &info.storage_class);
    }
    let Headers {
        content_type,
        cache_control,
        content_disposition,
        content_encoding,
        content_language,
        expires,
        website_redirect,
        user,
    } = &info.headers;
    set_latin1(response, "content-type", content_type.as_deref().unwrap_or("binary/octet-stream"));
    let standard = [
        ("cache-control", cache_control),
        ("content-disposition", content_disposition),
        ("content-encoding", content_encoding),
        ("content-language", content_language),
        ("expires", expires),
        ("x-amz-website-redirect-location", website_redirect),
    ];
    for (name, value) in standard {
        if let Some(value) = value {
            set_latin1(response, name, value);
        }
    }
    for (name, value) in user {
        set_latin1(response, &format!("x-amz-meta-{name}"), value);
    }
}
