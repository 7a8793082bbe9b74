//! GetBucketAcl.

use crate::http::Response;
use crate::s3::acl;
use crate::s3::cx::Cx;
use crate::s3::error::Result;

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    let bucket = cx.bucket()?;
    Ok(acl::document(cx, &bucket.owner, &bucket.acl))
}
