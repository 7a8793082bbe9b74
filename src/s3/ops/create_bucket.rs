//! CreateBucket.

use crate::config::NewBuckets;
use crate::http::Response;
use crate::objects::bucket::{AccessBlock, NewBucket, Ownership};
use crate::s3::cx::Cx;
use crate::s3::error::{Error, Result, invalid_argument};
use crate::s3::{acl, answer};
use crate::wire::s3_xml::Element;
use http::StatusCode;

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    let owner = cx.account()?.to_owned();
    let (by_default, access_block) = match cx.s3.config.s3.new_buckets {
        NewBuckets::WithAcls => (None, None),
        NewBuckets::AsAws => (Some(Ownership::BucketOwnerEnforced), Some(AccessBlock::ALL)),
    };
    let ownership = match cx.header("x-amz-object-ownership") {
        None => by_default,
        Some(name) => Some(Ownership::parse(&name).ok_or_else(|| {
            invalid_argument("x-amz-object-ownership", name, "Invalid x-amz-object-ownership header")
        })?),
    };
    let acl = acl::of_new_bucket(cx, &owner, ownership)?;
    let lock = cx.header("x-amz-bucket-object-lock-enabled").is_some_and(|v| v.eq_ignore_ascii_case("true"));
    let document = cx.document(64 * 1024).await?;
    let region = region(cx, &document)?;
    let name = cx.bucket.clone();
    cx.store().create_bucket(NewBucket { name, owner, region, acl, ownership, access_block, lock }).await?;
    let mut response = answer::empty(StatusCode::OK);
    answer::set(&mut response, "location", &format!("/{}", cx.bucket));
    Ok(response)
}

/// The region that the bucket is to be in: one of ours, or the one that the client believes to speak to.
fn region(cx: &Cx<'_>, document: &[u8]) -> Result<String> {
    if document.iter().all(u8::is_ascii_whitespace) {
        return Ok(cx.region().to_owned());
    }
    let configuration = Element::parse("CreateBucketConfiguration", document)?;
    match configuration.get("LocationConstraint").map(str::trim) {
        None | Some("") => Ok(cx.region().to_owned()),
        Some("EU") => Ok("eu-west-1".into()),
        Some(name) if cx.s3.config.regions.iter().any(|r| r == name) || cx.scope.as_deref() == Some(name) => {
            Ok(name.to_owned())
        }
        Some(other) => Err(Error::InvalidLocation(other.to_owned())),
    }
}
