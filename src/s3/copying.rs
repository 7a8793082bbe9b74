//! What the two copying operations have in common: the headers that name and restrict the source.

use super::cx::Cx;
use super::error::{Result, invalid_argument};
use super::{headers, permission};
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
    let asking = cx.asking();
    let key = source.key.clone();
    let [action, of_tags] =
        ["GetObject", "GetObjectTagging"].map(|operation| permission::action(operation, source.version_id.is_some()));
    let expected = cx.header("x-amz-source-expected-bucket-owner");
    move |bucket, info| {
        if expected.as_ref().is_some_and(|owner| *owner != bucket.owner) {
            return Err(objects::Error::AccessDenied);
        }
        let Some(info) = info else {
            return if asking.may_list(bucket, &key) { Ok(()) } else { Err(objects::Error::AccessDenied) };
        };
        asking.may(bucket, Some(info), &action, &key)?;
        if with_tags && !info.tags.is_empty() { asking.may(bucket, Some(info), &of_tags, &key) } else { Ok(()) }
    }
}

/// The source that `x-amz-copy-source` names: `[/]bucket/key[?versionId=id]`, percent-encoded.
pub fn source(cx: &Cx<'_>) -> Result<Source> {
    let raw = cx.header("x-amz-copy-source").unwrap_or_default();
    let bad = || {
        invalid_argument(
            "x-amz-copy-source",
            raw.clone(),
            "Copy Source must mention the source bucket and key: sourcebucket/sourcekey",
        )
    };
    let (path, version) = match raw.split_once("?versionId=") {
        Some((path, version)) => (path, Some(version)),
        None => (raw.as_str(), None),
    };
    if version.is_some_and(|v| !crate::objects::version::well_formed(v)) {
        return Err(invalid_argument("x-amz-copy-source", raw.clone(), "Invalid version id specified"));
    }
    let path = String::from_utf8(percent::decode(path.as_bytes()).into_owned()).map_err(|_| bad())?;
    let path = path.strip_prefix('/').unwrap_or(&path);
    let (bucket, key) = path.split_once('/').filter(|(b, k)| !b.is_empty() && !k.is_empty()).ok_or_else(bad)?;
    Ok(Source {
        bucket: bucket.to_owned(),
        key: key.to_owned(),
        version_id: version.map(str::to_owned),
        conditions: headers::conditions(&cx.parts.headers, "x-amz-copy-source-"),
    })
}
