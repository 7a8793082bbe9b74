//! PutObjectTagging.

use crate::http::Response;
use crate::objects::notification::Event;
use crate::objects::tags;
use crate::s3::cx::Cx;
use crate::s3::error::Result;
use crate::s3::{answer, tagging};
use http::StatusCode;

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    let document = cx.document(tagging::MAX).await?;
    let tags = tagging::read(&document, tags::OF_OBJECT)?;
    // Policies ask for the tags of a request: they are looked for where a PutObject has them.
    cx.parts.headers.insert("x-amz-tagging", tagging::header(&tags));
    let (bucket, _) = cx.object()?;
    let version = cx.store().set_tags(&cx.bucket, &cx.key, cx.version(), tags, cx.new_cause(Event::TaggingPut)).await?;
    let mut response = answer::empty(StatusCode::OK);
    answer::version(&mut response, &bucket, &version);
    Ok(response)
}
