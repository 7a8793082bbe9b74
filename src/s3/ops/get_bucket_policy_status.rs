//! GetBucketPolicyStatus: whether the bucket is public, by its policy or by its ACL.

use crate::http::Response;
use crate::s3::answer;
use crate::s3::cx::Cx;
use crate::s3::error::Result;
use crate::wire::s3_xml::Writer;

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    let bucket = cx.bucket()?;
    let block = bucket.access_block.unwrap_or_default();
    let by_policy = bucket.policy.as_ref().is_some_and(|p| p.is_public()) && !block.restrict_public_buckets;
    let by_acl = bucket.acl.is_public() && !block.ignore_public_acls;
    let mut doc = Writer::new("PolicyStatus");
    doc.value("IsPublic", by_policy || by_acl);
    Ok(answer::xml(doc))
}
