//! GetBucketEncryption: also of a bucket that was never configured, as everything is encrypted unless the operator chose otherwise.

use crate::http::Response;
use crate::objects::encryption::bucket::{Algorithm, Configuration};
use crate::s3::answer;
use crate::s3::cx::Cx;
use crate::s3::error::{Error, Result};
use crate::wire::s3_xml::Writer;

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    cx.bucket()?;
    let by_default = cx.store().encrypts_by_default();
    let configuration = match cx.store().bucket_encryption(&cx.bucket)? {
        Some(configuration) => configuration,
        None if by_default => Configuration::default(),
        None => {
            return Err(Error::NoConfiguration {
                code: "ServerSideEncryptionConfigurationNotFoundError",
                message: "The server side encryption configuration was not found",
            });
        }
    };
    let mut doc = Writer::new("ServerSideEncryptionConfiguration");
    doc.open("Rule");
    let algorithm = configuration.algorithm.or(by_default.then_some(Algorithm::S3));
    if let Some(algorithm) = algorithm {
        doc.open("ApplyServerSideEncryptionByDefault");
        match algorithm {
            Algorithm::S3 => doc.text("SSEAlgorithm", "AES256"),
            Algorithm::Kms { key } => doc.text("SSEAlgorithm", "aws:kms").maybe("KMSMasterKeyID", key.as_ref()),
        };
        doc.close();
    }
    if let Some(blocks) = configuration.blocks_customer_keys {
        doc.open("BlockedEncryptionTypes").text("EncryptionType", if blocks { "SSE-C" } else { "NONE" }).close();
    }
    doc.value("BucketKeyEnabled", configuration.bucket_key).close();
    Ok(answer::xml(doc))
}
