//! The EC2 and STS Query services, on one page:
//!
//! ```text
//! form -> verify -> lookup -> read -> finish -> run -> render
//! ```
//!
//! An action (one file in `actions`) reads its parameters and does its work. What every action would repeat is done
//! here: who calls, which region, the version, parameters that nobody knows, `DryRun`, the answer's and the error's
//! form, the log. What several actions share is beside it: `filter`, `page`, `tagging`.

mod absent;
mod acl_entries;
pub mod actions;
mod addresses;
mod allowed_images;
mod attribute;
mod capacity;
mod cidr_blocks;
mod describe;
mod endpoints;
mod error;
mod error_of_ids;
mod error_of_rooms;
mod event_tags;
pub mod filter;
mod fleets;
mod gateways;
mod groups;
mod hosts;
mod id_formats;
mod idempotency;
mod image_tasks;
mod images;
mod instances;
mod interfaces;
mod key_pairs;
mod launch;
mod launch_disks;
mod launch_interfaces;
mod nat_gateways;
pub mod page;
mod peerings;
mod prefix_lists;
mod profiles;
pub mod registry;
mod requirements;
mod resource;
mod route_tables;
mod sharing;
mod snapshots;
mod spot;
pub mod tagging;
mod template_of;
mod templates;
mod unsuccessful;
mod volumes;
mod zone;

pub use error::Error;

use crate::cloud::Cloud;
use crate::http::{Body, Meta, Request, Response};
use crate::iam::Identity;
use crate::network;
use crate::wire::query::Form;
use crate::wire::{ec2_xml, query};
use crate::{auth, clock, db};
use bytes::Bytes;
use http::{StatusCode, header};
use registry::{Entry, Service};
use serde::Serialize;
use std::borrow::Cow;
use std::sync::Arc;
use time::OffsetDateTime;
use tracing::Instrument;

/// What an action may use.
pub struct Cx {
    pub cloud: Arc<Cloud>,
    pub caller: Arc<Identity>,
    pub region: String,
    pub request_id: String,
    /// The API version of the request, as its answer repeats it.
    pub version: String,
    pub now: OffsetDateTime,
    /// Host and port under which the client reached us.
    pub endpoint: String,
}

impl Cx {
    /// Full names of the region's zones.
    pub fn zones(&self) -> Vec<String> {
        self.cloud.config.zones_of(&self.region)
    }

    /// Hand the caller's region over with its default VPC, if that was not done yet: before anything of networks is looked at.
    pub async fn begin_region(&self) -> Result<(), Error> {
        let (account, region, zones) = (self.caller.account.clone(), self.region.clone(), self.zones());
        if self.cloud.db.read(|c| db::network::has_begun(c, &account, &region))? {
            return Ok(());
        }
        Ok(self.cloud.db.write(move |c| network::begin_region(c, &account, &region, &zones)).await?)
    }

    /// Read networks: `job` has the connection, the caller's account and the region.
    pub async fn look<T>(
        &self,
        job: impl FnOnce(&db::Conn, &str, &str) -> Result<T, Error> + Send,
    ) -> Result<T, Error> {
        self.begin_region().await?;
        self.cloud.db.read(|c| job(c, &self.caller.account, &self.region))
    }

    /// Change networks in one transaction; `job` is as in [`Cx::look`].
    pub async fn change<T: Send + 'static>(
        &self,
        job: impl FnOnce(&db::Conn, &str, &str) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.begin_region().await?;
        let (account, region) = (self.caller.account.clone(), self.region.clone());
        let done = self.cloud.db.write(move |c| job(c, &account, &region)).await?;
        self.cloud.network.wake();
        Ok(done)
    }
}

/// The answer of an action that has nothing to tell: `<return>true</return>`.
#[derive(Serialize)]
pub struct Done {
    #[serde(rename = "return")]
    done: bool,
}

impl Done {
    pub const YES: Done = Done { done: true };
}

/// The largest form: user data of 16 KiB and a thousand parameters fit many times.
const FORM_LIMIT: usize = 1 << 20;
/// The version that a request without one means.
const DEFAULT_VERSION: &str = "2016-11-15";
/// STS has had this one only.
const STS_VERSION: &str = "2011-06-15";

/// The service: both EC2 and STS.
pub struct Ec2 {
    cloud: Arc<Cloud>,
}

/// A refusal as the client hears it.
struct Fault {
    code: &'static str,
    status: StatusCode,
    message: Cow<'static, str>,
}

impl From<Error> for Fault {
    fn from(e: Error) -> Fault {
        let (code, status) = e.wire();
        if code == error::INTERNAL_ERROR {
            tracing::error!(cause = %e, "an action failed");
            return Fault { code, status, message: "An internal error has occurred".into() };
        }
        Fault { code, status, message: e.to_string().into() }
    }
}

impl From<query::Error> for Fault {
    fn from(e: query::Error) -> Fault {
        Error::from(e).into()
    }
}

impl Ec2 {
    pub fn new(cloud: Arc<Cloud>) -> Ec2 {
        Ec2 { cloud }
    }

    /// Answer one request: a form in a POST's body, parameters in the URL's query, or both.
    pub async fn handle(&self, request: Request, meta: &Meta) -> Response {
        let (parts, body) = request.into_parts();
        match body.read_all(FORM_LIMIT).await {
            Ok(form) => self.answer_form(&parts, form, meta).await,
            Err(e) => {
                let fault = Fault {
                    code: "RequestEntityTooLarge",
                    status: StatusCode::PAYLOAD_TOO_LARGE,
                    message: e.to_string().into(),
                };
                render(Service::Ec2, Err(fault), &meta.request_id)
            }
        }
    }

