//! PutBucketTagging.

use crate::http::Response;
use crate::objects::tags;
use crate::s3::cx::Cx;
use crate::s3::error::Result;
use crate::s3::{answer, tagging};
use http::StatusCode;

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    cx.bucket()?;
    let document = cx.document(tagging::MAX).await?;
    let tags = tagging::read(&document, tags::OF_BUCKET)?;
    cx.store().set_config(&cx.bucket, "tagging", Some(tags.to_column())).await?;
    Ok(answer::empty(StatusCode::NO_CONTENT))
}
