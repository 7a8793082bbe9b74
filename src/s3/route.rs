//! The route table: method, target and sub-resource decide the operation. It is also the list of what is built.

use super::cx::Cx;
use super::error::{Error, Result, invalid_argument};
use super::ops;
use super::request::{Address, Query};
use crate::http::Response;
use crate::objects::version;
use http::{HeaderMap, Method};
use std::future::Future;
use std::pin::Pin;

/// What a request addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    Service,
    Bucket,
    Object,
}

impl Target {
    fn of(address: &Address) -> Target {
        match (address.bucket.is_empty(), address.key.is_empty()) {
            (true, _) => Target::Service,
            (false, true) => Target::Bucket,
            (false, false) => Target::Object,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Target::Service => "SERVICE",
            Target::Bucket => "BUCKET",
            Target::Object => "OBJECT",
        }
    }
}

pub type Answer<'a> = Pin<Box<dyn Future<Output = Result<Response>> + Send + 'a>>;
pub(super) type Run = for<'a, 'r> fn(&'a mut Cx<'r>) -> Answer<'a>;

/// One operation and the requests that mean it.
pub struct Route {
    /// As AWS names it.
    pub name: &'static str,
    pub method: Method,
    pub target: Target,
    /// Query names that must be there. A sub-resource that is not among them excludes the route.
    pub query: &'static [&'static str],
    /// A header that must be there.
    pub header: Option<&'static str>,
    pub(super) run: Run,
}

macro_rules! routes {
    ($( $name:literal $method:ident $target:ident $query:tt $($header:literal)? => $op:ident )*) => {
        &[$( Route {
            name: $name,
            method: Method::$method,
            target: Target::$target,
            query: &$query,
            header: routes!(@header $($header)?),
            run: |cx| Box::pin(ops::$op::run(cx)),
        } ),*]
    };
    (@header) => { None };
    (@header $header:literal) => { Some($header) };
}

