//! GetObjectAttributes: what the client asks for of an object, without its bytes.

use super::get_object;
use crate::http::Response;
use crate::objects::ObjectInfo;
use crate::s3::cx::Cx;
use crate::s3::error::{Result, invalid_argument, invalid_request};
use crate::s3::{answer, permission};
use crate::wire::s3_xml::Writer;

const KNOWN: [&str; 5] = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"];

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    let (bucket, info) = cx.object()?;
    // Who may not read the object is told nothing of it either.
    let read = permission::action("GetObject", cx.query.has("versionId"));
    cx.asking().may(&bucket, Some(&info), &read, &cx.key)?;
    cx.store().check_key(&info, get_object::key(cx)?.as_ref())?;
    let asked = cx.header("x-amz-object-attributes").filter(|v| !v.trim().is_empty()).ok_or_else(|| {
        invalid_request(
            "The x-amz-object-attributes header specifying the attributes to be retrieved is either missing or empty",
        )
    })?;
    let asked: Vec<&str> = asked.split(',').map(str::trim).collect();
    if let Some(unknown) = asked.iter().find(|name| !KNOWN.contains(name)) {
        return Err(invalid_argument("x-amz-object-attributes", *unknown, "Invalid attribute name specified."));
    }
    let mut doc = Writer::new("GetObjectAttributesResponse");
    for name in KNOWN.into_iter().filter(|name| asked.contains(name)) {
        match name {
            "ETag" => {
                doc.text("ETag", &info.etag);
            }
            "StorageClass" => {
                doc.text("StorageClass", &info.storage_class);
            }
            "ObjectSize" => {
                doc.value("ObjectSize", info.size);
            }
            "Checksum" => {
                if let Some(checksum) = &info.checksum {
                    doc.open("Checksum");
                    answer::checksum_elements(&mut doc, checksum);
                    doc.close();
                }
            }
            _ => parts(cx, &mut doc, &info)?,
        }
    }
    let mut response = answer::xml(doc);
    answer::version(&mut response, &bucket, &info.version_id);
    answer::set(&mut response, "last-modified", &answer::http_date(info.modified_at));
    Ok(response)
}

/// `<ObjectParts>` of an object that was uploaded in parts.
fn parts(cx: &Cx<'_>, doc: &mut Writer, info: &ObjectInfo) -> Result<()> {
    if info.part_count == 0 {
        return Ok(());
    }
    let number = |name: &'static str, default: u32| match cx.header(name) {
        None => Ok(default),
        Some(text) => text.trim().parse().map_err(|_| invalid_argument(name, text, "Not a number")),
    };
    let (limit, after) = (number("x-amz-max-parts", 1000)?.min(1000), number("x-amz-part-number-marker", 0)?);
    let (parts, more) = cx.store().object_parts(info, after, limit as usize)?;
    doc.open("ObjectParts").value("PartsCount", info.part_count).value("PartNumberMarker", after);
    doc.value("NextPartNumberMarker", parts.last().map_or(0, |p| p.number));
    doc.value("MaxParts", limit).value("IsTruncated", more);
    for part in &parts {
        doc.open("Part").value("PartNumber", part.number).value("Size", part.size);
        if let Some(checksum) = &info.checksum {
            doc.text(checksum.algorithm.element(), &part.checksum);
        }
        doc.close();
    }
    doc.close();
    Ok(())
}
