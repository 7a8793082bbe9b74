//! What can happen, and the JSON that tells it.

use super::Changed;
use crate::objects::bucket::Bucket;
use crate::wire::{percent, timestamp};
use serde_json::{Value, json};
use time::OffsetDateTime;

/// Something that happened to an object.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Event {
    #[default]
    Put,
    Post,
    Copy,
    CompleteMultipartUpload,
    Delete,
    DeleteMarkerCreated,
    TaggingPut,
    TaggingDelete,
    AclPut,
    ExpirationDelete,
    ExpirationDeleteMarkerCreated,
    Transition,
}

/// Each with its name behind `s3:`, the version of its record, EventBridge's detail type and reason.
const EVENTS: [(Event, &str, &str, &str, &str); 12] = [
    (Event::Put, "ObjectCreated:Put", "2.1", "Object Created", "PutObject"),
    (Event::Post, "ObjectCreated:Post", "2.1", "Object Created", "POST Object"),
    (Event::Copy, "ObjectCreated:Copy", "2.1", "Object Created", "CopyObject"),
    (
        Event::CompleteMultipartUpload,
        "ObjectCreated:CompleteMultipartUpload",
        "2.1",
        "Object Created",
        "CompleteMultipartUpload",
    ),
    (Event::Delete, "ObjectRemoved:Delete", "2.1", "Object Deleted", "DeleteObject"),
    (Event::DeleteMarkerCreated, "ObjectRemoved:DeleteMarkerCreated", "2.1", "Object Deleted", "DeleteObject"),
    (Event::TaggingPut, "ObjectTagging:Put", "2.3", "Object Tags Added", "PutObjectTagging"),
    (Event::TaggingDelete, "ObjectTagging:Delete", "2.3", "Object Tags Deleted", "DeleteObjectTagging"),
    (Event::AclPut, "ObjectAcl:Put", "2.3", "Object ACL Updated", "PutObjectAcl"),
    (Event::ExpirationDelete, "LifecycleExpiration:Delete", "2.3", "Object Deleted", "Lifecycle Expiration"),
    (
        Event::ExpirationDeleteMarkerCreated,
        "LifecycleExpiration:DeleteMarkerCreated",
        "2.3",
        "Object Deleted",
        "Lifecycle Expiration",
    ),
    (Event::Transition, "LifecycleTransition", "2.3", "Object Storage Class Changed", "Lifecycle Transition"),
];

impl Event {
    /// As records name it: `ObjectCreated:Put`.
    pub fn name(self) -> &'static str {
        self.row().1
    }

    fn row(self) -> &'static (Event, &'static str, &'static str, &'static str, &'static str) {
        EVENTS.iter().find(|(event, ..)| *event == self).expect("every event has a row")
    }

    /// The same when a lifecycle rule did it.
    pub fn by_rule(self) -> Event {
        match self {
            Event::Delete => Event::ExpirationDelete,
            Event::DeleteMarkerCreated => Event::ExpirationDeleteMarkerCreated,
            other => other,
        }
    }

    /// What is deleted by a marker that is put before it.
    fn marks(self) -> bool {
        matches!(self, Event::DeleteMarkerCreated | Event::ExpirationDeleteMarkerCreated)
    }
}

/// The request that caused a change. Empty texts: nobody's, a rule's say.
#[derive(Debug, Clone, Default)]
pub struct Cause {
    pub event: Event,
    /// Account id of the caller.
    pub account: String,
    pub source_ip: String,
    pub request_id: String,
    pub host_id: String,
}

impl Cause {
    /// Nobody's.
    pub fn of(event: Event) -> Cause {
        Cause { event, ..Cause::default() }
    }

    /// Who did it, as records name it.
    fn principal(&self) -> String {
        match self.account.as_str() {
            "" if self.request_id.is_empty() => "s3.amazonaws.com".into(),
            "" => "Anonymous".into(),
            account => format!("AWS:{account}"),
        }
    }
}

fn sequencer(changed: &Changed<'_>) -> String {
    format!("{:018X}", changed.number.unwrap_or_default())
}

/// The fields of the object that have a value.
fn object(pairs: [(&str, Option<Value>); 5]) -> Value {
    Value::Object(pairs.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect())
}

/// The MD5 of nothing, which a delete marker has for an ETag.
const OF_NOTHING: &str = "d41d8cd98f00b204e9800998ecf8427e";

/// The record for queues, topics and functions; `rule` is the id of the one that has it told.
pub fn record(
    bucket: &Bucket,
    rule: &str,
    event: Event,
    changed: &Changed<'_>,
    cause: &Cause,
    now: OffsetDateTime,
) -> String {
    let (_, name, version, _, _) = event.row();
    let key = percent::encode_path(changed.key.as_bytes()).replace("%20", "+");
    let etag = if event.marks() { Some(OF_NOTHING) } else { changed.etag };
    let object = object([
        ("key", Some(json!(key))),
        ("size", changed.size.map(Value::from)),
        ("eTag", etag.map(Value::from)),
        ("versionId", changed.version_id.map(Value::from)),
        ("sequencer", Some(json!(sequencer(changed)))),
    ]);
    let record = json!({
        "eventVersion": version,
        "eventSource": "aws:s3",
        "awsRegion": bucket.region,
        "eventTime": timestamp::iso8601_ms(now),
        "eventName": name,
        "userIdentity": {"principalId": cause.principal()},
        "requestParameters": {"sourceIPAddress": cause.source_ip},
        "responseElements": {"x-amz-request-id": cause.request_id, "x-amz-id-2": cause.host_id},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": rule,
            "bucket": {
                "name": bucket.name,
                "ownerIdentity": {"principalId": bucket.owner},
                "arn": format!("arn:aws:s3:::{}", bucket.name),
            },
            "object": object,
        },
    });
    json!({"Records": [record]}).to_string()
}

/// The event for EventBridge, whose keys are plain.
pub fn bridged(bucket: &Bucket, event: Event, changed: &Changed<'_>, cause: &Cause, now: OffsetDateTime) -> String {
    let (_, _, _, kind, reason) = event.row();
    let object = object([
        ("key", Some(json!(changed.key))),
        ("size", changed.size.map(Value::from)),
        ("etag", changed.etag.map(Value::from)),
        ("version-id", changed.version_id.map(Value::from)),
        ("sequencer", Some(json!(sequencer(changed)))),
    ]);
    let mut detail = json!({
        "version": "0",
        "bucket": {"name": bucket.name},
        "object": object,
        "request-id": cause.request_id,
        "requester": if cause.account.is_empty() { "s3.amazonaws.com" } else { &cause.account },
        "source-ip-address": cause.source_ip,
        "reason": reason,
    });
    if *kind == "Object Deleted" {
        detail["deletion-type"] = json!(if event.marks() { "Delete Marker Created" } else { "Permanently Deleted" });
    }
    json!({
        "version": "0",
        "id": crate::id::uuid(),
        "detail-type": kind,
        "source": "aws.s3",
        "account": bucket.owner,
        "time": timestamp::iso8601(now),
        "region": bucket.region,
        "resources": [format!("arn:aws:s3:::{}", bucket.name)],
        "detail": detail,
    })
    .to_string()
}

/// What a destination is told when it is configured.
pub fn test(bucket: &str, cause: &Cause, now: OffsetDateTime) -> String {
    json!({
        "Service": "Amazon S3",
        "Event": "s3:TestEvent",
        "Time": timestamp::iso8601_ms(now),
        "Bucket": bucket,
        "RequestId": cause.request_id,
        "HostId": cause.host_id,
    })
    .to_string()
}
