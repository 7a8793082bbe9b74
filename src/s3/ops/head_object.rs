//! HeadObject: what GetObject says, without the bytes.

use super::get_object;
use crate::http::Response;
use crate::s3::cx::Cx;
use crate::s3::error::{Error, Result};
use crate::s3::{answer, encryption};

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    let customer = get_object::key(cx)?;
    let bucket = cx.any_bucket()?;
    let found = cx.store().find(&cx.bucket, &cx.key, cx.version().as_deref()).map_err(Error::from);
    let info = found.map_err(|e| get_object::hide(cx, &bucket, e))?;
    let span = get_object::choose(cx, &bucket, &info, customer.as_ref())?;
    let mut response = answer::empty(span.status());
    get_object::describe(cx, &mut response, &bucket, &info, &span)?;
    encryption::describe(&mut response, info.encryption.as_ref(), customer.as_ref());
    Ok(response)
}
