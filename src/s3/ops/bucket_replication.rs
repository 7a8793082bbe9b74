//! GetBucketReplication, PutBucketReplication and DeleteBucketReplication: nothing is replicated here, so no bucket has a
//! configuration, and setting one is refused.

use crate::http::Response;
use crate::objects::versioning::Versioning;
use crate::s3::answer;
use crate::s3::cx::Cx;
use crate::s3::error::{Error, Result, invalid_request};
use crate::wire::s3_xml::Element;
use http::{Method, StatusCode};

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    let bucket = cx.bucket()?;
    if cx.parts.method == Method::DELETE {
        return Ok(answer::empty(StatusCode::NO_CONTENT));
    }
    if cx.parts.method == Method::GET {
        return Err(Error::NoConfiguration {
            code: "ReplicationConfigurationNotFoundError",
            message: "The replication configuration was not found",
        });
    }
    let document = cx.document(2 * 1024 * 1024).await?;
    let asked = Element::parse("ReplicationConfiguration", &document)?;
    if asked.get("Role").is_none() || asked.child("Rule").is_none() {
        return Err(Error::MalformedXml);
    }
    if bucket.versioning != Versioning::Enabled {
        return Err(invalid_request("Versioning must be 'Enabled' on the bucket to apply a replication configuration"));
    }
    Err(Error::NotImplemented("replication".into()))
}
