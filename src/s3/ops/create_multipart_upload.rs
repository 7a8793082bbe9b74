//! CreateMultipartUpload.

use crate::http::Response;
use crate::objects::checksum::{Algorithm, DEFAULT, Kind};
use crate::objects::object::NewObject;
use crate::s3::cx::Cx;
use crate::s3::error::{Result, invalid_request};
use crate::s3::{acl, answer, encryption, headers, lifecycle, locking};
use crate::wire::s3_xml::Writer;

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    let bucket = cx.bucket()?;
    cx.asking().may_say(&bucket, &cx.key)?;
    let (owner, acl) = acl::of_new_object(cx, &bucket)?;
    let (algorithm, kind) = checksum(cx)?;
    let checksum = algorithm.unwrap_or(DEFAULT);
    let new = NewObject {
        acl,
        storage_class: headers::storage_class(&cx.parts.headers)?,
        headers: headers::metadata(&cx.parts.headers)?,
        tags: headers::tags(&cx.parts.headers)?,
        lock: locking::asked(&cx.parts.headers)?,
        checksum,
        ..NewObject::of(&cx.bucket, &cx.key, &owner)
    };
    let asked = encryption::asked(&cx.parts.headers)?;
    let seal = encryption::seal(cx, &bucket, &asked)?;
    let initiator = cx.writer(&bucket);
    let upload = cx.store().create_upload(new, initiator, kind, algorithm.is_some(), seal).await?;

    let mut doc = Writer::new("InitiateMultipartUploadResult");
    doc.text("Bucket", &cx.bucket).text("Key", &cx.key).text("UploadId", &upload.id);
    let mut response = answer::xml(doc);
    encryption::describe_new(&mut response, upload.encryption.as_ref(), &asked);
    if algorithm.is_some() {
        answer::set(&mut response, "x-amz-checksum-algorithm", checksum.name());
        answer::set(&mut response, "x-amz-checksum-type", kind.name());
    }
    lifecycle::announce_abort(cx, &mut response, &bucket, upload.initiated_at)?;
    Ok(response)
}

/// The checksum that the client chose, if any, and its kind.
fn checksum(cx: &Cx<'_>) -> Result<(Option<Algorithm>, Kind)> {
    let algorithm = match cx.header("x-amz-checksum-algorithm") {
        None => None,
        Some(name) => Some(Algorithm::parse(&name).ok_or_else(|| {
            invalid_request(
                "Checksum algorithm provided is unsupported. Please try again with any of the valid types: \
                             [CRC32, CRC32C, CRC64NVME, SHA1, SHA256, SHA512, MD5, XXHASH64, XXHASH3, XXHASH128]",
            )
        })?),
    };
    let kind = match cx.header("x-amz-checksum-type") {
        None => algorithm.unwrap_or(DEFAULT).default_kind(),
        Some(_) if algorithm.is_none() => {
            return Err(invalid_request(
                "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.",
            ));
        }
        Some(name) => Kind::parse(&name.to_ascii_uppercase())
            .ok_or_else(|| invalid_request("Value for x-amz-checksum-type header is invalid."))?,
    };
    let chosen = algorithm.unwrap_or(DEFAULT);
    if chosen.allows(kind) {
        Ok((algorithm, kind))
    } else {
        Err(invalid_request(format!(
            "The {} checksum type cannot be used with the {} checksum algorithm.",
            kind.name(),
            chosen.name().to_lowercase()
        )))
    }
}
