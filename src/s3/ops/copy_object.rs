//! CopyObject.

use crate::http::Response;
use crate::objects::checksum::Algorithm;
use crate::objects::copy::Copy;
use crate::objects::object::{NewObject, STANDARD};
use crate::s3::cx::Cx;
use crate::s3::error::{Error, Result, invalid_argument};
use crate::s3::{acl, answer, copying, headers};
use crate::wire::s3_xml::Writer;

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    let bucket = cx.bucket()?;
    headers::refuse_unbuilt(&cx.parts.headers)?;
    let (owner, acl) = acl::of_new_object(cx, &bucket)?;
    let source = copying::source(cx)?;
    let replace_headers = match cx.header("x-amz-metadata-directive").as_deref() {
        None => false,
        Some(text) if text.eq_ignore_ascii_case("COPY") => false,
        Some(text) if text.eq_ignore_ascii_case("REPLACE") => true,
        Some(other) => {
            return Err(invalid_argument("x-amz-metadata-directive", other, "Unknown metadata directive."));
        }
    };
    let algorithm = match cx.header("x-amz-checksum-algorithm") {
        None => None,
        Some(name) => Some(Algorithm::parse(&name).ok_or_else(|| {
            invalid_argument("x-amz-checksum-algorithm", name, "Checksum algorithm provided is unsupported.")
        })?),
    };
    let mut to = NewObject {
        acl,
        storage_class: headers::storage_class(&cx.parts.headers)?,
        conditions: headers::write_conditions(&cx.parts.headers)?,
        ..NewObject::of(&cx.bucket, &cx.key, &owner)
    };
    if replace_headers {
        to.headers = headers::metadata(&cx.parts.headers)?;
    }
    to.checksum = algorithm.unwrap_or(to.checksum);
    let changes = to.storage_class != STANDARD;
    let copy = Copy { source, to, replace_headers, replace_checksum: algorithm.is_some(), changes };
    let written = cx.store().copy(copy, &copying::may(cx)).await.map_err(Error::from)?;

    let mut doc = Writer::new("CopyObjectResult");
    doc.text("LastModified", answer::xml_date(written.modified_at)).etag(&written.etag);
    if let Some(checksum) = &written.checksum {
        answer::checksum_elements(&mut doc, checksum);
    }
    Ok(answer::xml(doc))
}
