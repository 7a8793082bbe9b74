//! The website endpoint: anonymous visitors, told by a host name such as `BUCKET.s3-website-REGION.example.com`.

use super::page::{Facts, page};
use crate::auth::Payload;
use crate::http::{Body, Meta, Request, Response};
use crate::objects;
use crate::objects::website::{Moved, Site, Website};
use crate::s3::cx::Cx;
use crate::s3::error::{Error, Result};
use crate::s3::request::{self, Address, Query};
use crate::s3::{S3, answer, cors, host_id, incoming, log, ops, record};
use crate::wire::percent;
use http::request::Parts;
use http::{Method, StatusCode, header};
use std::net::IpAddr;

/// The header of an object that sends its visitors elsewhere.
const ELSEWHERE: &str = "x-amz-website-redirect-location";

/// The bucket is no website.
pub const NONE: Error = Error::NoConfiguration {
    code: "NoSuchWebsiteConfiguration",
    message: "The specified bucket does not have a website configuration",
};

/// What a visitor said that answers depend on.
struct Visit<'m> {
    method: Method,
    path: String,
    host: String,
    meta: &'m Meta,
}

impl S3 {
    /// The bucket that is a website under its own name: who visits `www.example.com` is told by the host, as a bucket of that name
    /// is meant to be. Clients of S3 itself sign, or name a bucket by the path of a host that is none.
    pub(in crate::s3) fn website_of_host(&self, parts: &Parts) -> Option<String> {
        let query = parts.uri.query().unwrap_or_default();
        let signed = parts.headers.contains_key(header::AUTHORIZATION) || query.contains("Signature=");
        if signed || ![Method::GET, Method::HEAD].contains(&parts.method) {
            return None;
        }
        let host = request::host(parts)?;
        let domain = host.contains('.') && host.parse::<IpAddr>().is_err() && !self.config.s3_domains.contains(&host);
        (domain && matches!(self.store.website(&host), Ok(Some(_)))).then_some(host)
    }

    /// Answer a visitor of this bucket's website.
    pub async fn website(&self, bucket: &str, request: Request, meta: &Meta) -> Response {
        let (mut parts, body) = request.into_parts();
        // Who visits a website is nobody in particular, whatever the browser sends along.
        parts.headers.remove(header::AUTHORIZATION);
        let visit = Visit {
            method: parts.method.clone(),
            path: parts.uri.path().to_owned(),
            host: parts.headers.get(header::HOST).and_then(|v| v.to_str().ok()).unwrap_or(bucket).to_owned(),
            meta,
        };
        let key = visit.path.strip_prefix('/').unwrap_or(&visit.path);
        let key = String::from_utf8_lossy(&percent::decode(key.as_bytes())).into_owned();
        let address = Address { bucket: bucket.to_owned(), key: key.clone(), virtual_host: true };
        let mut drafts = record::Drafts::begin(&self.store, &address, &parts, meta);
        drafts.of_website(&visit.method);
        let browser = cors::Asked::of(&parts);
        let mut incoming = incoming::Incoming::new(body);
        let mut cx = Cx {
            s3: self,
            operation: "GetObject",
            parts,
            remote: meta.remote.ip(),
            meta,
            bucket: bucket.to_owned(),
            key,
            query: Query::default(),
            caller: None,
            scope: None,
            payload: Payload::Unsigned,
            incoming: &mut incoming,
            needed_acl: Default::default(),
        };
        let outcome = match &browser {
            Some(asked) if visit.method == Method::OPTIONS => asked.preflight(&self.store, bucket),
            Some(_) | None => answer_of(&mut cx, &visit).await,
        };
        let mut response = outcome.unwrap_or_else(|e| refusal(&e, None, &visit));
        if let Some(asked) = &browser
            && visit.method != Method::OPTIONS
        {
            asked.decorate(&self.store, bucket, &mut response);
        }
        answer::set(&mut response, "x-amz-request-id", &meta.request_id);
        answer::set(&mut response, "x-amz-id-2", &host_id(meta));
        answer::set(&mut response, "server", "AmazonS3");
        drafts.follow(response)
    }
}

