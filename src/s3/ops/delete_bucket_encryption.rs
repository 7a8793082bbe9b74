//! DeleteBucketEncryption: the cloud's default is the bucket's again.

use crate::http::Response;
use crate::s3::answer;
use crate::s3::cx::Cx;
use crate::s3::error::Result;
use http::StatusCode;

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    cx.bucket()?;
    cx.store().set_bucket_encryption(&cx.bucket, None).await?;
    Ok(answer::empty(StatusCode::NO_CONTENT))
}
