//! Analytics, inventory, metrics and intelligent-tiering configurations: kept under their ids, listed and answered. Nothing is
//! reported or moved by them here.

use crate::http::Response;
use crate::s3::answer;
use crate::s3::cx::Cx;
use crate::s3::error::{Error, Result, invalid_argument};
use crate::wire::s3_xml::{Element, Writer};
use http::{Method, StatusCode};

/// One kind of configuration.
struct Kind {
    /// The sub-resource.
    name: &'static str,
    root: &'static str,
    /// The root of a list.
    list: &'static str,
    well_formed: fn(&Element) -> bool,
}

const KINDS: [Kind; 4] = [
    Kind {
        name: "analytics",
        root: "AnalyticsConfiguration",
        list: "ListBucketAnalyticsConfigurationsResult",
        well_formed: |said| said.child("StorageClassAnalysis").is_some(),
    },
    Kind {
        name: "inventory",
        root: "InventoryConfiguration",
        list: "ListInventoryConfigurationsResult",
        well_formed: inventory,
    },
    Kind {
        name: "metrics",
        root: "MetricsConfiguration",
        list: "ListMetricsConfigurationsResult",
        well_formed: |_| true,
    },
    Kind {
        name: "intelligent-tiering",
        root: "IntelligentTieringConfiguration",
        list: "ListBucketIntelligentTieringConfigurationsOutput",
        well_formed: tiering,
    },
];

/// Configurations on a page of a list.
const PAGE: usize = 100;
/// The most configurations of a kind.
const MOST: usize = 1000;
/// The longest id.
const MAX_ID: usize = 64;

const NONE: Error =
    Error::NoConfiguration { code: "NoSuchConfiguration", message: "The specified configuration does not exist." };

fn one_of(element: Option<&Element>, name: &str, values: &[&str]) -> bool {
    element.and_then(|e| e.get(name)).is_some_and(|text| values.contains(&text.trim()))
}

fn inventory(said: &Element) -> bool {
    let destination = said.child("Destination").and_then(|d| d.child("S3BucketDestination"));
    one_of(Some(said), "IsEnabled", &["true", "false"])
        && one_of(Some(said), "IncludedObjectVersions", &["All", "Current"])
        && one_of(said.child("Schedule"), "Frequency", &["Daily", "Weekly"])
        && one_of(destination, "Format", &["CSV", "ORC", "Parquet"])
        && destination.and_then(|d| d.get("Bucket")).is_some_and(|arn| arn.trim().starts_with("arn:aws"))
}

fn tiering(said: &Element) -> bool {
    let tier = |tiering: &Element| {
        let days = tiering.get("Days").and_then(|days| days.trim().parse::<u32>().ok());
        one_of(Some(tiering), "AccessTier", &["ARCHIVE_ACCESS", "DEEP_ARCHIVE_ACCESS"]) && days.is_some()
    };
    one_of(Some(said), "Status", &["Enabled", "Disabled"])
        && said.child("Tiering").is_some()
        && said.all("Tiering").all(tier)
}

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    cx.bucket()?;
    let kind = KINDS
        .iter()
        .find(|kind| cx.query.has(kind.name))
        .ok_or_else(|| Error::NotImplemented(cx.parts.uri.query().unwrap_or_default().to_owned()))?;
    match (cx.query.get("id").map(str::to_owned), &cx.parts.method) {
        (None, &Method::GET) => list(cx, kind),
        (None, _) => Err(invalid_argument("id", "", "Missing required parameter: Id")),
        (Some(id), &Method::GET) => get(cx, kind, &id),
        (Some(id), &Method::DELETE) => {
            let name = stored(kind, &id);
            cx.store().config(&cx.bucket, &name)?.ok_or(NONE)?;
            cx.store().set_config(&cx.bucket, &name, None).await?;
            Ok(answer::empty(StatusCode::NO_CONTENT))
        }
        (Some(id), _) => put(cx, kind, &id).await,
    }
}

/// The name under which a configuration is kept.
fn stored(kind: &Kind, id: &str) -> String {
    format!("{}/{id}", kind.name)
}

fn get(cx: &Cx<'_>, kind: &Kind, id: &str) -> Result<Response> {
    let text = cx.store().config(&cx.bucket, &stored(kind, id))?.ok_or(NONE)?;
    let mut doc = Writer::new(kind.root);
    Element::parse(kind.root, text.as_bytes())?.children.iter().for_each(|child| doc.element(child));
    Ok(answer::xml(doc))
}

async fn put(cx: &mut Cx<'_>, kind: &Kind, id: &str) -> Result<Response> {
    let document = cx.document(64 * 1024).await?;
    let said = Element::parse(kind.root, &document)?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    if id.is_empty() || id.len() > MAX_ID || !id.bytes().all(plain) {
        return Err(invalid_argument("id", id, "The configuration ID is not valid."));
    }
    if said.get("Id").map(str::trim) != Some(id) || !(kind.well_formed)(&said) {
        return Err(Error::MalformedXml);
    }
    let (name, all) = (stored(kind, id), cx.store().configs(&cx.bucket, &format!("{}/", kind.name))?);
    if all.len() >= MOST && !all.iter().any(|(known, _)| *known == name) {
        return Err(Error::TooManyConfigurations);
    }
    let text = String::from_utf8_lossy(&document).into_owned();
    cx.store().set_config(&cx.bucket, &name, Some(text)).await?;
    Ok(answer::empty(StatusCode::OK))
}

fn list(cx: &Cx<'_>, kind: &Kind) -> Result<Response> {
    // A token is the name of the last one of the page before.
    let token = cx.query.get("continuation-token");
    let all = cx.store().configs(&cx.bucket, &format!("{}/", kind.name))?;
    let mut rest = all.into_iter().filter(|(name, _)| token.is_none_or(|token| name.as_str() > token)).peekable();
    let mut doc = Writer::new(kind.list);
    let mut last = None;
    for (name, text) in rest.by_ref().take(PAGE) {
        doc.element(&Element::parse(kind.root, text.as_bytes())?);
        last = Some(name);
    }
    let more = rest.peek().is_some();
    doc.value("IsTruncated", more).maybe("ContinuationToken", token);
    doc.maybe("NextContinuationToken", last.filter(|_| more));
    Ok(answer::xml(doc))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_incomplete_is_refused() {
        let of = |kind: usize, inside: &str| {
            let root = KINDS[kind].root;
            let said = Element::parse(root, format!("<{root}>{inside}</{root}>").as_bytes()).unwrap();
            (KINDS[kind].well_formed)(&said)
        };
        assert!(of(0, "<StorageClassAnalysis/>") && !of(0, ""));
        let inventory = "<IsEnabled>true</IsEnabled><IncludedObjectVersions>All</IncludedObjectVersions><Schedule><Frequency>Daily\
            </Frequency></Schedule><Destination><S3BucketDestination><Bucket>arn:aws:s3:::b</Bucket><Format>CSV</Format>\
            </S3BucketDestination></Destination>";
        assert!(of(1, inventory) && !of(1, &inventory.replace("Daily", "Hourly")) && !of(1, ""));
        let tier = "<Status>Enabled</Status><Tiering><AccessTier>ARCHIVE_ACCESS</AccessTier><Days>90</Days></Tiering>";
        assert!(of(3, tier) && !of(3, "<Status>Enabled</Status>") && !of(3, &tier.replace("90", "soon")));
    }
}
