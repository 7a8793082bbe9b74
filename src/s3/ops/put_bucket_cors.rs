//! PutBucketCors.

use crate::http::Response;
use crate::s3::cx::Cx;
use crate::s3::error::{Error, Result};
use crate::s3::{answer, cors};
use http::StatusCode;

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    cx.bucket()?;
    let document = cx.document(64 * 1024).await?;
    cors::parse(&document)?;
    let text = String::from_utf8(document.to_vec()).map_err(|_| Error::MalformedXml)?;
    cx.store().set_config(&cx.bucket, cors::NAME, Some(text)).await?;
    Ok(answer::empty(StatusCode::OK))
}
