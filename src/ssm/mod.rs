//! The part of Systems Manager that launches of instances need: public parameters such as
//! `/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64`, under which tools look image ids up.
//!
//! The operator names them in the configuration (`[ssm_parameters]`); nobody writes them through the API. The protocol is AWS's
//! JSON 1.1: `X-Amz-Target: AmazonSSM.GetParameter` with a JSON body, errors as `{"__type": …, "message": …}`.
//!
//! Source: Systems Manager API Reference, "GetParameter", "GetParameters", "GetParametersByPath".

pub mod parameters;

use crate::config::Config;
use crate::http::{Body, Meta, Request, Response};
use crate::iam::{Iam, Identity};
use crate::{auth, clock};
use http::{StatusCode, header};
use serde_json::{Value, json};
use std::sync::Arc;

/// The largest request.
const LIMIT: usize = 64 * 1024;
/// What names of actions begin with in `X-Amz-Target`.
const TARGET: &str = "AmazonSSM.";

/// The service.
pub struct Ssm {
    config: Arc<Config>,
    iam: Arc<Iam>,
    /// Seconds since the epoch: when the parameters were read.
    since: i64,
}

/// Why a request is refused: AWS's exception and its sentence. Always with status 400.
#[derive(Debug, PartialEq, Eq)]
pub struct Refusal {
    pub exception: &'static str,
    pub message: String,
}

/// A refusal.
pub fn refuse<T>(exception: &'static str, message: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal { exception, message: message.into() })
}

impl Ssm {
    pub fn new(config: Arc<Config>, iam: Arc<Iam>) -> Ssm {
        Ssm { config, iam, since: clock::now().unix_timestamp() }
    }

    /// Answer one request.
    pub async fn handle(&self, request: Request, meta: &Meta) -> Response {
        let (parts, body) = request.into_parts();
        let result = match body.read_all(LIMIT).await {
            Ok(body) => self.answer(&parts, &body),
            Err(e) => refuse("SerializationException", e.to_string()),
        };
        let (status, document) = match result {
            Ok(document) => (StatusCode::OK, document),
            Err(refusal) => {
                tracing::info!(code = refusal.exception, message = refusal.message, "refused");
                (StatusCode::BAD_REQUEST, json!({ "__type": refusal.exception, "message": refusal.message }))
            }
        };
        let mut answer = Response::new(Body::from(document.to_string()));
        *answer.status_mut() = status;
        let headers = answer.headers_mut();
        headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/x-amz-json-1.1"));
        if let Ok(id) = header::HeaderValue::from_str(&meta.request_id) {
            headers.insert("x-amzn-requestid", id);
        }
        answer
    }

    fn answer(&self, parts: &http::request::Parts, body: &[u8]) -> Result<Value, Refusal> {
        let (_, region) = self.caller(parts, body)?;
        let target = parts.headers.get("x-amz-target").and_then(|v| v.to_str().ok()).unwrap_or_default();
        let book = parameters::Book { parameters: &self.config.ssm_parameters, region, since: self.since };
        let asked = || match serde_json::from_slice(body) {
            Ok(Value::Object(asked)) => Ok(asked),
            _ => refuse("SerializationException", "the request is no JSON object"),
        };
        match target.strip_prefix(TARGET) {
            Some("GetParameter") => book.get_parameter(&asked()?),
            Some("GetParameters") => book.get_parameters(&asked()?),
            Some("GetParametersByPath") => book.get_parameters_by_path(&asked()?),
            Some(other) => refuse("UnknownOperationException", format!("{other} is not served here")),
            None => refuse("UnknownOperationException", "no operation is named"),
        }
    }

    /// Who signed the request, and the region that it is for.
    fn caller(&self, parts: &http::request::Parts, body: &[u8]) -> Result<(Arc<Identity>, &str), Refusal> {
        let rules = auth::Rules { service: auth::Service::Sts, virtual_bucket: None };
        let verified = auth::verify(parts, auth::BodyView::Whole(body), &rules, &*self.iam, clock::now())
            .and_then(|signed| signed.ok_or(auth::Error::Unsigned));
        match verified {
            Ok(signed) => Ok((signed.identity, self.config.region(signed.region.as_deref()))),
            Err(e) => {
                let wire = e.wire(auth::Service::Sts);
                // The JSON services have names of their own for what goes wrong with signatures.
                let exception = match wire.code {
                    "MissingAuthenticationToken" => "MissingAuthenticationTokenException",
                    "InvalidClientTokenId" => "UnrecognizedClientException",
                    "SignatureDoesNotMatch" => "InvalidSignatureException",
                    _ => "IncompleteSignatureException",
                };
                refuse(exception, wire.message)
            }
        }
    }
}
