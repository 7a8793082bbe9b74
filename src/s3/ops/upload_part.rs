//! UploadPart.

use crate::http::Response;
use crate::objects::info::Checksum;
use crate::objects::multipart::MAX_PARTS;
use crate::s3::cx::Cx;
use crate::s3::error::{Result, invalid_argument, invalid_request};
use crate::s3::{answer, encryption};
use http::StatusCode;

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    cx.bucket()?;
    let (number, id) = part(cx)?;
    let upload = cx.store().upload(&cx.bucket, &cx.key, &id)?;
    let customer = encryption::customer(&cx.parts.headers, encryption::Of::Object)?;
    let seal = cx.store().seal_part(&upload, customer.as_ref())?;
    let received = cx.receive(Some(upload.algorithm), seal).await?;
    if upload.asked && received.algorithm != upload.algorithm {
        return Err(invalid_request(format!(
            "Checksum Type mismatch occurred, expected checksum Type: {}, actual checksum Type: {}",
            upload.algorithm.name().to_lowercase(),
            received.algorithm.name().to_lowercase()
        )));
    }
    let sent = received.staged.computed.get(received.algorithm).map(|value| Checksum {
        algorithm: value.algorithm,
        kind: upload.kind,
        text: value.text(),
    });
    let part = cx.store().put_part(&upload, number, received.staged).await?;
    let mut response = answer::empty(StatusCode::OK);
    answer::etag(&mut response, &part.etag);
    encryption::describe(&mut response, upload.encryption.as_ref(), customer.as_ref());
    if let Some(checksum) = sent {
        answer::set(&mut response, checksum.algorithm.header(), &checksum.text);
    }
    Ok(response)
}

/// The part number and the upload id of the query.
pub fn part(cx: &Cx<'_>) -> Result<(u32, String)> {
    let text = cx.query.get("partNumber").unwrap_or_default();
    let number = text.parse().ok().filter(|n| (1..=MAX_PARTS).contains(n)).ok_or_else(|| {
        invalid_argument("partNumber", text, "Part number must be an integer between 1 and 10000, inclusive")
    })?;
    Ok((number, cx.query.get("uploadId").unwrap_or_default().to_owned()))
}
