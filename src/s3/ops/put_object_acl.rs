//! PutObjectAcl, with a canned ACL.

use crate::http::Response;
use crate::objects::acl::Need;
use crate::s3::cx::Cx;
use crate::s3::error::Result;
use crate::s3::{acl, answer};
use http::StatusCode;

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    cx.object(Need::Own)?;
    let asked = acl::asked(cx)?;
    cx.store().set_object_acl(&cx.bucket, &cx.key, asked).await?;
    Ok(answer::empty(StatusCode::OK))
}
