//! PutObjectLegalHold.

use crate::http::Response;
use crate::objects;
use crate::s3::answer;
use crate::s3::cx::Cx;
use crate::s3::error::{Error, Result};
use crate::wire::s3_xml::Element;
use http::StatusCode;

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    let (bucket, _) = cx.object()?;
    bucket.lock.ok_or(objects::Error::NoObjectLock)?;
    let document = cx.document(64 * 1024).await?;
    let on = match Element::parse("LegalHold", &document)?.get("Status").map(str::trim) {
        Some("ON") => true,
        Some("OFF") => false,
        Some(_) | None => return Err(Error::MalformedXml),
    };
    cx.store().set_hold(&cx.bucket, &cx.key, cx.version(), on).await?;
    Ok(answer::empty(StatusCode::OK))
}
