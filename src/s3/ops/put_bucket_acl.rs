//! PutBucketAcl, with a canned ACL.

use crate::http::Response;
use crate::objects::acl::Need;
use crate::s3::cx::Cx;
use crate::s3::error::Result;
use crate::s3::{acl, answer};
use http::StatusCode;

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    cx.bucket(Need::Own)?;
    let asked = acl::asked(cx)?;
    cx.store().set_bucket_acl(&cx.bucket, asked).await?;
    Ok(answer::empty(StatusCode::OK))
}
