//! PutBucketLifecycleConfiguration.

use crate::http::Response;
use crate::s3::cx::Cx;
use crate::s3::error::Result;
use crate::s3::{answer, lifecycle};
use http::StatusCode;

/// The header that says which objects transitions leave alone by default, and what AWS has in it.
pub const MINIMUM_SIZE: &str = "x-amz-transition-default-minimum-object-size";
pub const MINIMUM: &str = "all_storage_classes_128K";

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    cx.bucket()?;
    let document = cx.document(1024 * 1024).await?;
    let configuration = lifecycle::read(&document)?;
    cx.store().set_lifecycle(&cx.bucket, Some(configuration)).await?;
    let mut response = answer::empty(StatusCode::OK);
    answer::set(&mut response, MINIMUM_SIZE, MINIMUM);
    Ok(response)
}
