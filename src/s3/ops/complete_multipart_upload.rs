//! CompleteMultipartUpload.

use crate::http::Response;
use crate::objects::checksum::{ALL, Algorithm, Value};
use crate::objects::multipart::{Chosen, Completion, MAX_PARTS};
use crate::objects::notification::Event;
use crate::s3::cx::Cx;
use crate::s3::error::{Error, Result, invalid_argument, invalid_request};
use crate::s3::{answer, encryption, headers, lifecycle};
use crate::wire::percent;
use crate::wire::s3_xml::{Element, Writer};
use http::header;

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    let bucket = cx.bucket()?;
    let upload = cx.query.get("uploadId").unwrap_or_default().to_owned();
    let conditions = headers::write_conditions(&cx.parts.headers);
    // Here a checksum header speaks of the object, not of the document.
    let expected = expected(cx)?;
    let size = match cx.header("x-amz-mp-object-size") {
        None => None,
        Some(text) => Some(
            text.trim().parse().map_err(|_| invalid_request("Value for x-amz-mp-object-size header is invalid."))?,
        ),
    };
    let customer = encryption::customer(&cx.parts.headers, encryption::Of::Object)?;
    let document = cx.document(16 * 1024 * 1024).await?;
    let parts = chosen(&document)?;
    let completion = Completion {
        bucket: cx.bucket.clone(),
        key: cx.key.clone(),
        upload,
        parts,
        conditions,
        expected,
        size,
        customer: customer.clone(),
        cause: cx.cause(&bucket, Event::CompleteMultipartUpload),
    };
    let written = cx.store().complete_upload(completion).await?;

    let mut doc = Writer::new("CompleteMultipartUploadResult");
    doc.text("Location", location(cx)).text("Bucket", &cx.bucket).text("Key", &cx.key).etag(&written.etag);
    if let Some(checksum) = &written.checksum {
        answer::checksum_elements(&mut doc, checksum);
    }
    let mut response = answer::xml(doc);
    answer::written(&mut response, &written);
    encryption::describe(&mut response, written.encryption.as_ref(), customer.as_ref());
    lifecycle::announce(&mut response, &bucket, &cx.key, written.size, &written.tags, written.modified_at)?;
    Ok(response)
}

/// Take the checksum header, so that the document is not compared with it.
fn expected(cx: &mut Cx<'_>) -> Result<Option<(Algorithm, String)>> {
    let mut found = None;
    for algorithm in ALL {
        let value = cx.header(algorithm.header());
        cx.parts.headers.remove(algorithm.header());
        found = found.or(value.map(|text| (algorithm, text)));
    }
    Ok(found)
}

fn chosen(document: &[u8]) -> Result<Vec<Chosen>> {
    let list = Element::parse("CompleteMultipartUpload", document)?;
    let parts = list.all("Part").map(|part| {
        let text = part.get("PartNumber").ok_or(Error::MalformedXml)?.trim();
        let number: u32 = text.parse().map_err(|_| Error::MalformedXml)?;
        if !(1..=MAX_PARTS).contains(&number) {
            return Err(invalid_argument(
                "partNumber",
                text,
                "Part number must be an integer between 1 and 10000, inclusive",
            ));
        }
        let checksum = ALL.into_iter().find_map(|a| Value::parse(a, part.get(a.element())?.trim()));
        let etag = part.get("ETag").ok_or(Error::MalformedXml)?.trim().to_owned();
        Ok(Chosen { number, etag, checksum })
    });
    let parts = parts.collect::<Result<Vec<_>>>()?;
    if parts.is_empty() { Err(Error::MalformedXml) } else { Ok(parts) }
}

/// The object's URL, as the client spoke to us.
fn location(cx: &Cx<'_>) -> String {
    let host = cx.header(header::HOST.as_str()).unwrap_or_default();
    format!("http://{host}/{}/{}", cx.bucket, percent::encode(cx.key.as_bytes()))
}
