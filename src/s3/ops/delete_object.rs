//! DeleteObject: a key that has no object is no error.

use crate::http::Response;
use crate::objects::condition::Conditions;
use crate::s3::cx::Cx;
use crate::s3::error::Result;
use crate::s3::{answer, headers};
use http::StatusCode;

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    cx.bucket()?;
    let conditions = Conditions { if_match: headers::conditions(&cx.parts.headers, "").if_match, ..Default::default() };
    cx.store().delete_object(&cx.bucket, &cx.key, conditions).await?;
    Ok(answer::empty(StatusCode::NO_CONTENT))
}
