//! GetObject; HeadObject says the same without the bytes.

use crate::http::Response;
use crate::objects::bucket::Bucket;
use crate::objects::condition::Failed;
use crate::objects::encryption::CustomerKey;
use crate::objects::info::Checksum;
use crate::objects::range::Range;
use crate::objects::{self, ObjectInfo};
use crate::s3::cx::Cx;
use crate::s3::error::{Error, Result, invalid_argument, invalid_request};
use crate::s3::{answer, encryption, headers, lifecycle, locking, stream};
use http::StatusCode;

/// Query names that override headers of the answer.
const OVERRIDES: [(&str, &str); 6] = [
    ("response-content-type", "content-type"),
    ("response-content-language", "content-language"),
    ("response-expires", "expires"),
    ("response-cache-control", "cache-control"),
    ("response-content-disposition", "content-disposition"),
    ("response-content-encoding", "content-encoding"),
];

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    let customer = key(cx)?;
    let bucket = cx.any_bucket()?;
    let mut span = Span::default();
    let read = cx.store().read(&cx.bucket, &cx.key, cx.version().as_deref(), customer.as_ref(), |info| {
        span = choose(cx, &bucket, info, customer.as_ref())?;
        Ok((span.start, span.length))
    });
    let (info, reader) = read.map_err(|e: Error| hide(cx, &bucket, e))?;
    let body = stream::body(reader).map_err(objects::Error::Io)?;
    let mut response = answer::with_body(span.status(), body);
    describe(cx, &mut response, &bucket, &info, &span)?;
    encryption::describe(&mut response, info.encryption.as_ref(), customer.as_ref());
    Ok(response)
}

/// The customer's key with which the object is to be opened, if the request has one.
pub fn key(cx: &Cx<'_>) -> Result<Option<CustomerKey>> {
    encryption::refuse_on_read(&cx.parts.headers)?;
    encryption::customer(&cx.parts.headers, encryption::Of::Object)
}

/// Which bytes the answer has.
#[derive(Debug, Default)]
pub struct Span {
    pub start: u64,
    pub length: u64,
    /// Not the whole object, or asked for as a part.
    pub partial: bool,
    /// The checksum of these bytes, if it is known.
    pub checksum: Option<Checksum>,
}

impl Span {
    pub fn status(&self) -> StatusCode {
        if self.partial { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK }
    }
}

/// A missing key is no news for who may not list the bucket.
pub fn hide(cx: &Cx<'_>, bucket: &Bucket, error: Error) -> Error {
    match error {
        Error::Objects(e) => cx.hide(bucket, e),
        other => other,
    }
}

/// Check access and conditions, and find the bytes that are asked for.
pub fn choose(cx: &Cx<'_>, bucket: &Bucket, info: &ObjectInfo, customer: Option<&CustomerKey>) -> Result<Span> {
    cx.allow(bucket, Some(info))?;
    encryption::check_reader(cx.scope.is_some(), info.encryption.as_ref())?;
    cx.store().check_key(info, customer)?;
    match headers::conditions(&cx.parts.headers, "").for_read(&info.etag, info.modified_at) {
        Ok(()) => {}
        Err(Failed::NotModified) => {
            let (etag, modified_at) = (info.etag.clone(), info.modified_at);
            return Err(objects::Error::NotModified { etag, modified_at }.into());
        }
        Err(Failed::Precondition(header)) => return Err(objects::Error::PreconditionFailed { header }.into()),
    }
    let range = cx.header("range");
    if let Some(text) = cx.query.get("partNumber") {
        if range.is_some() {
            return Err(invalid_request("Cannot specify both Range header and partNumber query parameter"));
        }
        return part(cx, info, text);
    }
    match range.as_deref().and_then(Range::parse) {
        None => Ok(Span { start: 0, length: info.size, partial: false, checksum: info.checksum.clone() }),
        Some(parsed) => {
            let (start, length) = parsed.within(info.size).map_err(|_| objects::Error::InvalidRange {
                range: range.clone().unwrap_or_default(),
                size: info.size,
            })?;
            Ok(Span { start, length, partial: true, checksum: None })
        }
    }
}

fn part(cx: &Cx<'_>, info: &ObjectInfo, text: &str) -> Result<Span> {
    let number: u32 =
        text.parse().ok().filter(|n| (1..=objects::multipart::MAX_PARTS).contains(n)).ok_or_else(|| {
            invalid_argument("partNumber", text, "Part number must be an integer between 1 and 10000, inclusive")
        })?;
    if let Some((start, part)) = cx.store().part_of(info, number)? {
        let checksum = info.checksum.clone().map(|whole| Checksum { text: part.checksum, ..whole });
        return Ok(Span { start, length: part.size, partial: true, checksum });
    }
    if info.part_count == 0 && number == 1 {
        return Ok(Span { start: 0, length: info.size, partial: info.size > 0, checksum: info.checksum.clone() });
    }
    Err(objects::Error::InvalidPartNumber { asked: number, have: u64::from(info.part_count.max(1)) }.into())
}

/// The headers of the answer.
pub fn describe(cx: &Cx<'_>, response: &mut Response, bucket: &Bucket, info: &ObjectInfo, span: &Span) -> Result<()> {
    answer::object(response, info);
    answer::version(response, bucket, &info.version_id);
    locking::headers(response, &info.lock);
    if !cx.query.has("versionId") {
        lifecycle::announce(response, bucket, &info.key, info.size, &info.tags, info.modified_at)?;
    }
    if !info.tags.is_empty() {
        answer::set(response, "x-amz-tagging-count", &info.tags.len().to_string());
    }
    answer::set(response, "content-length", &span.length.to_string());
    if span.partial && span.length > 0 {
        let last = span.start + span.length - 1;
        answer::set(response, "content-range", &format!("bytes {}-{last}/{}", span.start, info.size));
    }
    if info.part_count > 0 && cx.query.has("partNumber") {
        answer::set(response, "x-amz-mp-parts-count", &info.part_count.to_string());
    }
    let wanted = cx.header("x-amz-checksum-mode").is_some_and(|v| v.eq_ignore_ascii_case("ENABLED"));
    if let Some(checksum) = span.checksum.as_ref().filter(|_| wanted) {
        answer::checksum(response, checksum);
    }
    for (query, header) in OVERRIDES {
        if let Some(value) = cx.query.get(query) {
            if cx.caller.is_none() {
                return Err(invalid_request(
                    "Request specific response headers cannot be used for anonymous GET requests.",
                ));
            }
            answer::set(response, header, value);
        }
    }
    Ok(())
}
