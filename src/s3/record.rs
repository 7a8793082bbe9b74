//! The records of a request in server access logs: that of the bucket it names, and that of the bucket it copies from.
//!
//! It is begun when the request comes and pushed when the last byte of the answer is gone (or its client is), so that bytes and
//! time are what they were. Requests to buckets that do not log pay for one look into a map.

use super::copying;
use super::cx::Cx;
use super::request::{Address, header_text};
use crate::clock;
use crate::http::{Body, Meta, Response};
use crate::objects::logging::{Line, Target};
use crate::objects::{self, Store};
use crate::wire::percent;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Method, header};
use http_body::{Frame, SizeHint};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

/// A record whose request is under way.
pub struct Draft {
    store: Arc<Store>,
    target: Arc<Target>,
    bucket: String,
    key: String,
    /// Milliseconds.
    at: i64,
    began: Instant,
    remote: String,
    request_id: String,
    host_id: String,
    /// Canonical user id; `None`: anonymous.
    requester: Option<String>,
    operation: String,
    /// As sent: `GET /b/k?x HTTP/1.1`.
    line: String,
    user_agent: Option<String>,
    referer: Option<String>,
    host: Option<String>,
    signature: (&'static str, &'static str),
    /// What a request sends as an object.
    sent_size: Option<String>,
    error: Option<&'static str>,
    /// Only an ACL allowed it.
    needed_acl: bool,
}

/// The records of a request: for its bucket, and for the one that it copies from.
#[derive(Default)]
pub struct Drafts {
    of_bucket: Option<Draft>,
    of_source: Option<Draft>,
}

impl Drafts {
    /// Begin them, for buckets that log.
    pub fn begin(store: &Arc<Store>, address: &Address, parts: &Parts, meta: &Meta) -> Drafts {
        let source = || {
            let (bucket, key, _) = copying::named(&header_text(&parts.headers, "x-amz-copy-source")?)?;
            let of_part = parts.uri.query().is_some_and(|query| query.contains("uploadId"));
            let operation = if of_part { "REST.COPY.PART_GET" } else { "REST.COPY.OBJECT_GET" };
            let from = Address { bucket, key, virtual_host: false };
            Some(Draft { operation: operation.into(), sent_size: None, ..Draft::begin(store, &from, parts, meta)? })
        };
        let copies = parts.method == Method::PUT && !address.key.is_empty();
        Drafts { of_bucket: Draft::begin(store, address, parts, meta), of_source: copies.then(source).flatten() }
    }

    /// What the operation knew when it was done.
    pub fn saw(&mut self, cx: &Cx<'_>) {
        for draft in self.all() {
            draft.requester = cx.caller.as_ref().map(|caller| caller.canonical_id.clone());
            draft.needed_acl = cx.needed_acl.load(Ordering::Relaxed);
        }
        if let Some(draft) = &mut self.of_bucket {
            draft.key.clone_from(&cx.key);
        }
    }

    /// It came to the bucket's website.
    pub fn of_website(&mut self, method: &Method) {
        for draft in self.all() {
            draft.operation = format!("WEBSITE.{method}.OBJECT");
        }
    }

    /// It failed so.
    pub fn failed(&mut self, code: &'static str) {
        for draft in self.all() {
            draft.error = Some(code);
        }
    }

    /// The records are pushed when this answer is gone.
    pub fn follow(self, response: Response) -> Response {
        [self.of_bucket, self.of_source].into_iter().flatten().fold(response, |response, draft| draft.follow(response))
    }

    fn all(&mut self) -> impl Iterator<Item = &mut Draft> {
        self.of_bucket.iter_mut().chain(&mut self.of_source)
    }
}

/// What DeleteObjects did with one key: each has a record of its own. An extension of the answer.
#[derive(Debug, Clone)]
pub struct Deleted {
    pub key: String,
    pub version_id: Option<String>,
    pub error: Option<(u16, &'static str)>,
}

/// The keys of a DeleteObjects.
#[derive(Debug, Clone)]
pub struct Batch(pub Vec<Deleted>);

/// How a record says that a key could not be deleted.
pub fn failure(error: &objects::Error) -> (u16, &'static str) {
    let (code, status) = super::error::code_of(error);
    (status.as_u16(), code)
}

impl Draft {
    /// Begin the record of a request, if its bucket logs.
    fn begin(store: &Arc<Store>, address: &Address, parts: &Parts, meta: &Meta) -> Option<Draft> {
        let target = store.logs.target(&address.bucket)?;
        let text = |name: header::HeaderName| header_text(&parts.headers, name.as_str());
        let size = ["x-amz-decoded-content-length", "content-length"];
        Some(Draft {
            store: store.clone(),
            target,
            bucket: address.bucket.clone(),
            key: address.key.clone(),
            at: clock::now_ms(),
            began: Instant::now(),
            remote: meta.remote.ip().to_canonical().to_string(),
            request_id: meta.request_id.clone(),
            host_id: super::host_id(meta),
            requester: None,
            operation: operation(
                &parts.method,
                parts.uri.query().unwrap_or_default(),
                !address.key.is_empty(),
                &parts.headers,
            ),
            line: format!("{} {} {:?}", parts.method, parts.uri, parts.version),
            user_agent: text(header::USER_AGENT),
            referer: text(header::REFERER),
            host: text(header::HOST),
            signature: signature(parts),
            sent_size: size.into_iter().find_map(|name| header_text(&parts.headers, name)),
            error: None,
            needed_acl: false,
        })
    }

