//! DeleteObjects: up to 1,000 keys in one request and one transaction.

use crate::http::Response;
use crate::objects::condition::Conditions;
use crate::objects::object::{Deletion, NULL_VERSION};
use crate::s3::answer;
use crate::s3::cx::Cx;
use crate::s3::error::{Error, Result};
use crate::wire::s3_xml::{Element, Writer};

/// The most keys of a request.
const MAX: usize = 1000;

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    cx.bucket()?;
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
    for object in named {
        let key = object.get("Key").filter(|k| !k.is_empty()).ok_or(Error::MalformedXml)?;
        match object.get("VersionId") {
            None | Some("" | NULL_VERSION) => {
                let if_match = object.get("ETag").map(str::to_owned);
                deletions.push(Deletion {
                    key: key.to_owned(),
                    conditions: Conditions { if_match, ..Conditions::default() },
                });
            }
            Some(version) => {
                doc.open("Error").text("Key", key).text("VersionId", version);
                doc.text("Code", "NoSuchVersion").text("Message", "The specified version does not exist.").close();
            }
        }
    }
    let outcomes = cx.store().delete_objects(&cx.bucket, deletions.clone()).await?;
    for (deletion, outcome) in deletions.iter().zip(outcomes) {
        match outcome {
            Ok(_) if quiet => {}
            Ok(_) => {
                doc.open("Deleted").text("Key", &deletion.key).close();
            }
            Err(e) => {
                let wire = Error::from(e).wire();
                doc.open("Error").text("Key", &deletion.key);
                doc.text("Code", wire.code).text("Message", &wire.message).close();
            }
        }
    }
    Ok(answer::xml(doc))
}
