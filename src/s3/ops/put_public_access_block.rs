//! PutPublicAccessBlock: switches that are not named are off.

use crate::http::Response;
use crate::objects::bucket::AccessBlock;
use crate::s3::answer;
use crate::s3::cx::Cx;
use crate::s3::error::{Error, Result};
use crate::wire::s3_xml::Element;
use http::StatusCode;

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    cx.bucket()?;
    let document = cx.document(64 * 1024).await?;
    let said = Element::parse("PublicAccessBlockConfiguration", &document)?;
    let switch = |name: &str| match said.get(name).map(|t| t.trim().to_ascii_lowercase()).as_deref() {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(Error::MalformedXml),
    };
    let block = AccessBlock {
        block_public_acls: switch("BlockPublicAcls")?,
        ignore_public_acls: switch("IgnorePublicAcls")?,
        block_public_policy: switch("BlockPublicPolicy")?,
        restrict_public_buckets: switch("RestrictPublicBuckets")?,
    };
    cx.store().set_access_block(&cx.bucket, Some(block)).await?;
    Ok(answer::empty(StatusCode::OK))
}
