//! UpdateObjectEncryption: seal an object's data key with a KMS key, without touching the object otherwise.

use crate::http::Response;
use crate::objects::encryption::Asked;
use crate::s3::answer;
use crate::s3::cx::Cx;
use crate::s3::error::{Error, Result, invalid_request};
use crate::wire::s3_xml::Element;
use http::StatusCode;

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    let (bucket, info) = cx.object()?;
    if cx.scope.is_none() {
        return Err(invalid_request("Changing an object's encryption requires AWS Signature Version 4."));
    }
    let document = cx.document(64 * 1024).await?;
    let asked = parse(&document)?;
    let account = cx.writer(&bucket);
    cx.store().update_encryption(&info, &asked, &account).await?;
    let mut response = answer::empty(StatusCode::OK);
    answer::version(&mut response, &bucket, &info.version_id);
    Ok(response)
}

fn parse(document: &[u8]) -> Result<Asked> {
    let root = Element::parse("ObjectEncryption", document)?;
    let Some(kms) = root.child("SSE-KMS") else {
        return Err(invalid_request("The new encryption type is not valid. The valid one is SSE-KMS."));
    };
    let arn = kms.get("KMSKeyArn").map(str::trim).unwrap_or_default();
    if !arn.starts_with("arn:") || !arn.contains(":key/") {
        return Err(invalid_request("Changing an object's encryption to SSE-KMS requires the ARN of a KMS key."));
    }
    let bucket_key = match kms.get("BucketKeyEnabled").map(str::trim) {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(Error::MalformedXml),
    };
    Ok(Asked::Kms { key: Some(arn.to_owned()), context: None, bucket_key: Some(bucket_key) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(inside: &str) -> Result<Asked> {
        parse(format!("<ObjectEncryption>{inside}</ObjectEncryption>").as_bytes())
    }

    #[test]
    fn only_kms_keys_by_their_arn_are_taken() {
        let arn = "<KMSKeyArn>arn:aws:kms:us-east-1:111122223333:key/a</KMSKeyArn>";
        let asked = read(&format!("<SSE-KMS>{arn}<BucketKeyEnabled>true</BucketKeyEnabled></SSE-KMS>")).unwrap();
        assert!(matches!(asked, Asked::Kms { bucket_key: Some(true), .. }));
        for bad in ["", "<SSE-S3/>", "<SSE-KMS/>", "<SSE-KMS><KMSKeyArn>alias/a</KMSKeyArn></SSE-KMS>"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
