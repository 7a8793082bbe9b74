//! RestoreObject: bytes of every storage class are at hand here, so an archived object is restored already, for good.

use crate::http::Response;
use crate::s3::answer;
use crate::s3::cx::Cx;
use crate::s3::error::{Error, Result};
use crate::wire::s3_xml::Element;
use http::StatusCode;

/// Storage classes whose objects AWS wants to be restored before they are read.
const ARCHIVES: [&str; 2] = ["GLACIER", "DEEP_ARCHIVE"];

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    let (_, info) = cx.object()?;
    let document = cx.document(64 * 1024).await?;
    let asked = Element::parse("RestoreRequest", &document)?;
    if !ARCHIVES.contains(&info.storage_class.as_str()) {
        return Err(Error::NotArchived(info.storage_class));
    }
    if asked.child("SelectParameters").is_some() || asked.child("OutputLocation").is_some() {
        return Err(Error::NotImplemented("SelectParameters".into()));
    }
    let days = asked.get("Days").and_then(|days| days.trim().parse::<u32>().ok());
    if days.is_none_or(|days| days == 0) {
        return Err(Error::MalformedXml);
    }
    Ok(answer::empty(StatusCode::OK))
}
