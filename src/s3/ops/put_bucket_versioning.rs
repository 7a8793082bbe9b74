//! PutBucketVersioning. Deletion with a second factor is refused: there are no such devices here.

use crate::http::Response;
use crate::objects::versioning::Versioning;
use crate::s3::answer;
use crate::s3::cx::Cx;
use crate::s3::error::{Error, Result};
use crate::wire::s3_xml::Element;
use http::StatusCode;

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    cx.bucket()?;
    let document = cx.document(64 * 1024).await?;
    let asked = Element::parse("VersioningConfiguration", &document)?;
    if asked.get("MfaDelete").is_some_and(|v| v.trim() == "Enabled") {
        return Err(Error::NotImplemented("MfaDelete".into()));
    }
    let versioning = match asked.get("Status").map(str::trim) {
        Some("Enabled") => Versioning::Enabled,
        Some("Suspended") => Versioning::Suspended,
        Some(_) => return Err(Error::MalformedXml),
        None => return Err(Error::IllegalVersioning),
    };
    cx.store().set_versioning(&cx.bucket, versioning).await?;
    Ok(answer::empty(StatusCode::OK))
}
