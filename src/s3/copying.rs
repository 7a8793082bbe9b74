//! What the two copying operations have in common: the headers that name and restrict the source.

use super::cx::Cx;
use super::error::{Result, invalid_argument};
use super::permission::{self, Asking};
use super::{encryption, headers};
use crate::objects::bucket::Bucket;
use crate::objects::copy::Source;
use crate::objects::{self, ObjectInfo};
use crate::wire::percent;

/// Whether the caller may read this source, its tags too if they are copied, and whether they may know that there is none.
pub fn may<'c>(
    cx: &'c Cx<'_>,
    source: &Source,
    with_tags: bool,
) -> impl Fn(&Bucket, Option<&ObjectInfo>) -> objects::Result<()> + Sync + use<'c> {
    let key = source.key.clone();
    let version = source.version_id.clone();
    let (asking, v4) = (cx.asking(), cx.scope.is_some());
    let [action, of_tags] =
        ["GetObject", "GetObjectTagging"].map(|operation| permission::action(operation, source.version_id.is_some()));
    let expected = cx.header("x-amz-source-expected-bucket-owner");
    move |bucket, info| {
        let asking = Asking { version: version.as_deref(), ..asking };
        if expected.as_ref().is_some_and(|owner| *owner != bucket.owner) {
            return Err(objects::Error::AccessDenied);
        }
        let Some(info) = info else {
            return if asking.may_list(bucket, &key) { Ok(()) } else { Err(objects::Error::AccessDenied) };
        };
        asking.may(bucket, Some(info), &action, &key)?;
        encryption::check_reader(v4, info.encryption.as_ref())?;
        if with_tags && !info.tags.is_empty() { asking.may(bucket, Some(info), &of_tags, &key) } else { Ok(()) }
    }
}

/// Bucket, key and version of `[/]bucket/key[?versionId=id]`, percent-encoded.
pub fn named(raw: &str) -> Option<(String, String, Option<String>)> {
    let (path, version) = match raw.split_once("?versionId=") {
        Some((path, version)) => (path, Some(version.to_owned())),
        None => (raw, None),
    };
    let path = String::from_utf8(percent::decode(path.as_bytes()).into_owned()).ok()?;
    let (bucket, key) = path.strip_prefix('/').unwrap_or(&path).split_once('/')?;
    (!bucket.is_empty() && !key.is_empty()).then(|| (bucket.to_owned(), key.to_owned(), version))
}

/// The source that `x-amz-copy-source` names.
pub fn source(cx: &Cx<'_>) -> Result<Source> {
    let raw = cx.header("x-amz-copy-source").unwrap_or_default();
    let bad = || {
        invalid_argument(
            "x-amz-copy-source",
            raw.clone(),
            "Copy Source must mention the source bucket and key: sourcebucket/sourcekey",
        )
    };
    let (bucket, key, version) = named(&raw).ok_or_else(bad)?;
    if version.as_deref().is_some_and(|v| !crate::objects::version::well_formed(v)) {
        return Err(invalid_argument("x-amz-copy-source", raw.clone(), "Invalid version id specified"));
    }
    Ok(Source {
        bucket,
        key,
        version_id: version,
        conditions: headers::conditions(&cx.parts.headers, "x-amz-copy-source-"),
    })
}
