//! ListParts.

use crate::http::Response;
use crate::s3::answer;
use crate::s3::cx::Cx;
use crate::s3::error::Result;
use crate::s3::listing::Encoding;
use crate::wire::s3_xml::Writer;

/// The most parts of a page.
const MAX: u32 = 1000;

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    cx.bucket()?;
    let encoding = Encoding::of(cx)?;
    let id = cx.query.get("uploadId").unwrap_or_default();
    let upload = cx.store().upload(&cx.bucket, &cx.key, id)?;
    let limit = cx.number("max-parts", MAX, MAX)?;
    let after = cx.number("part-number-marker", 0, u32::MAX)?;
    let (parts, more) = cx.store().parts(&upload, after, limit as usize)?;

    let mut doc = Writer::new("ListPartsResult");
    doc.text("Bucket", &cx.bucket).text("Key", encoding.key(&cx.key)).text("UploadId", &upload.id);
    doc.open("Initiator");
    cx.owner(&upload.initiator).write(&mut doc);
    doc.close().open("Owner");
    cx.owner(&upload.owner).write(&mut doc);
    doc.close().text("StorageClass", &upload.storage_class);
    doc.value("PartNumberMarker", after);
    doc.value("NextPartNumberMarker", parts.last().map_or(0, |p| p.number));
    doc.value("MaxParts", limit);
    encoding.write(&mut doc);
    doc.value("IsTruncated", more);
    if upload.asked {
        doc.text("ChecksumAlgorithm", upload.algorithm.name()).text("ChecksumType", upload.kind.name());
    }
    for part in &parts {
        doc.open("Part").value("PartNumber", part.number).text("LastModified", answer::xml_date(part.modified_at));
        doc.etag(&part.etag).value("Size", part.size).text(upload.algorithm.element(), &part.checksum).close();
    }
    Ok(answer::xml(doc))
}