    async fn answer_form(&self, parts: &http::request::Parts, form: Bytes, meta: &Meta) -> Response {
        let query = parts.uri.query().unwrap_or_default().as_bytes();
        let span = tracing::info_span!("ec2", action = tracing::field::Empty, account = tracing::field::Empty);
        let (service, result) = match Form::parse(&[query, &form]) {
            Ok(parsed) => {
                let action = parsed.params().opt("Action").unwrap_or_default().to_owned();
                let entry = actions::find(&action);
                let sts = parsed.params().opt("Version") == Some(STS_VERSION);
                let service = entry.map_or(if sts { Service::Sts } else { Service::Ec2 }, |entry| entry.service);
                let known = entry.ok_or(action);
                (service, self.answer(parts, &form, parsed, known, service, meta).instrument(span.clone()).await)
            }
            Err(e) => (Service::Ec2, Err(e.into())),
        };
        span.in_scope(|| match &result {
            Ok(_) => tracing::debug!("answered"),
            Err(fault) => tracing::info!(code = fault.code, message = %fault.message, "refused"),
        });
        render(service, result, &meta.request_id)
    }

    /// The answer's XML. `known` is the registry's entry, or the name that it does not have.
    async fn answer(
        &self,
        parts: &http::request::Parts,
        body: &[u8],
        form: Form,
        known: Result<&'static Entry, String>,
        service: Service,
        meta: &Meta,
    ) -> Result<String, Fault> {
        let now = clock::now();
        let auth_service = match service {
            Service::Ec2 => auth::Service::Ec2,
            Service::Sts => auth::Service::Sts,
        };
        let rules = auth::Rules { service: auth_service, virtual_bucket: None };
        let verified = auth::verify(parts, auth::BodyView::Whole(body), &rules, &*self.cloud.iam, now)
            .and_then(|signed| signed.ok_or(auth::Error::Unsigned))
            .map_err(|e| {
                tracing::debug!(reason = %e, "not authenticated");
                let wire = e.wire(auth_service);
                Fault { code: wire.code, status: wire.status, message: wire.message }
            })?;
        let region = self.cloud.config.region(verified.region.as_deref()).to_owned();
        let endpoint = parts.headers.get(header::HOST).and_then(|h| h.to_str().ok()).unwrap_or_default().to_owned();
        let cx = Cx {
            cloud: self.cloud.clone(),
            caller: verified.identity,
            region,
            request_id: meta.request_id.clone(),
            version: version(&form, service)?,
            now,
            endpoint,
        };
        perform(&cx, known, form).await
    }
}

/// What follows once the caller is known: read, finish, run.
async fn perform(cx: &Cx, known: Result<&'static Entry, String>, form: Form) -> Result<String, Fault> {
    let entry = known.map_err(registry::unserved)?;
    let span = tracing::Span::current();
    span.record("action", entry.name).record("account", &cx.caller.account);
    let ready = {
        entry.check(&form)?;
        let params = form.params();
        let dry_run = entry.service == Service::Ec2 && params.opt_bool("DryRun")?.unwrap_or(false);
        let ready = (entry.read)(&params)?;
        form.finish()?;
        if dry_run {
            return Err(Error::DryRun.into());
        }
        ready
    };
    Ok(ready(cx).await?)
}

/// What is no parameter of any action: the dispatcher's own, and the signature's.
const COMMON: &[&str] = &[
    "Action",
    "Version",
    "AWSAccessKeyId",
    "Signature",
    "SignatureMethod",
    "SignatureVersion",
    "Timestamp",
    "Expires",
    "SecurityToken",
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-SignedHeaders",
    "X-Amz-Signature",
    "X-Amz-Security-Token",
    "X-Amz-Content-Sha256",
];

fn version(form: &Form, service: Service) -> Result<String, Error> {
    let default = match service {
        Service::Ec2 => DEFAULT_VERSION,
        Service::Sts => STS_VERSION,
    };
    let version = form.params().opt("Version").filter(|v| !v.is_empty()).unwrap_or(default);
    let date = version.len() == 10
        && version.bytes().enumerate().all(|(n, b)| if n == 4 || n == 7 { b == b'-' } else { b.is_ascii_digit() });
    if date { Ok(version.to_owned()) } else { Err(Error::NoSuchVersion(version.to_owned())) }
}

fn render(service: Service, result: Result<String, Fault>, request_id: &str) -> Response {
    let (status, xml) = match result {
        Ok(xml) => (StatusCode::OK, xml),
        Err(Fault { code, status, message }) => {
            let xml = match service {
                Service::Ec2 => ec2_xml::error(code, &message, request_id),
                Service::Sts => ec2_xml::sts_error(code, &message, status.is_client_error(), request_id),
            };
            (status, xml)
        }
    };
    let mut answer = Response::new(Body::from(xml));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("text/xml;charset=UTF-8"));
    headers.insert(header::SERVER, header::HeaderValue::from_static("AmazonEC2"));
    headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-cache, no-store"));
    if let Ok(id) = header::HeaderValue::from_str(request_id) {
        headers.insert("x-amzn-requestid", id);
    }
    answer
}

#[cfg(test)]
pub(crate) mod tests;
