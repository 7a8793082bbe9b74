//! `BucketLoggingStatus`: where the records of a bucket's requests go.

use super::acl;
use super::cx::Cx;
use super::error::{Error, Result};
use crate::objects::acl::Acl;
use crate::objects::bucket::Bucket;
use crate::objects::logging::{DateSource, KeyFormat, Target};
use crate::wire::s3_xml::{Element, Writer};

const DATE_SOURCES: [(DateSource, &str); 2] =
    [(DateSource::EventTime, "EventTime"), (DateSource::DeliveryTime, "DeliveryTime")];

/// Read it; `None` logs no more.
pub fn read(cx: &Cx<'_>, bucket: &Bucket, document: &[u8]) -> Result<Option<Target>> {
    let status = Element::parse("BucketLoggingStatus", document)?;
    let Some(enabled) = status.child("LoggingEnabled") else { return Ok(None) };
    let text = |name: &str| enabled.get(name).map(str::trim).ok_or(Error::MalformedXml);
    let grants = match enabled.child("TargetGrants") {
        None => Acl::default(),
        Some(list) => Acl { grants: acl::grants(cx, list).map_err(malformed)? },
    };
    Ok(Some(Target {
        bucket: text("TargetBucket")?.to_owned(),
        prefix: text("TargetPrefix")?.to_owned(),
        grants: grants.to_text(),
        format: enabled.child("TargetObjectKeyFormat").map(format).transpose()?,
        source_owner: bucket.owner.clone(),
        source_canonical_id: cx.owner(&bucket.owner).id,
        source_region: bucket.region.clone(),
    }))
}

/// A document of grants that is none says so in another way than an ACL.
fn malformed(error: Error) -> Error {
    match error {
        Error::MalformedAcl => Error::MalformedXml,
        other => other,
    }
}

fn format(element: &Element) -> Result<KeyFormat> {
    match (element.child("SimplePrefix"), element.child("PartitionedPrefix")) {
        (Some(_), None) => Ok(KeyFormat::Simple),
        (None, Some(partitioned)) => {
            let said = partitioned.get("PartitionDateSource").map(str::trim);
            let known = DATE_SOURCES.iter().find(|(_, name)| said == Some(name));
            known.map(|(source, _)| KeyFormat::Partitioned(*source)).ok_or(Error::MalformedXml)
        }
        (Some(_), Some(_)) | (None, None) => Err(Error::MalformedXml),
    }
}

/// Write it.
pub fn document(cx: &Cx<'_>, target: Option<&Target>) -> Writer {
    let mut doc = Writer::new("BucketLoggingStatus");
    let Some(target) = target else { return doc };
    doc.open("LoggingEnabled").text("TargetBucket", &target.bucket);
    if let Some(granted) = Acl::from_text(&target.grants).filter(|acl| !acl.grants.is_empty()) {
        doc.open("TargetGrants");
        acl::write_grants(cx, &mut doc, &granted);
        doc.close();
    }
    match target.format {
        None => {}
        Some(KeyFormat::Simple) => {
            doc.open("TargetObjectKeyFormat").open("SimplePrefix").close().close();
        }
        Some(KeyFormat::Partitioned(source)) => {
            let name = DATE_SOURCES.iter().find(|(s, _)| *s == source).expect("every source has a name").1;
            doc.open("TargetObjectKeyFormat").open("PartitionedPrefix").text("PartitionDateSource", name);
            doc.close().close();
        }
    }
    doc.text("TargetPrefix", &target.prefix).close();
    doc
}
