//! PutBucketPolicy.

use crate::http::Response;
use crate::objects::policy::{MAX_SIZE, Policy};
use crate::s3::answer;
use crate::s3::cx::Cx;
use crate::s3::error::{Error, Result};
use http::StatusCode;

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    let bucket = cx.bucket()?;
    let document = cx.document(2 * MAX_SIZE).await?;
    let text = std::str::from_utf8(&document).map_err(|_| Error::MalformedPolicy("Policies must be UTF-8".into()))?;
    let policy = Policy::parse(&bucket.name, text).map_err(|e| Error::MalformedPolicy(e.to_string()))?;
    if bucket.access_block.is_some_and(|b| b.block_public_policy) && policy.is_public() {
        return Err(crate::objects::Error::AccessDenied.into());
    }
    cx.store().set_policy(&cx.bucket, Some(text.to_owned())).await?;
    Ok(answer::empty(StatusCode::NO_CONTENT))
}
