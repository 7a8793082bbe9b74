//! PutBucketLifecycleConfiguration.

use crate::config::TransitionMinimumSize;
use crate::http::Response;
use crate::objects::lifecycle::MinimumSize;
use crate::s3::cx::Cx;
use crate::s3::error::{Result, invalid_argument};
use crate::s3::{answer, lifecycle};
use http::StatusCode;

/// The header that says which objects transitions leave alone by default.
pub const MINIMUM_SIZE: &str = "x-amz-transition-default-minimum-object-size";

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    cx.bucket()?;
    let document = cx.document(1024 * 1024).await?;
    let mut configuration = lifecycle::read(&document)?;
    configuration.minimum = match (cx.header(MINIMUM_SIZE), cx.s3.config.s3.transition_minimum_size) {
        (Some(name), _) => MinimumSize::parse(&name)
            .ok_or_else(|| invalid_argument(MINIMUM_SIZE, name, "Invalid transition default minimum object size"))?,
        (None, TransitionMinimumSize::AllStorageClasses) => MinimumSize::AllStorageClasses,
        (None, TransitionMinimumSize::VariesByStorageClass) => MinimumSize::VariesByStorageClass,
    };
    let minimum = configuration.minimum;
    cx.store().set_lifecycle(&cx.bucket, Some(configuration)).await?;
    let mut response = answer::empty(StatusCode::OK);
    answer::set(&mut response, MINIMUM_SIZE, minimum.name());
    Ok(response)
}
