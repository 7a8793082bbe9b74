//! A request as access checks see it: who asks, which action the operation is, and the values of condition keys.

use super::locking;
use super::request::{Query, header_text};
use crate::clock;
use crate::iam::Identity;
use crate::objects::access::{self, Ask, Ground};
use crate::objects::acl::Caller;
use crate::objects::bucket::Bucket;
use crate::objects::lock::Retention;
use crate::objects::policy::Lookup;
use crate::objects::{self, ObjectInfo};
use crate::wire::{percent, timestamp};
use http::request::Parts;
use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};

/// Milliseconds.
const DAY: i64 = 24 * 60 * 60 * 1000;

/// What is known of a request beside its body.
#[derive(Clone, Copy)]
pub struct Asking<'c> {
    pub operation: &'static str,
    pub caller: Option<&'c Identity>,
    pub parts: &'c Parts,
    pub query: &'c Query,
    pub remote: IpAddr,
    /// The version that it is about, where one is named.
    pub version: Option<&'c str>,
    /// The retention that a document asks for.
    pub retention: Option<Retention>,
    /// Becomes true when only an ACL allows what is asked for.
    pub needed_acl: &'c AtomicBool,
}

/// Operations whose action has another name than they, without `s3:`. Of the others it is the same.
const ACTIONS: [(&str, &str); 52] = [
    ("ListBuckets", "ListAllMyBuckets"),
    ("ListObjects", "ListBucket"),
    ("ListObjectsV2", "ListBucket"),
    ("HeadBucket", "ListBucket"),
    ("ListObjectVersions", "ListBucketVersions"),
    ("ListMultipartUploads", "ListBucketMultipartUploads"),
    ("ListParts", "ListMultipartUploadParts"),
    ("HeadObject", "GetObject"),
    ("CopyObject", "PutObject"),
    ("PostObject", "PutObject"),
    ("CreateMultipartUpload", "PutObject"),
    ("UploadPart", "PutObject"),
    ("UploadPartCopy", "PutObject"),
    ("CompleteMultipartUpload", "PutObject"),
    ("DeleteObjects", "DeleteObject"),
    ("SelectObjectContent", "GetObject"),
    ("GetBucketCors", "GetBucketCORS"),
    ("PutBucketCors", "PutBucketCORS"),
    ("DeleteBucketCors", "PutBucketCORS"),
    ("GetBucketLifecycleConfiguration", "GetLifecycleConfiguration"),
    ("PutBucketLifecycleConfiguration", "PutLifecycleConfiguration"),
    ("DeleteBucketLifecycle", "PutLifecycleConfiguration"),
    ("GetBucketEncryption", "GetEncryptionConfiguration"),
    ("PutBucketEncryption", "PutEncryptionConfiguration"),
    ("DeleteBucketEncryption", "PutEncryptionConfiguration"),
    ("GetBucketReplication", "GetReplicationConfiguration"),
    ("PutBucketReplication", "PutReplicationConfiguration"),
    ("DeleteBucketReplication", "PutReplicationConfiguration"),
    ("GetBucketAccelerateConfiguration", "GetAccelerateConfiguration"),
    ("PutBucketAccelerateConfiguration", "PutAccelerateConfiguration"),
    ("GetBucketNotificationConfiguration", "GetBucketNotification"),
    ("PutBucketNotificationConfiguration", "PutBucketNotification"),
    ("DeleteBucketTagging", "PutBucketTagging"),
    ("GetPublicAccessBlock", "GetBucketPublicAccessBlock"),
    ("PutPublicAccessBlock", "PutBucketPublicAccessBlock"),
    ("DeletePublicAccessBlock", "PutBucketPublicAccessBlock"),
    ("DeleteBucketOwnershipControls", "PutBucketOwnershipControls"),
    ("GetObjectLockConfiguration", "GetBucketObjectLockConfiguration"),
    ("PutObjectLockConfiguration", "PutBucketObjectLockConfiguration"),
    ("GetBucketAnalyticsConfiguration", "GetAnalyticsConfiguration"),
    ("GetBucketInventoryConfiguration", "GetInventoryConfiguration"),
    ("GetBucketMetricsConfiguration", "GetMetricsConfiguration"),
    ("GetBucketIntelligentTieringConfiguration", "GetIntelligentTieringConfiguration"),
    ("PutBucketAnalyticsConfiguration", "PutAnalyticsConfiguration"),
    ("PutBucketInventoryConfiguration", "PutInventoryConfiguration"),
    ("PutBucketMetricsConfiguration", "PutMetricsConfiguration"),
    ("DeleteBucketAnalyticsConfiguration", "PutAnalyticsConfiguration"),
    ("DeleteBucketInventoryConfiguration", "PutInventoryConfiguration"),
    ("DeleteBucketMetricsConfiguration", "PutMetricsConfiguration"),
    ("PutBucketIntelligentTieringConfiguration", "PutIntelligentTieringConfiguration"),
    ("DeleteBucketIntelligentTieringConfiguration", "PutIntelligentTieringConfiguration"),
    ("GetBucketMetadataConfiguration", "GetBucketMetadataTableConfiguration"),
];

