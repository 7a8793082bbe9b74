//! ListObjects, the first version: pages by marker.

use crate::http::Response;
use crate::s3::answer;
use crate::s3::cx::Cx;
use crate::s3::error::Result;
use crate::s3::listing::{self, Encoding, Owners};
use crate::wire::s3_xml::Writer;

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    let encoding = Encoding::of(cx)?;
    let marker = cx.query.get("marker").unwrap_or_default().to_owned();
    let query = listing::query(cx, Some(marker.clone()))?;
    let page = listing::page(cx, &query).await?;

    let mut doc = Writer::new("ListBucketResult");
    // The prefix comes back as it was sent: clients do not decode it here.
    doc.text("Name", &cx.bucket).text("Prefix", &query.prefix).text("Marker", encoding.key(&marker));
    // Without a delimiter the last key is the marker.
    if let Some(next) = page.next.as_deref().filter(|_| !query.delimiter.is_empty()) {
        doc.text("NextMarker", encoding.key(next));
    }
    listing::bounds(&mut doc, encoding, query.limit, &query.delimiter, page.next.is_some());
    let mut owners = Owners::new(cx);
    for object in &page.objects {
        doc.open("Contents").text("Key", encoding.key(&object.key));
        listing::elements(&mut doc, object);
        owners.write(&mut doc, &object.owner);
        doc.close();
    }
    listing::prefixes(&mut doc, &page.prefixes, encoding);
    Ok(answer::xml(doc))
}
