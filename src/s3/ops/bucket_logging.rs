//! GetBucketLogging and PutBucketLogging. Only the bucket's owner sets it, whatever a policy says.

use crate::http::Response;
use crate::objects;
use crate::s3::cx::Cx;
use crate::s3::error::Result;
use crate::s3::{answer, logging};
use http::{Method, StatusCode};

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    let bucket = cx.bucket()?;
    if cx.parts.method == Method::GET {
        let target = cx.store().log_target(&cx.bucket)?;
        return Ok(answer::xml(logging::document(cx, target.as_ref())));
    }
    if cx.account()? != bucket.owner {
        return Err(objects::Error::AccessDenied.into());
    }
    let document = cx.document(64 * 1024).await?;
    let target = logging::read(cx, &bucket, &document)?;
    cx.store().set_log_target(&cx.bucket, target).await?;
    Ok(answer::empty(StatusCode::OK))
}
