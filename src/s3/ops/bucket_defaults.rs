//! Reads of bucket configurations that cannot be set: each answers what AWS says of a bucket without one.

use crate::http::Response;
use crate::s3::cx::Cx;
use crate::s3::error::{Error, Result};

/// The sub-resource, and the code and message of a bucket that has none.
const UNSET: [(&str, &str, &str); 1] =
    [("replication", "ReplicationConfigurationNotFoundError", "The replication configuration was not found")];

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    cx.bucket()?;
    let (_, code, message) = UNSET
        .iter()
        .find(|(name, ..)| cx.query.has(name))
        .ok_or_else(|| Error::NotImplemented(cx.parts.uri.query().unwrap_or_default().to_owned()))?;
    Err(Error::NoConfiguration { code, message })
}