/// Every route; of two that match, the first counts.
pub static ROUTES: &[Route] = routes! {
    "ListBuckets" GET Service [] => list_buckets

    "ListObjectsV2" GET Bucket ["list-type"] => list_objects_v2
    "ListObjects" GET Bucket [] => list_objects
    "ListObjectVersions" GET Bucket ["versions"] => list_object_versions
    "ListMultipartUploads" GET Bucket ["uploads"] => list_multipart_uploads
    "GetBucketLocation" GET Bucket ["location"] => get_bucket_location
    "GetBucketAcl" GET Bucket ["acl"] => get_bucket_acl
    "HeadBucket" HEAD Bucket [] => head_bucket
    "PutBucketAcl" PUT Bucket ["acl"] => put_bucket_acl
    "CreateBucket" PUT Bucket [] => create_bucket
    "DeleteBucket" DELETE Bucket [] => delete_bucket
    "PostObject" POST Bucket [] => post_object
    "DeleteObjects" POST Bucket ["delete"] => delete_objects

    "GetBucketPolicy" GET Bucket ["policy"] => get_bucket_policy
    "PutBucketPolicy" PUT Bucket ["policy"] => put_bucket_policy
    "DeleteBucketPolicy" DELETE Bucket ["policy"] => delete_bucket_policy
    "GetBucketPolicyStatus" GET Bucket ["policyStatus"] => get_bucket_policy_status
    "GetPublicAccessBlock" GET Bucket ["publicAccessBlock"] => get_public_access_block
    "PutPublicAccessBlock" PUT Bucket ["publicAccessBlock"] => put_public_access_block
    "DeletePublicAccessBlock" DELETE Bucket ["publicAccessBlock"] => delete_public_access_block
    "GetBucketOwnershipControls" GET Bucket ["ownershipControls"] => get_bucket_ownership_controls
    "PutBucketOwnershipControls" PUT Bucket ["ownershipControls"] => put_bucket_ownership_controls
    "DeleteBucketOwnershipControls" DELETE Bucket ["ownershipControls"] => delete_bucket_ownership_controls
    "GetBucketCors" GET Bucket ["cors"] => get_bucket_cors
    "PutBucketCors" PUT Bucket ["cors"] => put_bucket_cors
    "DeleteBucketCors" DELETE Bucket ["cors"] => delete_bucket_cors
    "GetBucketRequestPayment" GET Bucket ["requestPayment"] => request_payment
    "PutBucketRequestPayment" PUT Bucket ["requestPayment"] => request_payment
    "GetBucketAccelerateConfiguration" GET Bucket ["accelerate"] => accelerate
    "PutBucketAccelerateConfiguration" PUT Bucket ["accelerate"] => accelerate
    "GetBucketAnalyticsConfiguration" GET Bucket ["analytics"] => bucket_reports
    "PutBucketAnalyticsConfiguration" PUT Bucket ["analytics"] => bucket_reports
    "DeleteBucketAnalyticsConfiguration" DELETE Bucket ["analytics"] => bucket_reports
    "GetBucketInventoryConfiguration" GET Bucket ["inventory"] => bucket_reports
    "PutBucketInventoryConfiguration" PUT Bucket ["inventory"] => bucket_reports
    "DeleteBucketInventoryConfiguration" DELETE Bucket ["inventory"] => bucket_reports
    "GetBucketMetricsConfiguration" GET Bucket ["metrics"] => bucket_reports
    "PutBucketMetricsConfiguration" PUT Bucket ["metrics"] => bucket_reports
    "DeleteBucketMetricsConfiguration" DELETE Bucket ["metrics"] => bucket_reports
    "GetBucketIntelligentTieringConfiguration" GET Bucket ["intelligent-tiering"] => bucket_reports
    "PutBucketIntelligentTieringConfiguration" PUT Bucket ["intelligent-tiering"] => bucket_reports
    "DeleteBucketIntelligentTieringConfiguration" DELETE Bucket ["intelligent-tiering"] => bucket_reports
    "GetBucketVersioning" GET Bucket ["versioning"] => get_bucket_versioning
    "PutBucketVersioning" PUT Bucket ["versioning"] => put_bucket_versioning
    "PutObjectLockConfiguration" PUT Bucket ["object-lock"] => put_object_lock_configuration
    "PutBucketTagging" PUT Bucket ["tagging"] => put_bucket_tagging
    "DeleteBucketTagging" DELETE Bucket ["tagging"] => delete_bucket_tagging
    "GetBucketLogging" GET Bucket ["logging"] => bucket_logging
    "PutBucketLogging" PUT Bucket ["logging"] => bucket_logging
    "GetBucketNotificationConfiguration" GET Bucket ["notification"] => bucket_notification
    "PutBucketNotificationConfiguration" PUT Bucket ["notification"] => bucket_notification
    "GetBucketTagging" GET Bucket ["tagging"] => get_bucket_tagging
    "GetBucketLifecycleConfiguration" GET Bucket ["lifecycle"] => get_bucket_lifecycle_configuration
    "PutBucketLifecycleConfiguration" PUT Bucket ["lifecycle"] => put_bucket_lifecycle_configuration
    "DeleteBucketLifecycle" DELETE Bucket ["lifecycle"] => delete_bucket_lifecycle
    "GetBucketWebsite" GET Bucket ["website"] => bucket_website
    "PutBucketWebsite" PUT Bucket ["website"] => bucket_website
    "DeleteBucketWebsite" DELETE Bucket ["website"] => bucket_website
    "GetBucketReplication" GET Bucket ["replication"] => bucket_replication
    "PutBucketReplication" PUT Bucket ["replication"] => bucket_replication
    "DeleteBucketReplication" DELETE Bucket ["replication"] => bucket_replication
    "GetBucketMetadataConfiguration" GET Bucket ["metadataConfiguration"] => bucket_defaults
    "GetBucketMetadataTableConfiguration" GET Bucket ["metadataTable"] => bucket_defaults
    "GetBucketAbac" GET Bucket ["abac"] => bucket_defaults
    "GetBucketEncryption" GET Bucket ["encryption"] => get_bucket_encryption
    "PutBucketEncryption" PUT Bucket ["encryption"] => put_bucket_encryption
    "DeleteBucketEncryption" DELETE Bucket ["encryption"] => delete_bucket_encryption
    "GetObjectLockConfiguration" GET Bucket ["object-lock"] => get_object_lock_configuration

    "ListParts" GET Object ["uploadId"] => list_parts
    "GetObjectAcl" GET Object ["acl"] => get_object_acl
    "GetObjectAttributes" GET Object ["attributes"] => get_object_attributes
    "GetObjectTagging" GET Object ["tagging"] => get_object_tagging
    "PutObjectTagging" PUT Object ["tagging"] => put_object_tagging
    "DeleteObjectTagging" DELETE Object ["tagging"] => delete_object_tagging
    "GetObjectRetention" GET Object ["retention"] => get_object_retention
    "PutObjectRetention" PUT Object ["retention"] => put_object_retention
    "GetObjectLegalHold" GET Object ["legal-hold"] => get_object_legal_hold
    "PutObjectLegalHold" PUT Object ["legal-hold"] => put_object_legal_hold
    "GetObjectTorrent" GET Object ["torrent"] => get_object_torrent
    "RestoreObject" POST Object ["restore"] => restore_object
    "SelectObjectContent" POST Object ["select"] => select_object_content
    "GetObject" GET Object [] => get_object
    "HeadObject" HEAD Object [] => head_object
    "UploadPartCopy" PUT Object ["partNumber", "uploadId"] "x-amz-copy-source" => upload_part_copy
    "UploadPart" PUT Object ["partNumber", "uploadId"] => upload_part
    "UpdateObjectEncryption" PUT Object ["encryption"] => update_object_encryption
    "PutObjectAcl" PUT Object ["acl"] => put_object_acl
    "CopyObject" PUT Object [] "x-amz-copy-source" => copy_object
    "PutObject" PUT Object [] => put_object
    "CreateMultipartUpload" POST Object ["uploads"] => create_multipart_upload
    "CompleteMultipartUpload" POST Object ["uploadId"] => complete_multipart_upload
    "AbortMultipartUpload" DELETE Object ["uploadId"] => abort_multipart_upload
    "DeleteObject" DELETE Object [] => delete_object
};

