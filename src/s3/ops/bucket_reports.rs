//! Reads of analytics, inventory, metrics and intelligent-tiering configurations, of which a bucket here has none: the lists
//! are empty, and none has the id that is asked for.

use crate::http::Response;
use crate::s3::answer;
use crate::s3::cx::Cx;
use crate::s3::error::{Error, Result};
use crate::wire::s3_xml::Writer;

const LISTS: [(&str, &str); 4] = [
    ("analytics", "ListBucketAnalyticsConfigurationsResult"),
    ("inventory", "ListInventoryConfigurationsResult"),
    ("metrics", "ListMetricsConfigurationsResult"),
    ("intelligent-tiering", "ListBucketIntelligentTieringConfigurationsOutput"),
];

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    cx.bucket()?;
    if cx.query.has("id") {
        return Err(Error::NoConfiguration {
            code: "NoSuchConfiguration",
            message: "The specified configuration does not exist.",
        });
    }
    let (_, root) = LISTS
        .iter()
        .find(|(name, _)| cx.query.has(name))
        .ok_or_else(|| Error::NotImplemented(cx.parts.uri.query().unwrap_or_default().to_owned()))?;
    let mut doc = Writer::new(root);
    doc.value("IsTruncated", false);
    Ok(answer::xml(doc))
}
