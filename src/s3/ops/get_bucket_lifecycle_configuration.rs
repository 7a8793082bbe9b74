//! GetBucketLifecycleConfiguration.

use super::put_bucket_lifecycle_configuration::MINIMUM_SIZE;
use crate::http::Response;
use crate::objects::lifecycle::Configuration;
use crate::s3::cx::Cx;
use crate::s3::error::{Error, Result};
use crate::s3::{answer, lifecycle};

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    let bucket = cx.bucket()?;
    let configuration = Configuration::from_column(&bucket.lifecycle)?.ok_or(Error::NoConfiguration {
        code: "NoSuchLifecycleConfiguration",
        message: "The lifecycle configuration does not exist",
    })?;
    let mut response = answer::xml(lifecycle::document(&configuration));
    answer::set(&mut response, MINIMUM_SIZE, configuration.minimum.name());
    Ok(response)
}
