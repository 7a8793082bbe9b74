//! ListMultipartUploads.

use crate::http::Response;
use crate::objects::multipart::UploadsQuery;
use crate::s3::answer;
use crate::s3::cx::Cx;
use crate::s3::error::Result;
use crate::s3::listing::{self, Encoding};
use crate::wire::s3_xml::Writer;

/// The most uploads of a page.
const MAX: u32 = 1000;

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    cx.bucket()?;
    let encoding = Encoding::of(cx)?;
    let text = |name| cx.query.get(name).unwrap_or_default();
    let marker = |name| cx.query.get(name).filter(|v| !v.is_empty()).map(str::to_owned);
    let query = UploadsQuery {
        prefix: text("prefix").to_owned(),
        delimiter: text("delimiter").to_owned(),
        key_marker: marker("key-marker"),
        id_marker: marker("upload-id-marker"),
        limit: cx.number("max-uploads", MAX, MAX)? as usize,
    };
    let page = cx.store().list_uploads(&cx.bucket, &query)?;

    let mut doc = Writer::new("ListMultipartUploadsResult");
    doc.text("Bucket", &cx.bucket).text("KeyMarker", encoding.key(text("key-marker")));
    doc.text("UploadIdMarker", text("upload-id-marker"));
    if let Some((key, id)) = &page.next {
        doc.text("NextKeyMarker", encoding.key(key)).text("NextUploadIdMarker", id);
    }
    if !query.delimiter.is_empty() {
        doc.text("Delimiter", encoding.key(&query.delimiter));
    }
    doc.text("Prefix", encoding.key(&query.prefix));
    encoding.write(&mut doc);
    doc.value("MaxUploads", query.limit).value("IsTruncated", page.next.is_some());
    for upload in &page.uploads {
        doc.open("Upload").text("Key", encoding.key(&upload.key)).text("UploadId", &upload.id);
        doc.open("Initiator");
        cx.owner(&upload.initiator).write(&mut doc);
        doc.close().open("Owner");
        cx.owner(&upload.initiator).write(&mut doc);
        doc.close().text("StorageClass", &upload.storage_class);
        doc.text("Initiated", answer::xml_date(upload.initiated_at));
        if upload.asked {
            doc.text("ChecksumAlgorithm", upload.algorithm.name()).text("ChecksumType", upload.kind.name());
        }
        doc.close();
    }
    listing::prefixes(&mut doc, &page.prefixes, encoding);
    Ok(answer::xml(doc))
}
