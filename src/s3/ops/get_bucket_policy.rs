//! GetBucketPolicy: the text as it was put.

use crate::http::{Body, Response};
use crate::s3::answer;
use crate::s3::cx::Cx;
use crate::s3::error::{Error, Result};
use http::StatusCode;

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    cx.bucket()?;
    let text = cx.store().policy_text(&cx.bucket)?.ok_or(NONE)?;
    let mut response = answer::with_body(StatusCode::OK, Body::from(text));
    answer::set(&mut response, "content-type", "application/json");
    Ok(response)
}

/// The bucket has no policy.
pub const NONE: Error =
    Error::NoConfiguration { code: "NoSuchBucketPolicy", message: "The bucket policy does not exist" };
