//! PutObjectAcl.

use crate::http::Response;
use crate::objects::notification::Event;
use crate::s3::cx::Cx;
use crate::s3::error::Result;
use crate::s3::{acl, answer};
use http::StatusCode;

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    let (bucket, info) = cx.object()?;
    let asked = acl::asked(cx, &bucket, &info.owner).await?;
    cx.store().set_object_acl(&cx.bucket, &cx.key, cx.version(), asked, cx.new_cause(Event::AclPut)).await?;
    Ok(answer::empty(StatusCode::OK))
}
