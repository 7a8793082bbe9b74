//! Reads of bucket configurations that cannot be set: each answers what AWS says of a bucket without one.

use crate::http::Response;
use crate::s3::answer;
use crate::s3::cx::Cx;
use crate::s3::error::{Error, Result};
use crate::wire::s3_xml::Writer;

/// What is said of a bucket that has no metadata tables.
const METADATA: Error = Error::NoConfiguration {
    code: "MetadataConfigurationNotFound",
    message: "The metadata configuration was not found",
};

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    cx.bucket()?;
    if !cx.query.has("abac") {
        return Err(METADATA);
    }
    // Access by tags is off.
    let mut doc = Writer::new("AbacStatus");
    doc.text("Status", "Disabled");
    Ok(answer::xml(doc))
}
