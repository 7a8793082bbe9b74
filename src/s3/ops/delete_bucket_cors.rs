//! DeleteBucketCors: that there is none is no error.

use crate::http::Response;
use crate::s3::cx::Cx;
use crate::s3::error::Result;
use crate::s3::{answer, cors};
use http::StatusCode;

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    cx.bucket()?;
    cx.store().set_config(&cx.bucket, cors::NAME, None).await?;
    Ok(answer::empty(StatusCode::NO_CONTENT))
}