    fn follow(self, response: Response) -> Response {
        let (mut parts, body) = response.into_parts();
        let text = |name: &str| header_text(&parts.headers, name);
        let status = parts.status.as_u16();
        let of_object = self.operation.ends_with(".OBJECT") || self.operation.ends_with(".PART");
        let whole = text("content-range").and_then(|range| range.rsplit('/').next().map(str::to_owned));
        let object_size = match (
            of_object && self.error.is_none(),
            self.operation.contains(".GET.") || self.operation.contains(".HEAD."),
        ) {
            (true, true) => whole.or_else(|| text("content-length")),
            (true, false) => self.sent_size.clone(),
            (false, _) => None,
        };
        let entry = Entry {
            status,
            object_size,
            version_id: text(match self.operation.ends_with("_GET") {
                true => "x-amz-copy-source-version-id",
                false => "x-amz-version-id",
            }),
            turn_around: self.began.elapsed(),
            batch: parts.extensions.remove::<Batch>().map(|batch| batch.0).unwrap_or_default(),
            sent: 0,
            draft: self,
        };
        Response::from_parts(parts, Body::new(Followed { body, entry }))
    }
}

/// AWS's name of what a request does.
fn operation(method: &Method, query: &str, object: bool, headers: &HeaderMap) -> String {
    /// Query names, and how records call them; of a bucket, and of an object.
    const RESOURCES: [(&str, &str, &str); 30] = [
        ("uploadId", "UPLOAD", "UPLOAD"),
        ("uploads", "UPLOADS", "UPLOADS"),
        ("delete", "MULTI_OBJECT_DELETE", "OBJECT"),
        ("versions", "BUCKETVERSIONS", "OBJECT"),
        ("acl", "ACL", "ACL"),
        ("tagging", "TAGGING", "OBJECT_TAGGING"),
        ("policy", "BUCKETPOLICY", "OBJECT"),
        ("policyStatus", "POLICY_STATUS", "OBJECT"),
        ("lifecycle", "LIFECYCLE", "OBJECT"),
        ("location", "LOCATION", "OBJECT"),
        ("logging", "LOGGING_STATUS", "OBJECT"),
        ("notification", "NOTIFICATION", "OBJECT"),
        ("website", "WEBSITE", "OBJECT"),
        ("cors", "CORS", "OBJECT"),
        ("versioning", "VERSIONING", "OBJECT"),
        ("requestPayment", "REQUEST_PAYMENT", "OBJECT"),
        ("encryption", "ENCRYPTION", "OBJECT"),
        ("publicAccessBlock", "PUBLIC_ACCESS_BLOCK", "OBJECT"),
        ("ownershipControls", "OWNERSHIP_CONTROLS", "OBJECT"),
        ("replication", "REPLICATION", "OBJECT"),
        ("accelerate", "ACCELERATE", "OBJECT"),
        ("analytics", "ANALYTICS", "OBJECT"),
        ("inventory", "INVENTORY", "OBJECT"),
        ("metrics", "METRICS", "OBJECT"),
        ("intelligent-tiering", "INTELLIGENT_TIERING", "OBJECT"),
        ("object-lock", "OBJECT_LOCK_CONFIGURATION", "OBJECT"),
        ("retention", "BUCKET", "OBJECT_LOCK_RETENTION"),
        ("legal-hold", "BUCKET", "OBJECT_LOCK_LEGALHOLD"),
        ("attributes", "BUCKET", "OBJECT_ATTRIBUTES"),
        ("torrent", "BUCKET", "TORRENT"),
    ];
    if *method == Method::OPTIONS {
        return "REST.OPTIONS.PREFLIGHT".into();
    }
    let has = |name: &str| percent::pairs(query.as_bytes()).any(|(n, _)| n == name.as_bytes());
    let named = RESOURCES.iter().find(|(name, _, _)| has(name));
    let resource = match named {
        Some(("uploadId", _, _)) if *method == Method::PUT => "PART",
        Some((_, _, of_object)) if object => of_object,
        Some((_, of_bucket, _)) => of_bucket,
        // A form's key is in the form.
        None if object || *method == Method::POST => "OBJECT",
        None => "BUCKET",
    };
    let copies = *method == Method::PUT && headers.contains_key("x-amz-copy-source");
    format!("REST.{}.{resource}", if copies { "COPY" } else { method.as_str() })
}

/// The signature's version, and where it is.
fn signature(parts: &Parts) -> (&'static str, &'static str) {
    let query = parts.uri.query().unwrap_or_default().as_bytes();
    let has = |name: &str| percent::pairs(query).any(|(n, _)| n == name.as_bytes());
    match header_text(&parts.headers, "authorization") {
        Some(text) if text.starts_with("AWS4-") => ("SigV4", "AuthHeader"),
        Some(_) => ("SigV2", "AuthHeader"),
        None if has("X-Amz-Signature") => ("SigV4", "QueryString"),
        None if has("Signature") => ("SigV2", "QueryString"),
        None => ("-", "-"),
    }
}

/// What is known when the answer begins.
struct Entry {
    draft: Draft,
    status: u16,
    object_size: Option<String>,
    version_id: Option<String>,
    turn_around: Duration,
    batch: Vec<Deleted>,
    /// Bytes of the answer's body so far.
    sent: u64,
}

/// What differs between the record of a request and those of the keys that it deletes.
struct Said<'a> {
    operation: &'a str,
    key: &'a str,
    status: u16,
    error: Option<&'a str>,
    sent: u64,
    version_id: Option<&'a str>,
}

