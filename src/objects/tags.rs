//! Tags of objects and buckets.

use super::error::{Error, Result};
use crate::db;
use crate::wire::percent;

/// The most tags of an object.
pub const OF_OBJECT: usize = 10;
/// The most tags of a bucket.
pub const OF_BUCKET: usize = 50;

const MAX_NAME: usize = 128;
const MAX_VALUE: usize = 256;

/// Names and values, by name; names are unique.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tags(Vec<(String, String)>);

impl Tags {
    /// Check a list of tags as S3 does.
    pub fn new(mut list: Vec<(String, String)>, most: usize) -> Result<Tags> {
        let bad = |message: String| Err(Error::InvalidTag(message));
        if list.len() > most {
            return bad(format!("Object tags cannot be greater than {most}"));
        }
        for (at, (name, value)) in list.iter().enumerate() {
            if name.is_empty() || name.chars().count() > MAX_NAME {
                return bad("The TagKey you have provided is invalid".into());
            }
            if value.chars().count() > MAX_VALUE {
                return bad("The TagValue you have provided is invalid".into());
            }
            if list[..at].iter().any(|(other, _)| other == name) {
                return bad("Cannot provide multiple Tags with the same key".into());
            }
        }
        list.sort();
        Ok(Tags(list))
    }

    /// Read the header `x-amz-tagging`: a query string.
    pub fn from_header(text: &str) -> Result<Tags> {
        let decoded = |bytes: &[u8]| {
            String::from_utf8(percent::decode_form(bytes).into_owned()).map_err(|_| Error::InvalidArgument {
                name: "x-amz-tagging",
                value: text.to_owned(),
                message: "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters \
                          without tag name duplicates."
                    .into(),
            })
        };
        let pairs = percent::pairs(text.as_bytes()).filter(|(name, value)| !name.is_empty() || value.is_some());
        let list = pairs.map(|(name, value)| Ok((decoded(name)?, decoded(value.unwrap_or_default())?)));
        Tags::new(list.collect::<Result<_>>()?, OF_OBJECT)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The value of this name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(n, _)| *n == name).map(|(_, value)| value)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As the database keeps them; no tags are the empty text.
    pub fn to_column(&self) -> String {
        if self.is_empty() { String::new() } else { serde_json::to_string(&self.0).expect("strings become JSON") }
    }

    /// From the database.
    pub fn from_column(text: &str) -> Result<Tags> {
        if text.is_empty() {
            return Ok(Tags::default());
        }
        let list = serde_json::from_str(text).map_err(|e| Error::Db(db::Error::Damaged(format!("tags: {e}"))))?;
        Ok(Tags(list))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_have_limits() {
        let list = |n: usize| (0..n).map(|i| (format!("k{i}"), "v".to_owned())).collect::<Vec<_>>();
        assert!(Tags::new(list(OF_OBJECT), OF_OBJECT).is_ok());
        assert!(matches!(Tags::new(list(OF_OBJECT + 1), OF_OBJECT), Err(Error::InvalidTag(_))));
        for (name, value, good) in [(128, 256, true), (129, 0, false), (1, 257, false), (0, 1, false)]
            .map(|(n, v, g)| ("k".repeat(n), "v".repeat(v), g))
        {
            assert_eq!(Tags::new(vec![(name, value)], OF_OBJECT).is_ok(), good);
        }
        assert!(Tags::new(vec![("a".into(), "1".into()), ("a".into(), "2".into())], OF_OBJECT).is_err());
    }

    #[test]
    fn the_header_is_a_query_string() {
        let tags = Tags::from_header("a=1&b+c=%C3%A9&d").unwrap();
        assert_eq!(tags.iter().collect::<Vec<_>>(), [("a", "1"), ("b c", "é"), ("d", "")]);
        assert_eq!(Tags::from_column(&tags.to_column()).unwrap(), tags);
        assert!(Tags::from_header("").unwrap().is_empty());
        assert!(Tags::from_header("a=1&a=2").is_err());
    }
}
