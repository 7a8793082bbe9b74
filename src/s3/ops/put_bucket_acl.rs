//! PutBucketAcl.

use crate::http::Response;
use crate::s3::cx::Cx;
use crate::s3::error::Result;
use crate::s3::{acl, answer};
use http::StatusCode;

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    let bucket = cx.bucket()?;
    let asked = acl::asked(cx, &bucket, &bucket.owner).await?;
    cx.store().set_bucket_acl(&cx.bucket, asked).await?;
    Ok(answer::empty(StatusCode::OK))
}
