//! GetPublicAccessBlock.

use crate::http::Response;
use crate::s3::answer;
use crate::s3::cx::Cx;
use crate::s3::error::{Error, Result};
use crate::wire::s3_xml::Writer;

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    let block = cx.bucket()?.access_block.ok_or(Error::NoConfiguration {
        code: "NoSuchPublicAccessBlockConfiguration",
        message: "The public access block configuration was not found",
    })?;
    let mut doc = Writer::new("PublicAccessBlockConfiguration");
    doc.value("BlockPublicAcls", block.block_public_acls).value("IgnorePublicAcls", block.ignore_public_acls);
    doc.value("BlockPublicPolicy", block.block_public_policy);
    doc.value("RestrictPublicBuckets", block.restrict_public_buckets);
    Ok(answer::xml(doc))
}
