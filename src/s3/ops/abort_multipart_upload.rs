//! AbortMultipartUpload.

use crate::http::Response;
use crate::s3::answer;
use crate::s3::cx::Cx;
use crate::s3::error::Result;
use http::StatusCode;

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    cx.bucket()?;
    let id = cx.query.get("uploadId").unwrap_or_default();
    cx.store().abort_upload(&cx.bucket, &cx.key, id).await?;
    Ok(answer::empty(StatusCode::NO_CONTENT))
}
