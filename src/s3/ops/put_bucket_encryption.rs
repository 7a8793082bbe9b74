//! PutBucketEncryption: how new objects are encrypted when nobody says it. As at AWS, a KMS key need not exist yet.

use crate::http::Response;
use crate::objects::encryption::bucket::{Algorithm, Configuration};
use crate::s3::answer;
use crate::s3::cx::Cx;
use crate::s3::error::{Error, Result, invalid_argument};
use crate::wire::s3_xml::Element;
use http::StatusCode;

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    cx.bucket()?;
    let document = cx.document(64 * 1024).await?;
    let mut new = parse(&document)?;
    if new.blocks_customer_keys.is_none() {
        // A document that says nothing of it takes no block away.
        new.blocks_customer_keys = cx.store().bucket_encryption(&cx.bucket)?.and_then(|old| old.blocks_customer_keys);
    }
    cx.store().set_bucket_encryption(&cx.bucket, Some(new)).await?;
    Ok(answer::empty(StatusCode::OK))
}

fn parse(document: &[u8]) -> Result<Configuration> {
    let root = Element::parse("ServerSideEncryptionConfiguration", document)?;
    let rules: Vec<&Element> = root.all("Rule").collect();
    let [rule] = rules[..] else { return Err(Error::MalformedXml) };
    let algorithm = rule.child("ApplyServerSideEncryptionByDefault").map(algorithm).transpose()?;
    let blocks_customer_keys = rule.child("BlockedEncryptionTypes").map(blocked).transpose()?;
    if algorithm.is_none() && blocks_customer_keys.is_none() {
        return Err(Error::MalformedXml);
    }
    let bucket_key = match rule.get("BucketKeyEnabled").map(str::trim) {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(Error::MalformedXml),
    };
    Ok(Configuration { algorithm, bucket_key, blocks_customer_keys })
}

fn algorithm(apply: &Element) -> Result<Algorithm> {
    const NAME: &str = "ApplyServerSideEncryptionByDefault";
    let key = apply.get("KMSMasterKeyID").map(|key| key.trim().to_owned()).filter(|key| !key.is_empty());
    match (apply.get("SSEAlgorithm").map(str::trim), key) {
        (Some("AES256"), None) => Ok(Algorithm::S3),
        (Some("AES256"), Some(key)) => Err(invalid_argument(
            NAME,
            key,
            "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse",
        )),
        (Some("aws:kms"), key) => Ok(Algorithm::Kms { key }),
        (Some("aws:kms:dsse"), _) => Err(Error::NotImplemented("aws:kms:dsse".into())),
        (Some(_) | None, _) => Err(Error::MalformedXml),
    }
}

/// Whether keys of the customer's are blocked.
fn blocked(types: &Element) -> Result<bool> {
    let mut blocks = false;
    for one in types.all("EncryptionType") {
        match one.text.trim() {
            "SSE-C" => blocks = true,
            "NONE" => {}
            _ => return Err(Error::MalformedXml),
        }
    }
    Ok(blocks)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(rule: &str) -> Result<Configuration> {
        parse(format!("<ServerSideEncryptionConfiguration>{rule}</ServerSideEncryptionConfiguration>").as_bytes())
    }

    fn applied(inside: &str) -> Result<Configuration> {
        let tag = "ApplyServerSideEncryptionByDefault";
        read(&format!("<Rule><{tag}>{inside}</{tag}><BucketKeyEnabled>true</BucketKeyEnabled></Rule>"))
    }

    #[test]
    fn one_rule_says_it_all() {
        let kms = applied("<SSEAlgorithm>aws:kms</SSEAlgorithm><KMSMasterKeyID>k</KMSMasterKeyID>").unwrap();
        assert_eq!((kms.algorithm, kms.bucket_key), (Some(Algorithm::Kms { key: Some("k".into()) }), true));
        assert_eq!(applied("<SSEAlgorithm>AES256</SSEAlgorithm>").unwrap().algorithm, Some(Algorithm::S3));
        let block = "<BlockedEncryptionTypes><EncryptionType>SSE-C</EncryptionType></BlockedEncryptionTypes>";
        assert_eq!(read(&format!("<Rule>{block}</Rule>")).unwrap().blocks_customer_keys, Some(true));
        for bad in ["", "<Rule/>", "<Rule/><Rule/>"] {
            assert!(matches!(read(bad), Err(Error::MalformedXml)), "{bad}");
        }
        for bad in ["", "<SSEAlgorithm>AES512</SSEAlgorithm>"] {
            assert!(matches!(applied(bad), Err(Error::MalformedXml)), "{bad}");
        }
        assert!(applied("<SSEAlgorithm>AES256</SSEAlgorithm><KMSMasterKeyID>k</KMSMasterKeyID>").is_err());
    }
}
