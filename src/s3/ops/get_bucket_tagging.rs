//! GetBucketTagging.

use crate::http::Response;
use crate::objects::tags::Tags;
use crate::s3::cx::Cx;
use crate::s3::error::{Error, Result};
use crate::s3::tagging;

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    cx.bucket()?;
    let text = cx.store().config(&cx.bucket, "tagging")?;
    let text = text.ok_or(Error::NoConfiguration { code: "NoSuchTagSet", message: "The TagSet does not exist" })?;
    Ok(tagging::document(&Tags::from_column(&text)?))
}