/// Actions that have a twin for a version that is named.
const VERSIONED: [(&str, &str); 8] = [
    ("GetObject", "GetObjectVersion"),
    ("GetObjectAcl", "GetObjectVersionAcl"),
    ("PutObjectAcl", "PutObjectVersionAcl"),
    ("GetObjectAttributes", "GetObjectVersionAttributes"),
    ("GetObjectTagging", "GetObjectVersionTagging"),
    ("PutObjectTagging", "PutObjectVersionTagging"),
    ("DeleteObjectTagging", "DeleteObjectVersionTagging"),
    ("DeleteObject", "DeleteObjectVersion"),
];

/// The action of an operation, on a version that is named or not.
pub fn action(operation: &str, version: bool) -> Cow<'static, str> {
    let name = ACTIONS.iter().find(|(o, _)| *o == operation).map_or(operation, |(_, action)| action);
    let twin = VERSIONED.iter().find(|(one, _)| version && *one == name).map(|(_, twin)| *twin);
    Cow::Owned(format!("s3:{}", twin.unwrap_or(name)))
}

impl Asking<'_> {
    /// The action of the request's own operation.
    pub fn action(&self) -> Cow<'static, str> {
        action(self.operation, self.query.has("versionId"))
    }

    /// Whether the caller may do this with the bucket (`key` is empty), with a key, or with `object`; else
    /// [`objects::Error::AccessDenied`].
    pub fn may(&self, bucket: &Bucket, object: Option<&ObjectInfo>, action: &str, key: &str) -> objects::Result<()> {
        let conditions = |name: &str| self.condition(name, bucket, object);
        let ground = self.decide(bucket, object, action, key, &conditions)?;
        if ground == Ground::Acl {
            self.needed_acl.store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Whether the caller may list the bucket where `key` is: who may not is told nothing of missing keys.
    pub fn may_list(&self, bucket: &Bucket, key: &str) -> bool {
        let conditions = |name: &str| match name {
            "s3:prefix" => vec![key.to_owned()],
            other => self.condition(other, bucket, None),
        };
        self.decide(bucket, None, "s3:ListBucket", "", &conditions).is_ok()
    }

    /// Whether the bucket's policy forbids the caller this with a key, whatever else allows it.
    fn denied(&self, bucket: &Bucket, action: &str, key: &str) -> bool {
        let conditions = |name: &str| self.condition(name, bucket, None);
        access::denied(bucket, &self.ask(action, key, &conditions))
    }

    /// Whether the caller may say of a new object what the headers of a write say beside its bytes. A lock needs a right of its
    /// own; of tags and ACLs it is enough that nobody forbids them, as who may write by an ACL may give both.
    pub fn may_say(&self, bucket: &Bucket, key: &str) -> objects::Result<()> {
        let says = |start: &str| self.parts.headers.keys().any(|name| name.as_str().starts_with(start));
        let locks = [
            ("x-amz-object-lock-mode", "s3:PutObjectRetention"),
            ("x-amz-object-lock-retain-until-date", "s3:PutObjectRetention"),
            ("x-amz-object-lock-legal-hold", "s3:PutObjectLegalHold"),
        ];
        for (_, action) in locks.into_iter().filter(|(header, _)| says(header)) {
            self.may(bucket, None, action, key)?;
        }
        let more = [
            ("x-amz-tagging", "s3:PutObjectTagging"),
            ("x-amz-acl", "s3:PutObjectAcl"),
            ("x-amz-grant-", "s3:PutObjectAcl"),
        ];
        if more.into_iter().any(|(header, action)| says(header) && self.denied(bucket, action, key)) {
            return Err(objects::Error::AccessDenied);
        }
        Ok(())
    }

    fn ask<'q>(&'q self, action: &'q str, key: &'q str, conditions: Lookup<'q>) -> Ask<'q> {
        let canonical_id = self.caller.map(|c| c.canonical_id.as_str());
        Ask { caller: Caller::from(self.caller), canonical_id, action, key, conditions }
    }

    fn decide(
        &self,
        bucket: &Bucket,
        object: Option<&ObjectInfo>,
        action: &str,
        key: &str,
        conditions: &dyn Fn(&str) -> Vec<String>,
    ) -> objects::Result<Ground> {
        let outcome = access::decide(bucket, object, &self.ask(action, key, conditions));
        if outcome.is_err() {
            tracing::debug!(action, key, bucket = bucket.name, "access denied");
        }
        outcome
    }

    /// The values of a condition key.
    fn condition(&self, name: &str, bucket: &Bucket, object: Option<&ObjectInfo>) -> Vec<String> {
        let header = |name: &str| header_text(&self.parts.headers, name);
        let query = |name: &str| self.query.get(name).map(str::to_owned);
        let one = |value: Option<String>| value.into_iter().collect();
        let of_caller = |value: fn(&Identity) -> String| self.caller.map(value).into_iter().collect();
        match name {
            "aws:sourceip" => vec![self.remote.to_canonical().to_string()],
            "aws:useragent" => one(header("user-agent")),
            "aws:referer" => one(header("referer")),
            "aws:securetransport" => vec!["false".into()],
            "aws:currenttime" => vec![timestamp::iso8601_ms(clock::now())],
            "aws:epochtime" => vec![clock::now().unix_timestamp().to_string()],
            "aws:principaltype" => vec![if self.caller.is_some() { "Account" } else { "Anonymous" }.into()],
            "aws:principalaccount" | "aws:userid" => of_caller(|c| c.account.clone()),
            "aws:principalarn" => of_caller(|c| format!("arn:aws:iam::{}:root", c.account)),
            "aws:resourceaccount" | "s3:resourceaccount" => vec![bucket.owner.clone()],
            "s3:prefix" | "s3:delimiter" | "s3:max-keys" => one(query(&name[3..])),
            "s3:versionid" => one(self.version.map(str::to_owned)),
            "s3:signatureversion" => match header("authorization") {
                Some(text) if text.starts_with("AWS4-") => vec!["AWS4-HMAC-SHA256".into()],
                Some(_) => vec!["AWS".into()],
                None => one(query("X-Amz-Algorithm")),
            },
            // Milliseconds since the request was signed.
            "s3:signatureage" => {
                let signed = query("X-Amz-Date").or_else(|| header("x-amz-date"));
                let age = signed.and_then(|text| timestamp::parse(&text)).map(|at| clock::now() - at);
                one(age.filter(|_| self.caller.is_some()).map(|age| age.whole_milliseconds().max(0).to_string()))
            }
            "s3:authtype" => match (header("authorization"), self.caller) {
                (Some(_), _) => vec!["REST-HEADER".into()],
                (None, Some(_)) if self.operation == "PostObject" => vec!["POST".into()],
                (None, Some(_)) => vec!["REST-QUERY-STRING".into()],
                (None, None) => vec![],
            },
            // Policies write it with and without the first slash.
            "s3:x-amz-copy-source" => match header("x-amz-copy-source") {
                None => vec![],
                Some(raw) => {
                    let text = String::from_utf8_lossy(&percent::decode(raw.as_bytes())).into_owned();
                    let bare = text.strip_prefix('/').unwrap_or(&text).to_owned();
                    vec![format!("/{bare}"), bare]
                }
            },
            "s3:if-match" | "s3:if-none-match" => one(header(&name[3..])),
            "s3:object-lock-legal-hold" => one(header("x-amz-object-lock-legal-hold")),
            "s3:object-lock-mode" => one(self.asked_retention().map(|asked| asked.mode.name().to_owned())),
            "s3:object-lock-retain-until-date" => {
                one(self.asked_retention().map(|asked| timestamp::iso8601_ms(clock::from_ms(asked.until))))
            }
            // A day that has begun counts, so that who asks for ten days from now has asked for ten.
            "s3:object-lock-remaining-retention-days" => one(self.asked_retention().map(|asked| {
                let left = asked.until - clock::now_ms();
                (left + DAY - 1).div_euclid(DAY).to_string()
            })),
            // Parts and copies of them make no object; what completes an upload does.
            "s3:objectcreationoperation" => {
                let making = ["PutObject", "CopyObject", "PostObject", "CompleteMultipartUpload"];
                vec![making.contains(&self.operation).to_string()]
            }
            "s3:requestobjecttagkeys" => self.request_tags().into_iter().map(|(key, _)| key).collect(),
            other => {
                if let Some(wanted) = other.strip_prefix("s3:requestobjecttag/") {
                    self.request_tags().into_iter().filter(|(k, _)| k == wanted).map(|(_, v)| v).collect()
                } else if let Some(wanted) = other.strip_prefix("s3:existingobjecttag/") {
                    existing_tag(object, wanted)
                } else if let Some(amz) = other.strip_prefix("s3:").filter(|n| n.starts_with("x-amz-")) {
                    one(header(amz))
                } else {
                    vec![]
                }
            }
        }
    }

    /// The retention that the request asks for, in a document or in headers.
    fn asked_retention(&self) -> Option<Retention> {
        self.retention.or_else(|| locking::asked(&self.parts.headers).ok()?.retention)
    }

    /// The tags that a write would give its object.
    fn request_tags(&self) -> Vec<(String, String)> {
        let header = header_text(&self.parts.headers, "x-amz-tagging").unwrap_or_default();
        let text = |bytes: &[u8]| String::from_utf8_lossy(&percent::decode_form(bytes)).into_owned();
        percent::pairs(header.as_bytes()).map(|(k, v)| (text(k), text(v.unwrap_or_default()))).collect()
    }
}

/// The value of an object's tag.
fn existing_tag(object: Option<&ObjectInfo>, name: &str) -> Vec<String> {
    // Names of condition keys come in lower case.
    let tags = object.into_iter().flat_map(|info| info.tags.iter());
    tags.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_have_their_actions() {
        assert_eq!(action("ListObjectsV2", false), "s3:ListBucket");
        assert_eq!(action("HeadObject", true), "s3:GetObjectVersion");
        assert_eq!(action("DeleteObject", false), "s3:DeleteObject");
        assert_eq!(action("GetBucketPolicy", false), "s3:GetBucketPolicy");
        assert_eq!(action("PutObject", true), "s3:PutObject");
    }
}
