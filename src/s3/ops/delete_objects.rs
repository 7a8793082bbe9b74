//! DeleteObjects: up to 1,000 keys in one request and one transaction.

use crate::http::Response;
use crate::objects::condition::Conditions;
use crate::objects::notification::Event;
use crate::objects::object::Deletion;
use crate::objects::version;
use crate::s3::cx::Cx;
use crate::s3::error::{Error, Result};
use crate::s3::permission::Asking;
use crate::s3::{answer, headers, permission, record};
use crate::wire::s3_xml::{Element, Writer};

/// The most keys of a request.
const MAX: usize = 1000;

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    // Who may not delete one key may well delete another: each is decided by itself.
    let bucket = cx.any_bucket()?;
    let digest = |name: &http::HeaderName| {
        let name = name.as_str();
        name == "content-md5" || name == "x-amz-trailer" || name.starts_with("x-amz-checksum-")
    };
    if !cx.parts.headers.keys().any(digest) {
        return Err(Error::MissingHeader("Content-MD5"));
    }
    let document = cx.document(4 * 1024 * 1024).await?;
    let asked = Element::parse("Delete", &document)?;
    let quiet = asked.get("Quiet").is_some_and(|q| q.trim().eq_ignore_ascii_case("true"));
    let named: Vec<&Element> = asked.all("Object").collect();
    if named.is_empty() || named.len() > MAX {
        return Err(Error::MalformedXml);
    }
    let mut doc = Writer::new("DeleteResult");
    let mut deletions = Vec::with_capacity(named.len());
    let mut done = Vec::with_capacity(named.len());
    for object in named {
        let key = object.get("Key").filter(|k| !k.is_empty()).ok_or(Error::MalformedXml)?;
        let version_id = object.get("VersionId").map(str::trim).filter(|v| !v.is_empty());
        if let Some(version_id) = version_id.filter(|v| !version::well_formed(v)) {
            doc.open("Error").text("Key", key).text("VersionId", version_id);
            doc.text("Code", "NoSuchVersion").text("Message", "The specified version does not exist.").close();
            continue;
        }
        let action = permission::action("DeleteObject", version_id.is_some());
        if let Err(e) = (Asking { version: version_id, ..cx.asking() }).may(&bucket, None, &action, key) {
            done.push(record::Deleted {
                key: key.to_owned(),
                version_id: version_id.map(str::to_owned),
                error: Some(record::failure(&e)),
            });
            refused(&mut doc, key, version_id, e.into());
            continue;
        }
        let conditions = Conditions {
            if_match: object.get("ETag").map(str::to_owned),
            if_size: object.get("Size").map(headers::size_condition).transpose()?,
            if_modified_at: object.get("LastModifiedTime").map(headers::time_condition).transpose()?,
            ..Conditions::default()
        };
        deletions.push(Deletion {
            key: key.to_owned(),
            version_id: version_id.map(str::to_owned),
            conditions,
            bypass: cx.bypasses_governance(&bucket, key),
            by: cx.writer(&bucket),
            expires: false,
            cause: cx.cause(&bucket, Event::Delete),
        });
    }
    let outcomes = cx.store().delete_objects(&cx.bucket, deletions.clone()).await?;
    for (deletion, outcome) in deletions.iter().zip(outcomes) {
        done.push(record::Deleted {
            key: deletion.key.clone(),
            version_id: deletion.version_id.clone(),
            error: outcome.as_ref().err().map(record::failure),
        });
        match outcome {
            Ok(_) if quiet => {}
            Ok(deleted) => {
                doc.open("Deleted").text("Key", &deletion.key).maybe("VersionId", deletion.version_id.as_deref());
                if deleted.marker {
                    doc.value("DeleteMarker", true).maybe("DeleteMarkerVersionId", deleted.version_id.as_deref());
                }
                doc.close();
            }
            Err(e) => refused(&mut doc, &deletion.key, deletion.version_id.as_deref(), e.into()),
        }
    }
    let mut response = answer::xml(doc);
    response.extensions_mut().insert(record::Batch(done));
    Ok(response)
}

/// A key that stays, and why.
fn refused(doc: &mut Writer, key: &str, version_id: Option<&str>, error: Error) {
    let wire = error.wire();
    doc.open("Error").text("Key", key).maybe("VersionId", version_id);
    doc.text("Code", wire.code).text("Message", &wire.message).close();
}
