//! What an operation has at hand.

use super::S3;
use super::error::{Error, Result, invalid_argument};
use super::incoming::Incoming;
use super::permission::Asking;
use super::request::{Query, header_text};
use crate::auth::Payload;
use crate::http::Meta;
use crate::iam::{self, Identity};
use crate::objects::bucket::Bucket;
use crate::objects::notification::{Cause, Event};
use crate::objects::{self, ObjectInfo, Store};
use crate::wire::s3_xml::Writer;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// One request under way.
pub struct Cx<'r> {
    pub s3: &'r S3,
    /// As AWS names it.
    pub operation: &'static str,
    pub parts: http::request::Parts,
    pub remote: std::net::IpAddr,
    pub meta: &'r Meta,
    /// Empty: the service itself.
    pub bucket: String,
    /// Empty: the bucket itself.
    pub key: String,
    pub query: Query,
    /// `None`: anonymous.
    pub caller: Option<Arc<Identity>>,
    /// The region of the signature's scope, as sent.
    pub scope: Option<String>,
    pub payload: Payload,
    pub incoming: &'r mut Incoming,
    /// Something that was asked for was allowed by an ACL only.
    pub needed_acl: AtomicBool,
}

/// Who owns something, as documents say it.
pub struct Owner {
    pub id: String,
    pub name: String,
}

/// Whether owners are shown with their display name. AWS stopped in 2025; older clients and test suites want it.
const DISPLAY_NAMES: bool = true;

impl Owner {
    /// `<Owner>`, `<Initiator>` or `<Grantee>`'s inside.
    pub fn write(&self, document: &mut Writer) {
        document.text("ID", &self.id);
        if DISPLAY_NAMES {
            document.text("DisplayName", &self.name);
        }
    }
}

impl Cx<'_> {
    pub fn store(&self) -> &Arc<Store> {
        &self.s3.store
    }

    /// The request, as access checks see it.
    pub fn asking(&self) -> Asking<'_> {
        Asking {
            operation: self.operation,
            caller: self.caller.as_deref(),
            parts: &self.parts,
            query: &self.query,
            remote: self.remote,
            version: self.query.get("versionId"),
            retention: None,
            needed_acl: &self.needed_acl,
        }
    }

    /// Whether the caller may do this request's own operation with its bucket, or with `object` of it.
    pub fn allow(&self, bucket: &Bucket, object: Option<&ObjectInfo>) -> Result<()> {
        let action = self.asking().action();
        Ok(self.asking().may(bucket, object, &action, &self.key)?)
    }

    /// The caller's account; anonymous callers own nothing.
    pub fn account(&self) -> Result<&str> {
        match &self.caller {
            Some(identity) => Ok(&identity.account),
            None => Err(objects::Error::AccessDenied.into()),
        }
    }

    /// Whether the request asks to bypass governance of this key, by somebody who may.
    pub fn bypasses_governance(&self, bucket: &Bucket, key: &str) -> bool {
        let header = self.header("x-amz-bypass-governance-retention");
        let asked = header.is_some_and(|v| v.trim().eq_ignore_ascii_case("true"));
        asked && self.asking().may(bucket, None, "s3:BypassGovernanceRetention", key).is_ok()
    }

    /// The account that writes: an anonymous writer's objects are the bucket owner's.
    pub fn writer(&self, bucket: &Bucket) -> String {
        self.caller.as_ref().map_or_else(|| bucket.owner.clone(), |identity| identity.account.clone())
    }

    /// This request as the cause of a change, for events of the bucket; `None`: it tells nobody.
    pub fn cause(&self, bucket: &Bucket, event: Event) -> Option<Box<Cause>> {
        (!bucket.notification.is_empty()).then(|| Box::new(self.new_cause(event)))
    }

    /// This request as the cause of a change.
    pub fn new_cause(&self, event: Event) -> Cause {
        Cause {
            event,
            account: self.caller.as_ref().map(|caller| caller.account.clone()).unwrap_or_default(),
            source_ip: self.remote.to_canonical().to_string(),
            request_id: self.meta.request_id.clone(),
            host_id: super::host_id(self.meta),
        }
    }

    pub fn header(&self, name: &str) -> Option<String> {
        header_text(&self.parts.headers, name)
    }

    /// The version that the request names.
    pub fn version(&self) -> Option<String> {
        self.query.get("versionId").map(str::to_owned)
    }

    /// The region that this request is for.
    pub fn region(&self) -> &str {
        self.s3.config.region(self.scope.as_deref())
    }

    /// The request's bucket, if the caller may do this operation with it and it has the expected owner.
    pub fn bucket(&self) -> Result<Bucket> {
        let bucket = self.any_bucket()?;
        self.allow(&bucket, None)?;
        Ok(bucket)
    }

    /// The request's bucket, whoever asks: for operations on objects, which have rights of their own.
    pub fn any_bucket(&self) -> Result<Bucket> {
        let bucket = self.store().bucket(&self.bucket)?;
        match self.header("x-amz-expected-bucket-owner") {
            Some(expected) if expected != bucket.owner => Err(objects::Error::AccessDenied.into()),
            Some(_) | None => Ok(bucket),
        }
    }

    /// The request's object, if the caller may do this operation with it. Who may not list the bucket does not learn that
    /// an object is missing.
    pub fn object(&self) -> Result<(Bucket, ObjectInfo)> {
        let bucket = self.any_bucket()?;
        let info =
            self.store().find(&self.bucket, &self.key, self.version().as_deref()).map_err(|e| self.hide(&bucket, e))?;
        self.allow(&bucket, Some(&info))?;
        Ok((bucket, info))
    }

    /// A missing key is no news for who may not list the bucket.
    pub fn hide(&self, bucket: &Bucket, error: objects::Error) -> Error {
        match error {
            objects::Error::NoSuchKey(_)
            | objects::Error::Deleted { .. }
            | objects::Error::NoSuchVersion { .. }
            | objects::Error::IsDeleteMarker { .. }
                if !self.asking().may_list(bucket, &self.key) =>
            {
                objects::Error::AccessDenied.into()
            }
            other => other.into(),
        }
    }

    /// How documents call an account.
    pub fn owner(&self, account: &str) -> Owner {
        match self.s3.iam.of_account(account) {
            Some(identity) => Owner { id: identity.canonical_id.clone(), name: identity.name.clone() },
            None => Owner { id: iam::canonical_id(account), name: account.to_owned() },
        }
    }

    /// A number of the query, cut to `most`; `default` when absent.
    pub fn number(&self, name: &'static str, default: u32, most: u32) -> Result<u32> {
        match self.query.get(name) {
            None | Some("") => Ok(default),
            Some(text) => match text.parse::<i64>() {
                Ok(n) if (0..=i64::from(i32::MAX)).contains(&n) => Ok((n as u32).min(most)),
                Ok(_) => Err(invalid_argument(
                    name,
                    text,
                    format!("Argument {name} must be an integer between 0 and {}", i32::MAX),
                )),
                Err(_) => {
                    Err(invalid_argument(name, text, format!("Provided {name} not an integer or within integer range")))
                }
            },
        }
    }
}
