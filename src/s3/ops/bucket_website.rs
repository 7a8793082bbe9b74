//! GetBucketWebsite, PutBucketWebsite and DeleteBucketWebsite.

use crate::http::Response;
use crate::s3::cx::Cx;
use crate::s3::error::Result;
use crate::s3::{answer, website};
use http::{Method, StatusCode};

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    cx.bucket()?;
    if cx.parts.method == Method::GET {
        let website = cx.store().website(&cx.bucket)?.ok_or(website::NONE)?;
        return Ok(answer::xml(website::document(&website)));
    }
    if cx.parts.method == Method::DELETE {
        cx.store().set_website(&cx.bucket, None).await?;
        return Ok(answer::empty(StatusCode::NO_CONTENT));
    }
    let document = cx.document(128 * 1024).await?;
    let website = website::read(&document)?;
    cx.store().set_website(&cx.bucket, Some(website)).await?;
    Ok(answer::empty(StatusCode::OK))
}
