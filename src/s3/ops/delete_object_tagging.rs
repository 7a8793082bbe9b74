//! DeleteObjectTagging.

use crate::http::Response;
use crate::objects::notification::Event;
use crate::objects::tags::Tags;
use crate::s3::answer;
use crate::s3::cx::Cx;
use crate::s3::error::Result;
use http::StatusCode;

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    let (bucket, _) = cx.object()?;
    let version = cx
        .store()
        .set_tags(&cx.bucket, &cx.key, cx.version(), Tags::default(), cx.new_cause(Event::TaggingDelete))
        .await?;
    let mut response = answer::empty(StatusCode::NO_CONTENT);
    answer::version(&mut response, &bucket, &version);
    Ok(response)
}
