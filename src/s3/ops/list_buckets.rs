//! ListBuckets: every bucket of the caller's account, by name.

use crate::http::Response;
use crate::s3::answer;
use crate::s3::cx::Cx;
use crate::s3::error::Result;
use crate::wire::s3_xml::Writer;

/// The most buckets of a page.
const MAX: u32 = 10_000;

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    let account = cx.account()?;
    let (prefix, after) = (cx.query.get("prefix").unwrap_or_default(), cx.query.get("continuation-token"));
    let limit = cx.number("max-buckets", MAX, MAX)? as usize;
    let mut buckets = cx.store().buckets_of(account)?;
    buckets.retain(|b| b.name.starts_with(prefix) && after.is_none_or(|after| b.name.as_str() > after));
    let more = buckets.len() > limit;
    buckets.truncate(limit);
    let mut doc = Writer::new("ListAllMyBucketsResult");
    doc.open("Owner");
    cx.owner(account).write(&mut doc);
    doc.close().open("Buckets");
    for b in &buckets {
        doc.open("Bucket").text("Name", &b.name).text("CreationDate", answer::xml_date(b.created_at));
        doc.text("BucketRegion", &b.region).close();
    }
    doc.close();
    if more {
        doc.maybe("ContinuationToken", buckets.last().map(|b| &b.name));
    }
    if !prefix.is_empty() {
        doc.text("Prefix", prefix);
    }
    Ok(answer::xml(doc))
}
