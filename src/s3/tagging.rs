//! Tag sets as documents.

use super::answer;
use super::error::{Error, Result};
use crate::http::Response;
use crate::objects::tags::Tags;
use crate::wire::percent;
use crate::wire::s3_xml::{Element, Writer};
use http::HeaderValue;

/// The longest document.
pub const MAX: usize = 64 * 1024;

/// Read `<Tagging>`, of at most so many tags.
pub fn read(document: &[u8], most: usize) -> Result<Tags> {
    let tagging = Element::parse("Tagging", document)?;
    let set = tagging.child("TagSet").ok_or(Error::MalformedXml)?;
    let text = |tag: &Element, name: &str| tag.get(name).map(str::to_owned).ok_or(Error::MalformedXml);
    let list = set.all("Tag").map(|tag| Ok((text(tag, "Key")?, text(tag, "Value")?))).collect::<Result<_>>()?;
    Ok(Tags::new(list, most)?)
}

/// The tags as the header `x-amz-tagging` has them.
pub fn header(tags: &Tags) -> HeaderValue {
    let text = |text: &str| percent::encode(text.as_bytes()).into_owned();
    let pairs: Vec<String> = tags.iter().map(|(name, value)| format!("{}={}", text(name), text(value))).collect();
    HeaderValue::try_from(pairs.join("&")).expect("what is encoded is plain ASCII")
}

/// Write `<Tagging>`.
pub fn document(tags: &Tags) -> Response {
    let mut doc = Writer::new("Tagging");
    doc.open("TagSet");
    for (name, value) in tags.iter() {
        doc.open("Tag").text("Key", name).text("Value", value).close();
    }
    doc.close();
    answer::xml(doc)
}
