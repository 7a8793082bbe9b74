//! GetBucketOwnershipControls.

use crate::http::Response;
use crate::s3::answer;
use crate::s3::cx::Cx;
use crate::s3::error::{Error, Result};
use crate::wire::s3_xml::Writer;

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    let ownership = cx.bucket()?.ownership.ok_or(Error::NoConfiguration {
        code: "OwnershipControlsNotFoundError",
        message: "The bucket ownership controls were not found",
    })?;
    let mut doc = Writer::new("OwnershipControls");
    doc.open("Rule").text("ObjectOwnership", ownership.name());
    Ok(answer::xml(doc))
}