async fn answer_of(cx: &mut Cx<'_>, visit: &Visit<'_>) -> Result<Response> {
    if ![Method::GET, Method::HEAD].contains(&visit.method) {
        return Err(Error::MethodNotAllowed { method: visit.method.to_string(), resource: "OBJECT" });
    }
    cx.any_bucket()?;
    let site = match cx.store().website(&cx.bucket)?.ok_or(NONE)? {
        Website::RedirectAll { host, protocol } => {
            let query = cx.parts.uri.query().map(|query| format!("?{query}")).unwrap_or_default();
            let scheme = protocol.map_or("http", |p| p.name());
            return Ok(redirect(StatusCode::MOVED_PERMANENTLY, &format!("{scheme}://{host}{}{query}", visit.path)));
        }
        Website::Site(site) => site,
    };
    let key = cx.key.clone();
    if let Some(moved) = site.moved(&key, None) {
        return Ok(elsewhere(&moved, visit));
    }
    cx.key = site.object_key(&key);
    match object(cx).await {
        Ok(found) => Ok(match found.headers().get(ELSEWHERE).and_then(|v| v.to_str().ok()) {
            Some(location) => redirect(StatusCode::MOVED_PERMANENTLY, location),
            None => found,
        }),
        Err(Error::Objects(objects::Error::NotModified { etag, .. })) => {
            let mut response = answer::empty(StatusCode::NOT_MODIFIED);
            answer::etag(&mut response, &etag);
            Ok(response)
        }
        Err(error) => missed(cx, &site, &key, error, visit).await,
    }
}

/// The object as GetObject or HeadObject answers it.
async fn object(cx: &mut Cx<'_>) -> Result<Response> {
    if cx.parts.method == Method::HEAD {
        cx.operation = "HeadObject";
        ops::head_object::run(cx).await
    } else {
        ops::get_object::run(cx).await
    }
}

/// There is no object to show, for this reason.
async fn missed(cx: &mut Cx<'_>, site: &Site, key: &str, error: Error, visit: &Visit<'_>) -> Result<Response> {
    let status = error.wire().status;
    if [StatusCode::NOT_FOUND, StatusCode::FORBIDDEN].contains(&status) && is_folder(cx, site, key) {
        let facts = Facts { code: "Found", message: "Resource Found".into(), fields: vec![] };
        let mut response = page(StatusCode::FOUND, &facts, None, &visit.method, visit.meta);
        answer::set(&mut response, "location", &format!("{}/", visit.path));
        return Ok(response);
    }
    if let Some(moved) = site.moved(key, Some(status.as_u16())) {
        return Ok(elsewhere(&moved, visit));
    }
    let Some(document) = site.error.as_ref().filter(|_| status.is_client_error()) else { return Err(error) };
    cx.key.clone_from(document);
    for name in
        [header::RANGE, header::IF_MATCH, header::IF_NONE_MATCH, header::IF_MODIFIED_SINCE, header::IF_UNMODIFIED_SINCE]
    {
        cx.parts.headers.remove(name);
    }
    Ok(match object(cx).await {
        Ok(mut response) => {
            *response.status_mut() = status;
            said(&mut response, &Facts::of(&error).1);
            response
        }
        Err(second) => refusal(&error, Some(&second), visit),
    })
}

/// Whether there is no object of this key, but an index that the visitor may see makes it a folder.
fn is_folder(cx: &mut Cx<'_>, site: &Site, key: &str) -> bool {
    let Some(folder) = site.folder_key(key) else { return false };
    cx.key = folder;
    cx.store().find(&cx.bucket, key, None).is_err() && cx.object().is_ok()
}

/// Tell an error in headers too.
fn said(response: &mut Response, facts: &Facts) {
    answer::set(response, "x-amz-error-code", facts.code);
    answer::set(response, "x-amz-error-message", &facts.message);
    for (name, value) in &facts.fields {
        answer::set(response, &format!("x-amz-error-detail-{name}").to_ascii_lowercase(), value);
    }
}

/// The page of an error; `second` is why it is not the website's own.
fn refusal(error: &Error, second: Option<&Error>, visit: &Visit<'_>) -> Response {
    log(error, &visit.method, &visit.path);
    let (status, facts) = Facts::of(error);
    let second = second.map(|e| Facts::of(e).1);
    let mut response = page(status, &facts, second.as_ref(), &visit.method, visit.meta);
    said(&mut response, &facts);
    response
}

fn elsewhere(moved: &Moved, visit: &Visit<'_>) -> Response {
    let scheme = moved.protocol.map_or("http", |p| p.name());
    let host = moved.host.as_deref().unwrap_or(&visit.host);
    let status = StatusCode::from_u16(moved.status).unwrap_or(StatusCode::MOVED_PERMANENTLY);
    redirect(status, &format!("{scheme}://{host}/{}", percent::encode_path(moved.key.as_bytes())))
}

fn redirect(status: StatusCode, location: &str) -> Response {
    let mut response = answer::with_body(status, Body::empty());
    answer::set(&mut response, "location", location);
    answer::set(&mut response, "content-length", "0");
    response
}
