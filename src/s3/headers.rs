//! Request headers, read into the arguments of `objects`.

use super::error::{Error, Result, invalid_argument};
use super::request::{header_text, latin1};
use crate::objects::Headers;
use crate::objects::condition::Conditions;
use crate::objects::object::STANDARD;
use crate::objects::tags::Tags;
use crate::wire::timestamp;
use http::HeaderMap;
use std::collections::BTreeMap;

/// The most bytes of names and values of `x-amz-meta-*`.
const MAX_METADATA: usize = 2 * 1024;

const META: &str = "x-amz-meta-";

/// What the client wants back with the bytes, byte for byte: each character is one byte.
pub fn metadata(headers: &HeaderMap) -> Result<Headers> {
    let mut user: BTreeMap<String, String> = BTreeMap::new();
    for name in headers.keys() {
        let Some(short) = name.as_str().strip_prefix(META) else { continue };
        let values = headers.get_all(name).iter().map(latin1);
        user.insert(short.to_owned(), values.collect::<Vec<_>>().join(","));
    }
    let size = user.iter().map(|(n, v)| n.len() + v.len()).sum();
    if size > MAX_METADATA {
        return Err(Error::MetadataTooLarge { size, most: MAX_METADATA });
    }
    let text = |name: &str| headers.get(name).map(latin1);
    Ok(Headers {
        content_type: text("content-type").filter(|v| !v.is_empty()),
        cache_control: text("cache-control"),
        content_disposition: text("content-disposition"),
        content_encoding: text("content-encoding").and_then(|v| without_aws_chunked(&v)),
        content_language: text("content-language"),
        expires: text("expires"),
        website_redirect: website_redirect(headers)?,
        user,
    })
}

/// The longest place that an object sends the visitors of a website to.
const MAX_REDIRECT: usize = 2048;

/// Where a website sends those who ask for the object.
pub fn website_redirect(headers: &HeaderMap) -> Result<Option<String>> {
    let Some(location) = headers.get("x-amz-website-redirect-location").map(latin1) else { return Ok(None) };
    let known = ["/", "http://", "https://"].iter().any(|start| location.starts_with(start));
    if known && location.len() <= MAX_REDIRECT { Ok(Some(location)) } else { Err(Error::InvalidRedirect) }
}

/// `aws-chunked` is the transport's business; what remains is the object's.
fn without_aws_chunked(value: &str) -> Option<String> {
    let rest: Vec<&str> = value.split(',').map(str::trim).filter(|e| !e.is_empty() && *e != "aws-chunked").collect();
    (!rest.is_empty()).then(|| rest.join(", "))
}

/// Whether S3 has a storage class of this name.
pub fn is_storage_class(name: &str) -> bool {
    const KNOWN: [&str; 8] = [
        STANDARD,
        "REDUCED_REDUNDANCY",
        "STANDARD_IA",
        "ONEZONE_IA",
        "INTELLIGENT_TIERING",
        "GLACIER",
        "DEEP_ARCHIVE",
        "GLACIER_IR",
    ];
    KNOWN.contains(&name)
}

/// The storage class; it is kept as a name, all bytes are stored alike.
pub fn storage_class(headers: &HeaderMap) -> Result<String> {
    match header_text(headers, "x-amz-storage-class") {
        None => Ok(STANDARD.into()),
        Some(class) if is_storage_class(&class) => Ok(class),
        Some(class) => Err(Error::InvalidStorageClass(class)),
    }
}

/// The tags of `x-amz-tagging`.
pub fn tags(headers: &HeaderMap) -> Result<Tags> {
    match header_text(headers, "x-amz-tagging") {
        Some(text) => Ok(Tags::from_header(&text)?),
        None => Ok(Tags::default()),
    }
}

/// The conditions of a request; `prefix` is empty or `x-amz-copy-source-`. A date that cannot be read is no condition.
pub fn conditions(headers: &HeaderMap, prefix: &str) -> Conditions {
    let text = |name: &str| header_text(headers, &format!("{prefix}{name}"));
    let time = |name: &str| text(name).and_then(|v| timestamp::parse(&v)).map(|t| t.unix_timestamp());
    Conditions {
        if_match: text("if-match"),
        if_none_match: text("if-none-match"),
        if_modified_since: time("if-modified-since"),
        if_unmodified_since: time("if-unmodified-since"),
        if_size: None,
        if_modified_at: None,
    }
}

/// The conditions of a deletion. AWS knows size and time in directory buckets only; to delete in spite of them would be worse
/// than to hear them everywhere.
pub fn deletion_conditions(headers: &HeaderMap) -> Result<Conditions> {
    let text = |name: &str| header_text(headers, name);
    Ok(Conditions {
        if_match: text("if-match"),
        if_size: text("x-amz-if-match-size").map(|v| size_condition(&v)).transpose()?,
        if_modified_at: text("x-amz-if-match-last-modified-time").map(|v| time_condition(&v)).transpose()?,
        ..Conditions::default()
    })
}

/// A size that a deletion names.
pub fn size_condition(text: &str) -> Result<u64> {
    text.trim().parse().map_err(|_| invalid_argument("x-amz-if-match-size", text, "Invalid size"))
}

/// A time that a deletion names: seconds since the epoch.
pub fn time_condition(text: &str) -> Result<i64> {
    let time = timestamp::parse(text.trim()).map(|t| t.unix_timestamp());
    time.ok_or_else(|| invalid_argument("x-amz-if-match-last-modified-time", text, "Invalid date"))
}

/// The conditions of a write: only ETags count. AWS answers an ETag in `If-None-Match` with `NotImplemented`; here it means what HTTP
/// says: no write over the object that has it.
pub fn write_conditions(headers: &HeaderMap) -> Conditions {
    Conditions { if_modified_since: None, if_unmodified_since: None, ..conditions(headers, "") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in pairs {
            let name = http::HeaderName::try_from(*name).unwrap();
            map.append(name, http::HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        map
    }

    #[test]
    fn metadata_is_taken_by_prefix_and_repeated_headers_are_joined() {
        let read = metadata(&headers(&[("x-amz-meta-A", "1"), ("x-amz-meta-a", "2"), ("x-amz-meta-é", "x")][..2]));
        assert_eq!(read.unwrap().user["a"], "1,2");
        let large = "v".repeat(MAX_METADATA);
        assert!(matches!(metadata(&headers(&[("x-amz-meta-a", &large)])), Err(Error::MetadataTooLarge { .. })));
    }

    #[test]
    fn aws_chunked_is_no_encoding_of_the_object() {
        assert_eq!(without_aws_chunked("aws-chunked"), None);
        assert_eq!(without_aws_chunked("aws-chunked,gzip"), Some("gzip".into()));
        assert_eq!(without_aws_chunked("gzip, aws-chunked, br"), Some("gzip, br".into()));
    }

    #[test]
    fn dates_of_all_forms_are_conditions_and_nonsense_is_not() {
        let c = conditions(&headers(&[("if-modified-since", "Sat, 21 Nov 2026 22:36:08 -0000")]), "");
        assert!(c.if_modified_since.is_some());
        assert!(conditions(&headers(&[("if-modified-since", "soon")]), "").is_empty());
    }

    #[test]
    fn unknown_names_are_refused() {
        assert!(storage_class(&headers(&[("x-amz-storage-class", "GOLD")])).is_err());
        let to = |location: &str| website_redirect(&headers(&[("x-amz-website-redirect-location", location)]));
        assert!(to("/x").is_ok() && to("https://h/").is_ok() && to("ftp://h/").is_err() && to("x").is_err());
    }
}
