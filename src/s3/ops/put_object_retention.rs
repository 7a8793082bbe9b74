//! PutObjectRetention.

use crate::http::Response;
use crate::objects;
use crate::s3::cx::Cx;
use crate::s3::error::Result;
use crate::s3::permission::Asking;
use crate::s3::{answer, locking};
use http::StatusCode;

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    let (bucket, object) = cx.object()?;
    bucket.lock.ok_or(objects::Error::NoObjectLock)?;
    let document = cx.document(64 * 1024).await?;
    let retention = locking::retention(&document)?;
    // Policies may speak of the retention, which only the document tells.
    let asking = Asking { retention, ..cx.asking() };
    asking.may(&bucket, Some(&object), &asking.action(), &cx.key)?;
    let bypass = cx.bypasses_governance(&bucket, &cx.key);
    cx.store().set_retention(&cx.bucket, &cx.key, cx.version(), retention, bypass).await?;
    Ok(answer::empty(StatusCode::OK))
}
