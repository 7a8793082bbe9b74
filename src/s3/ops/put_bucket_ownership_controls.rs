//! PutBucketOwnershipControls: one rule. ACLs cannot be switched off while the bucket's gives anything away.

use crate::http::Response;
use crate::objects::bucket::Ownership;
use crate::s3::answer;
use crate::s3::cx::Cx;
use crate::s3::error::{Error, Result};
use crate::wire::s3_xml::Element;
use http::StatusCode;

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    let bucket = cx.bucket()?;
    let document = cx.document(64 * 1024).await?;
    let controls = Element::parse("OwnershipControls", &document)?;
    let rules: Vec<&Element> = controls.all("Rule").collect();
    let [rule] = rules[..] else { return Err(Error::MalformedXml) };
    let name = rule.get("ObjectOwnership").ok_or(Error::MalformedXml)?;
    let ownership = Ownership::parse(name.trim()).ok_or(Error::MalformedXml)?;
    if ownership == Ownership::BucketOwnerEnforced && bucket.acl.grants_others(&bucket.owner) {
        return Err(Error::AclWithOwnership);
    }
    cx.store().set_ownership(&cx.bucket, Some(ownership)).await?;
    Ok(answer::empty(StatusCode::OK))
}
