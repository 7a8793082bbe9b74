//! The record of a request in a server access log: AWS's 26 fields.
//!
//! It is begun when the request comes and pushed when the last byte of the answer is gone (or its client is), so that bytes and
//! time are what they were. Requests to buckets that do not log pay for one look into a map.

use super::cx::Cx;
use super::request::{Address, header_text};
use crate::clock;
use crate::http::{Body, Meta, Response};
use crate::objects::logging::Target;
use crate::objects::{self, Store};
use crate::wire::{percent, timestamp};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Method, header};
use http_body::{Frame, SizeHint};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
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
    pub fn begin(store: &Arc<Store>, address: &Address, parts: &Parts, meta: &Meta) -> Option<Draft> {
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
        })
    }

    /// What the operation knew when it was done.
    pub fn saw(&mut self, cx: &Cx<'_>) {
        self.requester = cx.caller.as_ref().map(|caller| caller.canonical_id.clone());
        self.key.clone_from(&cx.key);
    }

    /// It came to the bucket's website.
    pub fn of_website(mut self, method: &Method) -> Draft {
        self.operation = format!("WEBSITE.{method}.OBJECT");
        self
    }

    /// It failed so.
    pub fn failed(&mut self, code: &'static str) {
        self.error = Some(code);
    }

    /// The record is pushed when this answer is gone.
    pub fn follow(self, response: Response) -> Response {
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
            version_id: text("x-amz-version-id"),
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

    /// The fields in their order.
    fn line(&self, said: &Said<'_>) -> String {
        let draft = &self.draft;
        let owner = &draft.target.source_canonical_id;
        let bucket = &draft.bucket;
        let time = timestamp::common_log(clock::from_ms(draft.at));
        let (remote, request_id, host_id) = (&draft.remote, &draft.request_id, &draft.host_id);
        let requester = plain(draft.requester.as_deref());
        let key = match said.key {
            "" => "-".into(),
            key => percent::encode_path(key.as_bytes()),
        };
        let (operation, status, error) = (said.operation, said.status, plain(said.error));
        let sent = if said.sent > 0 { said.sent.to_string() } else { "-".into() };
        let size = plain(self.object_size.as_deref());
        let total = draft.began.elapsed().as_millis();
        let turn_around = self.turn_around.as_millis();
        let (line, referer) = (quoted(Some(&draft.line)), quoted(draft.referer.as_deref()));
        let agent = quoted(draft.user_agent.as_deref());
        let version = plain(said.version_id);
        let (signature, way) = draft.signature;
        let host = plain(draft.host.as_deref());
        format!(
            "{owner} {bucket} [{time}] {remote} {requester} {request_id} {operation} {key} {line} {status} {error} {sent} \
             {size} {total} {turn_around} {referer} {agent} {version} {host_id} {signature} - {way} {host} - - -"
        )
    }
}

/// A field; one that is not there is `-`.
fn plain(text: Option<&str>) -> &str {
    text.filter(|t| !t.is_empty() && !t.contains(|c: char| c.is_whitespace() || c.is_control())).unwrap_or("-")
}

/// A quoted field.
fn quoted(text: Option<&str>) -> String {
    let text = text.unwrap_or("-").replace('"', "%22");
    format!("\"{}\"", text.replace(|c: char| c.is_control(), " "))
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

    #[test]
    fn no_text_of_a_client_breaks_a_record() {
        assert_eq!(quoted(Some("a \"b\"\n1")), "\"a %22b%22 1\"");
        assert_eq!(quoted(None), "\"-\"");
        assert_eq!((plain(Some("")), plain(Some("a b")), plain(Some("a"))), ("-", "-", "a"));
    }
}
