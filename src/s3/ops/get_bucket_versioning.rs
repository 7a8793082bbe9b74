//! GetBucketVersioning.

use crate::http::Response;
use crate::s3::answer;
use crate::s3::cx::Cx;
use crate::s3::error::Result;
use crate::wire::s3_xml::Writer;

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    let bucket = cx.bucket()?;
    let mut doc = Writer::new("VersioningConfiguration");
    doc.maybe("Status", bucket.versioning.name());
    Ok(answer::xml(doc))
}
