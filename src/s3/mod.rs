//! S3's REST protocol: a request is addressed, verified, looked up in the route table and answered by one operation.
//!
//! ```text
//! handle -> Address (path or host) -> auth::verify -> route -> ops::<operation> -> objects -> answer
//! ```
//!
//! An operation reads headers and query into arguments, calls `objects`, and says the answer; what S3 means is said there.

mod acl;
mod answer;
mod copying;
mod cors;
mod cx;
mod encryption;
mod error;
mod headers;
mod incoming;
mod lifecycle;
mod listing;
mod locking;
mod logging;
mod notification;
mod ops;
mod payload;
mod permission;
mod post_form;
mod record;
mod request;
pub mod route;
mod stream;
mod tagging;
pub mod webhooks;
mod website;

pub use error::Error;

use crate::auth::{self, BodyView, Payload, Rules};
use crate::config::Config;
use crate::http::{Meta, Request, Response};
use crate::iam::Iam;
use crate::objects::Store;
use crate::wire::s3_xml::Writer;
use crate::{clock, objects};
use ::http::Method;
use base64::Engine;
use cx::Cx;
use std::sync::Arc;

/// The service; clones share everything.
#[derive(Clone)]
pub struct S3 {
    store: Arc<Store>,
    iam: Arc<Iam>,
    config: Arc<Config>,
}

impl S3 {
    pub fn new(store: Arc<Store>, iam: Arc<Iam>, config: Arc<Config>) -> S3 {
        S3 { store, iam, config }
    }

    /// Answer one request.
    pub async fn handle(&self, request: Request, meta: &Meta) -> Response {
        let (parts, body) = request.into_parts();
        if let Some(bucket) = self.website_of_host(&parts) {
            return self.website(&bucket, Request::from_parts(parts, body), meta).await;
        }
        let (method, path) = (parts.method.clone(), parts.uri.path().to_owned());
        let mut incoming = incoming::Incoming::new(body);
        let expects_continue = parts.headers.contains_key(::http::header::EXPECT);
        // Without a body there is nothing to continue with. botocore takes an answer that came instead of "100 Continue" for
        // the next one's, too, so that connection ends.
        let unasked = expects_continue && incoming.is_empty();
        let browser = cors::Asked::of(&parts);
        let address = request::Address::of(&parts, &self.config.s3_domains);
        let mut drafts =
            address.as_ref().ok().map(|a| record::Drafts::begin(&self.store, a, &parts, meta)).unwrap_or_default();
        let outcome = match (&browser, &address) {
            (Some(asked), Ok(address)) if method == Method::OPTIONS => asked.preflight(&self.store, &address.bucket),
            _ => self.run(parts, &mut incoming, meta, &mut drafts).await,
        };
        let mut response = match outcome {
            Ok(response) => response,
            Err(error) => {
                log(&error, &method, &path);
                drafts.failed(error.wire().code);
                say(&error, &method, &path, meta)
            }
        };
        // The client of a small body may send it whole before it reads the answer. One that waits for "100 Continue"
        // shall not be asked for a body that nobody wants; the connection, whose next bytes nobody can tell, ends.
        if unasked || !incoming.drained(!expects_continue).await {
            answer::set(&mut response, "connection", "close");
        }
        if let (Some(asked), Ok(address)) = (&browser, &address)
            && method != Method::OPTIONS
        {
            asked.decorate(&self.store, &address.bucket, &mut response);
        }
        answer::set(&mut response, "x-amz-request-id", &meta.request_id);
        answer::set(&mut response, "x-amz-id-2", &host_id(meta));
        answer::set(&mut response, "server", "AmazonS3");
        drafts.follow(response)
    }

    async fn run(
        &self,
        mut parts: ::http::request::Parts,
        incoming: &mut incoming::Incoming,
        meta: &Meta,
        drafts: &mut record::Drafts,
    ) -> error::Result<Response> {
        let address = request::Address::of(&parts, &self.config.s3_domains)?;
        let query = request::Query::parse(parts.uri.query().unwrap_or_default())?;
        let rules =
            Rules { service: auth::Service::S3, virtual_bucket: address.virtual_host.then(|| address.bucket.clone()) };
        let verified = auth::verify(&parts, BodyView::Streaming, &rules, &*self.iam, clock::now())?;
        let (caller, scope, payload) = match verified {
            Some(v) => (Some(v.identity), v.region, v.payload),
            None => (None, None, Payload::unsigned(&parts.headers)?),
        };
        if caller.is_some() && query.has("X-Amz-Signature") {
            request::take_from_query(&query, &mut parts.headers)?;
        }
        let route = route::find(&parts.method, &address, &query, &parts.headers)?;
        let mut cx = Cx {
            s3: self,
            operation: route.name,
            parts,
            remote: meta.remote.ip(),
            meta,
            bucket: address.bucket,
            key: address.key,
            query,
            caller,
            scope,
            payload,
            incoming,
            needed_acl: Default::default(),
        };
        tracing::debug!(operation = route.name, bucket = cx.bucket, key = cx.key, "S3");
        let outcome = (route.run)(&mut cx).await;
        drafts.saw(&cx);
        outcome
    }
}

/// A second id of the request, as S3 gives one.
fn host_id(meta: &Meta) -> String {
    base64::prelude::BASE64_STANDARD.encode(format!("novella/{}/{}", meta.request_id, meta.remote.port()))
}

fn log(error: &Error, method: &Method, path: &str) {
    match error {
        Error::Objects(e @ (objects::Error::Db(_) | objects::Error::Io(_))) => {
            tracing::error!(%method, path, error = ?e, "an S3 request failed");
        }
        other => tracing::debug!(%method, path, error = %other, "an S3 request was refused"),
    }
}

/// The answer to a request that failed.
fn say(error: &Error, method: &Method, path: &str, meta: &Meta) -> Response {
    let mut response = refusal(error, method, path, meta);
    match error {
        Error::Objects(objects::Error::Deleted { version_id, .. }) => {
            answer::set(&mut response, "x-amz-delete-marker", "true");
            answer::set(&mut response, "x-amz-version-id", version_id);
        }
        Error::Objects(objects::Error::IsDeleteMarker { version_id, modified_at }) => {
            answer::set(&mut response, "x-amz-delete-marker", "true");
            answer::set(&mut response, "x-amz-version-id", version_id);
            answer::set(&mut response, "last-modified", &answer::http_date(*modified_at));
            answer::set(&mut response, "allow", "DELETE");
        }
        _ => {}
    }
    response
}

fn refusal(error: &Error, method: &Method, path: &str, meta: &Meta) -> Response {
    let wire = error.wire();
    if let Error::Objects(objects::Error::NotModified { etag, modified_at }) = error {
        let mut response = answer::empty(wire.status);
        answer::set(&mut response, "etag", &format!("\"{etag}\""));
        answer::set(&mut response, "last-modified", &answer::http_date(*modified_at));
        return response;
    }
    if *method == Method::HEAD {
        return answer::empty(wire.status);
    }
    let mut doc = Writer::bare("Error");
    doc.text("Code", wire.code).text("Message", &wire.message);
    for (name, value) in &wire.fields {
        doc.text(name, value);
    }
    doc.text("Resource", path).text("RequestId", &meta.request_id).text("HostId", host_id(meta));
    let mut response = answer::xml(doc);
    *response.status_mut() = wire.status;
    response
}
