//! HeadBucket.

use crate::http::Response;
use crate::s3::answer;
use crate::s3::cx::Cx;
use crate::s3::error::Result;
use http::StatusCode;

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    let bucket = cx.bucket()?;
    let mut response = answer::empty(StatusCode::OK);
    answer::set(&mut response, "x-amz-bucket-region", &bucket.region);
    answer::set(&mut response, "x-amz-access-point-alias", "false");
    answer::set(&mut response, "content-type", "application/xml");
    Ok(response)
}
