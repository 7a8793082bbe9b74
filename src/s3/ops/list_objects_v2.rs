//! ListObjectsV2: pages by an opaque token.

use crate::http::Response;
use crate::s3::answer;
use crate::s3::cx::Cx;
use crate::s3::error::{Result, invalid_argument};
use crate::s3::listing::{self, Encoding, Owners};
use crate::wire::s3_xml::Writer;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    let encoding = Encoding::of(cx)?;
    let start_after = cx.query.get("start-after").map(str::to_owned);
    let token = cx.query.get("continuation-token").map(str::to_owned);
    let given = token.as_deref().filter(|t| !t.is_empty());
    let after = match given {
        Some(token) => Some(read_token(token).ok_or_else(|| {
            invalid_argument("continuation-token", token, "The continuation token provided is incorrect")
        })?),
        None => start_after.clone(),
    };
    let query = listing::query(cx, after)?;
    let page = listing::page(cx, &query).await?;
    let with_owner = cx.query.get("fetch-owner").is_some_and(|v| v.eq_ignore_ascii_case("true"));

    let mut doc = Writer::new("ListBucketResult");
    doc.text("Name", &cx.bucket).text("Prefix", encoding.key(&query.prefix));
    doc.maybe("StartAfter", start_after.as_deref().map(|s| encoding.key(s)));
    doc.maybe("ContinuationToken", token.as_deref());
    doc.maybe("NextContinuationToken", page.next.as_deref().map(write_token));
    doc.value("KeyCount", page.len());
    listing::bounds(&mut doc, encoding, query.limit, &query.delimiter, page.next.is_some());
    let mut owners = Owners::new(cx);
    for object in &page.objects {
        doc.open("Contents").text("Key", encoding.key(&object.key));
        listing::elements(&mut doc, object);
        if with_owner {
            owners.write(&mut doc, &object.owner);
        }
        doc.close();
    }
    listing::prefixes(&mut doc, &page.prefixes, encoding);
    Ok(answer::xml(doc))
}

fn write_token(after: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(after)
}

fn read_token(token: &str) -> Option<String> {
    String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(token).ok()?).ok().filter(|t| !t.is_empty())
}
