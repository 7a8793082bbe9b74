//! ListObjectVersions.

use crate::http::Response;
use crate::objects::listing::VersionsQuery;
use crate::s3::answer;
use crate::s3::cx::Cx;
use crate::s3::error::{Result, invalid_argument};
use crate::s3::listing::{self, Encoding, MAX_KEYS, Owners};
use crate::wire::s3_xml::Writer;

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    cx.bucket()?;
    let encoding = Encoding::of(cx)?;
    let text = |name| cx.query.get(name).unwrap_or_default().to_owned();
    let given = |name| Some(text(name)).filter(|v| !v.is_empty());
    let query = VersionsQuery {
        prefix: text("prefix"),
        delimiter: text("delimiter"),
        key_marker: given("key-marker"),
        version_marker: given("version-id-marker"),
        limit: cx.number("max-keys", MAX_KEYS, MAX_KEYS)? as usize,
    };
    if query.key_marker.is_none()
        && let Some(version_marker) = query.version_marker
    {
        return Err(invalid_argument(
            "version-id-marker",
            version_marker,
            "A version-id marker cannot be specified without a key marker.",
        ));
    }
    let (store, bucket, asked) = (cx.store().clone(), cx.bucket.clone(), query.clone());
    let page = tokio::task::spawn_blocking(move || store.list_versions(&bucket, &asked)).await;
    let page = page.map_err(|e| crate::objects::Error::Io(std::io::Error::other(e)))??;

    let mut doc = Writer::new("ListVersionsResult");
    doc.text("Name", &cx.bucket).text("Prefix", encoding.key(&query.prefix));
    doc.text("KeyMarker", encoding.key(query.key_marker.as_deref().unwrap_or_default()));
    doc.text("VersionIdMarker", query.version_marker.as_deref().unwrap_or_default());
    if let Some((key, version_id)) = &page.next {
        doc.text("NextKeyMarker", encoding.key(key));
        doc.maybe("NextVersionIdMarker", version_id.as_deref());
    }
    listing::bounds(&mut doc, encoding, query.limit, &query.delimiter, page.next.is_some());
    let mut owners = Owners::new(cx);
    for version in &page.versions {
        doc.open(if version.delete_marker { "DeleteMarker" } else { "Version" });
        doc.text("Key", encoding.key(&version.object.key));
        doc.text("VersionId", &version.version_id).value("IsLatest", version.latest);
        if version.delete_marker {
            doc.text("LastModified", answer::xml_date(version.object.modified_at));
        } else {
            listing::elements(&mut doc, &version.object);
        }
        owners.write(&mut doc, &version.object.owner);
        doc.close();
    }
    listing::prefixes(&mut doc, &page.prefixes, encoding);
    Ok(answer::xml(doc))
}