impl Entry {
    fn push(&self) {
        let draft = &self.draft;
        let whole = Said {
            operation: &draft.operation,
            key: &draft.key,
            status: self.status,
            error: draft.error,
            sent: self.sent,
            version_id: self.version_id.as_deref(),
        };
        let keys = self.batch.iter().map(|deleted| Said {
            operation: "BATCH.DELETE.OBJECT",
            key: &deleted.key,
            status: deleted.error.map_or(204, |(status, _)| status),
            error: deleted.error.map(|(_, code)| code),
            sent: 0,
            version_id: deleted.version_id.as_deref(),
        });
        for said in std::iter::once(whole).chain(keys) {
            draft.store.logs.push(&draft.bucket, draft.target.clone(), draft.at, self.line(&said));
        }
    }

    fn line(&self, said: &Said<'_>) -> String {
        let draft = &self.draft;
        let line = Line {
            owner: &draft.target.source_canonical_id,
            bucket: &draft.bucket,
            at: draft.at,
            remote: Some(&draft.remote),
            requester: draft.requester.as_deref(),
            request_id: &draft.request_id,
            operation: said.operation,
            key: said.key,
            request: Some(&draft.line),
            status: Some(said.status),
            error: said.error,
            sent: said.sent,
            size: self.object_size.as_deref(),
            times: Some((draft.began.elapsed().as_millis(), self.turn_around.as_millis())),
            referer: draft.referer.as_deref(),
            user_agent: draft.user_agent.as_deref(),
            version_id: said.version_id,
            host_id: Some(&draft.host_id),
            signature: Some(draft.signature.0),
            authentication: Some(draft.signature.1),
            host: draft.host.as_deref(),
            needed_acl: draft.needed_acl,
        };
        line.text()
    }
}

/// An answer's body that counts its bytes. The record is pushed when it is dropped.
struct Followed {
    body: Body,
    entry: Entry,
}

impl http_body::Body for Followed {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if let Some(Ok(frame)) = &frame {
            self.entry.sent += frame.data_ref().map_or(0, Bytes::len) as u64;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Followed {
    fn drop(&mut self) {
        self.entry.push();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_have_the_names_of_records() {
        let copy = HeaderMap::from_iter([(
            header::HeaderName::from_static("x-amz-copy-source"),
            header::HeaderValue::from_static("b/k"),
        )]);
        let none = HeaderMap::new();
        for (method, query, object, headers, name) in [
            (Method::GET, "", true, &none, "REST.GET.OBJECT"),
            (Method::HEAD, "versionId=x", true, &none, "REST.HEAD.OBJECT"),
            (Method::PUT, "", true, &copy, "REST.COPY.OBJECT"),
            (Method::PUT, "uploadId=x&partNumber=1", true, &none, "REST.PUT.PART"),
            (Method::PUT, "uploadId=x&partNumber=1", true, &copy, "REST.COPY.PART"),
            (Method::POST, "uploads", true, &none, "REST.POST.UPLOADS"),
            (Method::POST, "uploadId=x", true, &none, "REST.POST.UPLOAD"),
            (Method::POST, "delete", false, &none, "REST.POST.MULTI_OBJECT_DELETE"),
            (Method::POST, "", false, &none, "REST.POST.OBJECT"),
            (Method::GET, "list-type=2", false, &none, "REST.GET.BUCKET"),
            (Method::GET, "versions", false, &none, "REST.GET.BUCKETVERSIONS"),
            (Method::GET, "tagging", true, &none, "REST.GET.OBJECT_TAGGING"),
            (Method::GET, "logging", false, &none, "REST.GET.LOGGING_STATUS"),
            (Method::OPTIONS, "", true, &none, "REST.OPTIONS.PREFLIGHT"),
        ] {
            assert_eq!(operation(&method, query, object, headers), name);
        }
    }
}
