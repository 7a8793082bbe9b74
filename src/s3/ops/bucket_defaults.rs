//! Reads of bucket configurations that cannot be set yet: each answers what AWS says of a bucket without one.

use crate::http::Response;
use crate::s3::answer;
use crate::s3::cx::Cx;
use crate::s3::error::{Error, Result};
use crate::wire::s3_xml::Writer;

/// What a bucket without this configuration answers.
enum Unset {
    /// A document with this root and these elements.
    Document(&'static str, &'static [(&'static str, &'static str)]),
    /// 404 with this code and message.
    Missing(&'static str, &'static str),
}

const UNSET: [(&str, Unset); 4] = [
    ("notification", Unset::Document("NotificationConfiguration", &[])),
    (
        "website",
        Unset::Missing("NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration"),
    ),
    (
        "replication",
        Unset::Missing("ReplicationConfigurationNotFoundError", "The replication configuration was not found"),
    ),
    (
        "encryption",
        Unset::Missing(
            "ServerSideEncryptionConfigurationNotFoundError",
            "The server side encryption configuration was not found",
        ),
    ),
];

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    cx.bucket()?;
    let (name, unset) = UNSET
        .iter()
        .find(|(name, _)| cx.query.has(name))
        .ok_or_else(|| Error::NotImplemented(cx.parts.uri.query().unwrap_or_default().to_owned()))?;
    tracing::debug!(configuration = name, "a bucket's configuration that is never set");
    match unset {
        Unset::Missing(code, message) => Err(Error::NoConfiguration { code, message }),
        Unset::Document(root, elements) => {
            let mut doc = Writer::new(root);
            for (name, value) in *elements {
                doc.text(name, value);
            }
            Ok(answer::xml(doc))
        }
    }
}