/// Query names that turn a request into another one.
const SUB_RESOURCES: [&str; 42] = [
    "accelerate",
    "acl",
    "analytics",
    "annotation",
    "attributes",
    "cors",
    "delete",
    "encryption",
    "intelligent-tiering",
    "inventory",
    "legal-hold",
    "lifecycle",
    "list-type",
    "location",
    "logging",
    "metadataAnnotationTable",
    "metadataConfiguration",
    "metadataInventoryTable",
    "metadataJournalTable",
    "metadataTable",
    "metrics",
    "notification",
    "object-lock",
    "ownershipControls",
    "policy",
    "policyStatus",
    "publicAccessBlock",
    "renameObject",
    "replication",
    "requestPayment",
    "restore",
    "retention",
    "select",
    "session",
    "tagging",
    "torrent",
    "uploadId",
    "uploads",
    "versioning",
    "versions",
    "website",
    "abac",
];

/// The operation that a request means.
pub fn find(method: &Method, address: &Address, query: &Query, headers: &HeaderMap) -> Result<&'static Route> {
    match query.get("versionId") {
        None => {}
        Some(id) if version::well_formed(id) => {}
        Some("") => return Err(invalid_argument("versionId", "", "Version id cannot be the empty string")),
        Some(other) => return Err(invalid_argument("versionId", other, "Invalid version id specified")),
    }
    let target = Target::of(address);
    let asked: Vec<&str> = SUB_RESOURCES.into_iter().filter(|name| query.has(name)).collect();
    let matches = |route: &&Route| {
        route.method == *method
            && route.target == target
            && route.query.iter().all(|name| query.has(name))
            && asked.iter().all(|name| route.query.contains(name))
            && route.header.is_none_or(|name| headers.contains_key(name))
    };
    if let Some(name) = unknown(method, query) {
        return Err(Error::NotImplemented(name.to_owned()));
    }
    ROUTES.iter().find(matches).ok_or_else(|| match asked.first() {
        Some(name) => Error::NotImplemented((*name).to_owned()),
        None => Error::MethodNotAllowed { method: method.to_string(), resource: target.name() },
    })
}

