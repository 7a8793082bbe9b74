//! GetBucketLocation: us-east-1 is told by an empty element.

use crate::http::Response;
use crate::s3::answer;
use crate::s3::cx::Cx;
use crate::s3::error::Result;
use crate::wire::s3_xml::Writer;

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    let bucket = cx.bucket()?;
    let mut doc = Writer::new("LocationConstraint");
    if bucket.region != "us-east-1" {
        doc.content(&bucket.region);
    }
    Ok(answer::xml(doc))
}
