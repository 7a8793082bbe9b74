//! CopyObject.

use crate::http::Response;
use crate::objects::checksum::Algorithm;
use crate::objects::copy::Copy;
use crate::objects::encryption::Asked;
use crate::objects::notification::Event;
use crate::objects::object::{NewObject, STANDARD};
use crate::objects::version::NULL_VERSION;
use crate::s3::cx::Cx;
use crate::s3::error::{Error, Result, invalid_argument};
use crate::s3::{acl, answer, copying, encryption, headers, lifecycle, locking};
use crate::wire::s3_xml::Writer;

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    let bucket = cx.bucket()?;
    cx.asking().may_say(&bucket, &cx.key)?;
    let (owner, acl) = acl::of_new_object(cx, &bucket)?;
    let source = copying::source(cx)?;
    let replace_headers = directive(cx, "x-amz-metadata-directive", "Unknown metadata directive.")?;
    let replace_tags = directive(cx, "x-amz-tagging-directive", "Unknown tagging directive.")?;
    let algorithm = match cx.header("x-amz-checksum-algorithm") {
        None => None,
        Some(name) => Some(Algorithm::parse(&name).ok_or_else(|| {
            invalid_argument("x-amz-checksum-algorithm", name, "Checksum algorithm provided is unsupported.")
        })?),
    };
    let mut to = NewObject {
        acl,
        storage_class: headers::storage_class(&cx.parts.headers)?,
        lock: locking::asked(&cx.parts.headers)?,
        conditions: headers::write_conditions(&cx.parts.headers),
        cause: cx.cause(&bucket, Event::Copy),
        ..NewObject::of(&cx.bucket, &cx.key, &owner)
    };
    if replace_headers {
        to.headers = headers::metadata(&cx.parts.headers)?;
    }
    to.headers.website_redirect = headers::website_redirect(&cx.parts.headers)?;
    if replace_tags {
        to.tags = headers::tags(&cx.parts.headers)?;
    }
    to.checksum = algorithm.unwrap_or(to.checksum);
    let asked = encryption::asked(&cx.parts.headers)?;
    let source_key = encryption::customer(&cx.parts.headers, encryption::Of::CopySource)?;
    let changes =
        to.storage_class != STANDARD || !matches!(asked, Asked::Nothing) || to.headers.website_redirect.is_some();
    let from_version = source.version_id.is_some();
    let may = copying::may(cx, &source, !replace_tags);
    let copy = Copy {
        source,
        to,
        replace_headers,
        replace_tags,
        replace_checksum: algorithm.is_some(),
        changes,
        asked: asked.clone(),
        account: cx.writer(&bucket),
        source_key,
    };
    let (written, copied) = cx.store().copy(copy, &may).await.map_err(Error::from)?;

    let mut doc = Writer::new("CopyObjectResult");
    doc.text("LastModified", answer::xml_date(written.modified_at)).etag(&written.etag);
    if let Some(checksum) = &written.checksum {
        answer::checksum_elements(&mut doc, checksum);
    }
    let mut response = answer::xml(doc);
    answer::written(&mut response, &written);
    encryption::describe_new(&mut response, written.encryption.as_ref(), &asked);
    lifecycle::announce(&mut response, &bucket, &cx.key, written.size, &written.tags, written.modified_at)?;
    if copied.version_id != NULL_VERSION || from_version {
        answer::set(&mut response, "x-amz-copy-source-version-id", &copied.version_id);
    }
    Ok(response)
}

/// Whether a directive says REPLACE in place of COPY.
fn directive(cx: &Cx<'_>, name: &'static str, unknown: &'static str) -> Result<bool> {
    match cx.header(name).as_deref() {
        None => Ok(false),
        Some(text) if text.eq_ignore_ascii_case("COPY") => Ok(false),
        Some(text) if text.eq_ignore_ascii_case("REPLACE") => Ok(true),
        Some(other) => Err(invalid_argument(name, other, unknown)),
    }
}
