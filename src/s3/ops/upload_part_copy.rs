//! UploadPartCopy: a part whose bytes are an object's, or a closed range of them.

use super::upload_part::part;
use crate::http::Response;
use crate::objects;
use crate::objects::range::Range;
use crate::s3::cx::Cx;
use crate::s3::error::{Error, Result, invalid_argument};
use crate::s3::{answer, copying, encryption};
use crate::wire::s3_xml::Writer;

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    cx.bucket()?;
    let (number, id) = part(cx)?;
    let upload = cx.store().upload(&cx.bucket, &cx.key, &id)?;
    let source = copying::source(cx)?;
    let customer = encryption::customer(&cx.parts.headers, encryption::Of::Object)?;
    let source_key = encryption::customer(&cx.parts.headers, encryption::Of::CopySource)?;
    let seal = cx.store().seal_part(&upload, customer.as_ref())?;
    let found = cx.store().copy_source(&source, &copying::may(cx, &source, false))?;
    let range = range(cx, found.size)?;
    let (store, algorithm) = (cx.store().clone(), upload.algorithm);
    let copied = tokio::task::spawn_blocking(move || {
        let (_, reader) =
            store.read(&source.bucket, &source.key, Some(&found.version_id), source_key.as_ref(), |info| {
                // The object that was checked, not one that came after it.
                if info.etag != found.etag {
                    return Err(objects::Error::PreconditionFailed { header: "x-amz-copy-source-If-Match" });
                }
                Ok(range.unwrap_or((0, info.size)))
            })?;
        store.stage_blocking(reader, &[algorithm], seal)
    });
    let staged = copied.await.map_err(|e| objects::Error::Io(std::io::Error::other(e)))??;
    let part = cx.store().put_part(&upload, number, staged).await.map_err(Error::from)?;

    let mut doc = Writer::new("CopyPartResult");
    doc.text("LastModified", answer::xml_date(part.modified_at)).etag(&part.etag);
    doc.text(upload.algorithm.element(), &part.checksum);
    let mut response = answer::xml(doc);
    encryption::describe(&mut response, upload.encryption.as_ref(), customer.as_ref());
    Ok(response)
}

/// The offset and length of `x-amz-copy-source-range`, which must lie within the source.
fn range(cx: &Cx<'_>, size: u64) -> Result<Option<(u64, u64)>> {
    const NAME: &str = "x-amz-copy-source-range";
    let Some(text) = cx.header(NAME) else { return Ok(None) };
    match Range::parse(&text) {
        Some(Range::Closed(first, last)) if last < size => Ok(Some((first, last - first + 1))),
        Some(Range::Closed(..)) => Err(objects::Error::InvalidRange { range: text, size }.into()),
        Some(Range::From(_) | Range::Last(_)) | None => Err(invalid_argument(
            NAME,
            text,
            "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based \
             offsets of the first and last bytes to copy",
        )),
    }
}
