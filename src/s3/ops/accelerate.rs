//! GetBucketAccelerateConfiguration and PutBucketAccelerateConfiguration: remembered; there is one way to us, and it is the
//! fastest.

use crate::http::Response;
use crate::s3::answer;
use crate::s3::cx::Cx;
use crate::s3::error::{Error, Result, invalid_request};
use crate::wire::s3_xml::{Element, Writer};
use http::{Method, StatusCode};

const NAME: &str = "accelerate";

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    cx.bucket()?;
    if cx.parts.method == Method::GET {
        let status = cx.store().config(&cx.bucket, NAME)?;
        let mut doc = Writer::new("AccelerateConfiguration");
        doc.maybe("Status", status);
        return Ok(answer::xml(doc));
    }
    if cx.bucket.contains('.') {
        return Err(invalid_request(
            "S3 Transfer Acceleration is not supported for buckets with periods (.) in their names",
        ));
    }
    let document = cx.document(64 * 1024).await?;
    let said = Element::parse("AccelerateConfiguration", &document)?;
    let status = said.get("Status").map(str::trim).filter(|s| ["Enabled", "Suspended"].contains(s));
    cx.store().set_config(&cx.bucket, NAME, Some(status.ok_or(Error::MalformedXml)?.to_owned())).await?;
    Ok(answer::empty(StatusCode::OK))
}
