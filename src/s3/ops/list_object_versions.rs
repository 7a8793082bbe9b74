//! ListObjectVersions of a bucket that never had versioning: every object is its own latest version, `null`.

use crate::http::Response;
use crate::objects::object::NULL_VERSION;
use crate::s3::answer;
use crate::s3::cx::Cx;
use crate::s3::error::{Result, invalid_argument};
use crate::s3::listing::{self, Encoding, Owners};
use crate::wire::s3_xml::Writer;

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    let encoding = Encoding::of(cx)?;
    let key_marker = cx.query.get("key-marker").unwrap_or_default().to_owned();
    let version_marker = cx.query.get("version-id-marker").unwrap_or_default().to_owned();
    if key_marker.is_empty() && !version_marker.is_empty() {
        return Err(invalid_argument(
            "version-id-marker",
            version_marker,
            "A version-id marker cannot be specified without a key marker.",
        ));
    }
    let query = listing::query(cx, Some(key_marker.clone()))?;
    let page = listing::page(cx, &query).await?;

    let mut doc = Writer::new("ListVersionsResult");
    doc.text("Name", &cx.bucket).text("Prefix", encoding.key(&query.prefix));
    doc.text("KeyMarker", encoding.key(&key_marker)).text("VersionIdMarker", &version_marker);
    if let Some(next) = &page.next {
        doc.text("NextKeyMarker", encoding.key(next));
        if page.objects.last().is_some_and(|o| o.key == *next) {
            doc.text("NextVersionIdMarker", NULL_VERSION);
        }
    }
    doc.value("MaxKeys", query.limit);
    if !query.delimiter.is_empty() {
        doc.text("Delimiter", encoding.key(&query.delimiter));
    }
    encoding.write(&mut doc);
    doc.value("IsTruncated", page.next.is_some());
    let mut owners = Owners::new(cx);
    for object in &page.objects {
        doc.open("Version").text("Key", encoding.key(&object.key));
        doc.text("VersionId", NULL_VERSION).value("IsLatest", true);
        listing::elements(&mut doc, object);
        owners.write(&mut doc, &object.owner);
        doc.close();
    }
    listing::prefixes(&mut doc, &page.prefixes, encoding);
    Ok(answer::xml(doc))
}
