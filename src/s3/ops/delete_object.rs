//! DeleteObject: a key that has no object is no error.

use crate::http::Response;
use crate::objects::notification::Event;
use crate::objects::object::Deletion;
use crate::s3::cx::Cx;
use crate::s3::error::Result;
use crate::s3::{answer, headers};
use http::StatusCode;

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    let bucket = cx.bucket()?;
    let conditions = headers::deletion_conditions(&cx.parts.headers)?;
    let deletion = Deletion {
        key: cx.key.clone(),
        version_id: cx.version(),
        conditions,
        bypass: cx.bypasses_governance(&bucket, &cx.key),
        by: cx.writer(&bucket),
        expires: false,
        cause: cx.cause(&bucket, Event::Delete),
    };
    let deleted = cx.store().delete(&cx.bucket, deletion).await?;
    let mut response = answer::empty(StatusCode::NO_CONTENT);
    if let Some(version_id) = &deleted.version_id {
        answer::version(&mut response, &bucket, version_id);
    }
    if deleted.marker {
        answer::set(&mut response, "x-amz-delete-marker", "true");
    }
    Ok(response)
}