/// A sub-resource that came to S3 after this was written. Its PUT must not replace the object, nor its DELETE remove it, so
/// what changes something and has a name without a value that is not known is refused; S3 itself ignores what it does not know.
fn unknown<'q>(method: &Method, query: &'q Query) -> Option<&'q str> {
    let reads = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
    let known = |name: &str| {
        SUB_RESOURCES.contains(&name)
            || ROUTES.iter().any(|route| route.query.contains(&name))
            || name.to_ascii_lowercase().starts_with("x-")
    };
    query.valueless().find(|name| !reads && !known(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(method: Method, uri: &str, copy: bool) -> String {
        let (mut parts, ()) = http::Request::builder().method(method).uri(uri).body(()).unwrap().into_parts();
        if copy {
            parts.headers.insert("x-amz-copy-source", "b/k".parse().unwrap());
        }
        let address = Address::of(&parts, &[]).unwrap();
        let query = Query::parse(parts.uri.query().unwrap_or_default()).unwrap();
        match find(&parts.method, &address, &query, &parts.headers) {
            Ok(route) => route.name.to_owned(),
            Err(e) => e.wire().code.to_owned(),
        }
    }

    #[test]
    fn method_target_and_sub_resource_decide() {
        for (method, uri, copy, name) in [
            (Method::GET, "/", false, "ListBuckets"),
            (Method::GET, "/b", false, "ListObjects"),
            (Method::GET, "/b/?&max-keys=0", false, "ListObjects"),
            (Method::GET, "/b?list-type=2&prefix=x", false, "ListObjectsV2"),
            (Method::GET, "/b?location", false, "GetBucketLocation"),
            (Method::GET, "/b/k?response-content-type=x", false, "GetObject"),
            (Method::GET, "/b/k?uploadId=1&max-parts=5", false, "ListParts"),
            (Method::GET, "/b/k?partNumber=1", false, "GetObject"),
            (Method::PUT, "/b/k", false, "PutObject"),
            (Method::PUT, "/b/k", true, "CopyObject"),
            (Method::PUT, "/b/k?partNumber=1&uploadId=x", false, "UploadPart"),
            (Method::PUT, "/b/k?partNumber=1&uploadId=x", true, "UploadPartCopy"),
            (Method::POST, "/b?delete", false, "DeleteObjects"),
            (Method::POST, "/b/k?uploads", false, "CreateMultipartUpload"),
            (Method::DELETE, "/b/k?uploadId=x", false, "AbortMultipartUpload"),
            (Method::DELETE, "/b?torrent", false, "NotImplemented"),
            (Method::PUT, "/b/k?tagging", false, "PutObjectTagging"),
            (Method::PUT, "/b/k?restore", false, "NotImplemented"),
            (Method::PUT, "/b/k?annotation&annotationName=n", false, "NotImplemented"),
            (Method::GET, "/b/k?annotation", false, "NotImplemented"),
            (Method::DELETE, "/b/k?ofTomorrow", false, "NotImplemented"),
            (Method::POST, "/b?metadataInventoryTable", false, "NotImplemented"),
            (Method::GET, "/b/k?1234", false, "GetObject"),
            (Method::PUT, "/b/k?", false, "PutObject"),
            (Method::PUT, "/b/k?x-id=PutObject&X-Amz-Security-Token=", false, "PutObject"),
            (Method::PUT, "/", false, "MethodNotAllowed"),
            (Method::GET, "/b/k?versionId=abc", false, "InvalidArgument"),
        ] {
            assert_eq!(named(method, uri, copy), name, "{uri}");
        }
    }
}
