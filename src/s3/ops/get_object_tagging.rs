//! GetObjectTagging.

use crate::http::Response;
use crate::s3::cx::Cx;
use crate::s3::error::Result;
use crate::s3::{answer, tagging};

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    let (bucket, info) = cx.object()?;
    let mut response = tagging::document(&info.tags);
    answer::version(&mut response, &bucket, &info.version_id);
    Ok(response)
}
