//! What the listings of a bucket have in common: their arguments and their elements.

use super::answer;
use super::cx::Cx;
use super::error::{Result, invalid_argument};
use crate::objects::listing::{Listed, Page, Query};
use crate::wire::percent;
use crate::wire::s3_xml::Writer;
use std::borrow::Cow;

/// The most entries of a page.
pub const MAX_KEYS: u32 = 1000;

/// How keys go into the document.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    Plain,
    Url,
}

impl Encoding {
    /// The request's `encoding-type`.
    pub fn of(cx: &Cx<'_>) -> Result<Encoding> {
        match cx.query.get("encoding-type") {
            None | Some("") => Ok(Encoding::Plain),
            Some(text) if text.eq_ignore_ascii_case("url") => Ok(Encoding::Url),
            Some(other) => {
                Err(invalid_argument("encoding-type", other, "Invalid Encoding Method specified in Request"))
            }
        }
    }

    /// A key, prefix, marker or delimiter.
    pub fn key(self, text: &str) -> Cow<'_, str> {
        match self {
            Encoding::Plain => Cow::Borrowed(text),
            Encoding::Url => percent::encode_path(text.as_bytes()),
        }
    }

    /// Say it in the document.
    pub fn write(self, doc: &mut Writer) {
        match self {
            Encoding::Plain => {}
            Encoding::Url => {
                doc.text("EncodingType", "url");
            }
        }
    }
}

/// How much a page may have, what ends its prefixes, how its keys are written, and whether another follows.
pub fn bounds(doc: &mut Writer, encoding: Encoding, limit: usize, delimiter: &str, truncated: bool) {
    doc.value("MaxKeys", limit);
    if !delimiter.is_empty() {
        doc.text("Delimiter", encoding.key(delimiter));
    }
    encoding.write(doc);
    doc.value("IsTruncated", truncated);
}

/// The arguments that every listing of objects has.
pub fn query(cx: &Cx<'_>, after: Option<String>) -> Result<Query> {
    let text = |name| cx.query.get(name).unwrap_or_default().to_owned();
    Ok(Query {
        prefix: text("prefix"),
        delimiter: text("delimiter"),
        after: after.filter(|a| !a.is_empty()),
        limit: cx.number("max-keys", MAX_KEYS, MAX_KEYS)? as usize,
    })
}

/// Make the page, if the caller may list the bucket.
pub async fn page(cx: &mut Cx<'_>, query: &Query) -> Result<Page> {
    cx.bucket()?;
    let (store, bucket, query) = (cx.store().clone(), cx.bucket.clone(), query.clone());
    let page = tokio::task::spawn_blocking(move || store.list(&bucket, &query)).await;
    Ok(page.map_err(|e| crate::objects::Error::Io(std::io::Error::other(e)))??)
}

/// Remembers the owner that was looked up last: most pages have one.
pub struct Owners<'c, 'r> {
    cx: &'c Cx<'r>,
    last: Option<(String, super::cx::Owner)>,
}

impl<'c, 'r> Owners<'c, 'r> {
    pub fn new(cx: &'c Cx<'r>) -> Self {
        Owners { cx, last: None }
    }

    /// `<Owner>` of this account.
    pub fn write(&mut self, doc: &mut Writer, account: &str) {
        let known = self.last.take().filter(|(known, _)| known == account);
        let last = known.unwrap_or_else(|| (account.to_owned(), self.cx.owner(account)));
        doc.open("Owner");
        last.1.write(doc);
        doc.close();
        self.last = Some(last);
    }
}

/// The elements inside `<Contents>` and `<Version>` behind the key.
pub fn elements(doc: &mut Writer, object: &Listed) {
    doc.text("LastModified", answer::xml_date(object.modified_at)).etag(&object.etag);
    if let Some((algorithm, kind)) = object.checksum {
        doc.text("ChecksumAlgorithm", algorithm.name()).text("ChecksumType", kind.name());
    }
    doc.value("Size", object.size).text("StorageClass", &object.storage_class);
}

/// `<CommonPrefixes>`.
pub fn prefixes(doc: &mut Writer, prefixes: &[String], encoding: Encoding) {
    for prefix in prefixes {
        doc.open("CommonPrefixes").text("Prefix", encoding.key(prefix)).close();
    }
}
