//! Listings: a page of keys and common prefixes, by index range.
//!
//! A page is made by one walk of the live keys from where it begins. When a key belongs to a common prefix, the walk
//! jumps to the first key behind that prefix, so a page costs as many descents as it has entries, however
//! many keys the bucket has and however many of them a prefix stands for.

use super::checksum::{Algorithm, Kind};
use super::error::Result;
use super::{Store, info};
use crate::db::objects::versions::{self, ListedRow};
use std::ops::ControlFlow;

/// What a page is asked for.
#[derive(Debug, Clone, Default)]
pub struct Query {
    pub prefix: String,
    /// Empty: none.
    pub delimiter: String,
    /// Only what comes after this key or common prefix.
    pub after: Option<String>,
    pub limit: usize,
}

/// An object as listings show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub key: String,
    /// Bytes.
    pub size: u64,
    /// Without quotes.
    pub etag: String,
    /// Milliseconds.
    pub modified_at: i64,
    /// Account id.
    pub owner: String,
    pub storage_class: String,
    pub checksum: Option<(Algorithm, Kind)>,
}

/// A page; keys and prefixes are each in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    pub objects: Vec<Listed>,
    pub prefixes: Vec<String>,
    /// There is more: the entry after which the next page begins.
    pub next: Option<String>,
}

impl Page {
    /// Keys and prefixes together.
    pub fn len(&self) -> usize {
        self.objects.len() + self.prefixes.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The smallest text that is greater than every text with this prefix; `None` when there is none. Code points are ordered
/// as their UTF-8 bytes are.
pub fn successor(prefix: &str) -> Option<String> {
    let mut chars: Vec<char> = prefix.chars().collect();
    while let Some(last) = chars.pop() {
        let next = match last {
            char::MAX => continue,
            '\u{D7FF}' => '\u{E000}',
            other => char::from_u32(other as u32 + 1).expect("no surrogate follows, and it is not the last one"),
        };
        chars.push(next);
        return Some(chars.into_iter().collect());
    }
    None
}

impl Query {
    /// The common prefix that stands for `key`, if it has the delimiter behind the query's prefix.
    pub fn group<'k>(&self, key: &'k str) -> Option<&'k str> {
        if self.delimiter.is_empty() {
            return None;
        }
        let rest = key.strip_prefix(&self.prefix)?;
        let at = rest.find(&self.delimiter)?;
        Some(&key[..self.prefix.len() + at + self.delimiter.len()])
    }

    /// Where the walk begins; `None` when nothing can follow.
    fn begin(&self) -> Option<String> {
        let Some(after) = &self.after else { return Some(self.prefix.clone()) };
        let from = match self.group(after) {
            Some(group) => successor(group)?,
            // The very next text.
            None => format!("{after}\0"),
        };
        Some(from.max(self.prefix.clone()))
    }
}

impl From<ListedRow> for Listed {
    fn from(row: ListedRow) -> Listed {
        let checksum = match (row.checksum_algorithm, row.checksum_type) {
            (Some(a), Some(k)) => info::algorithm(&a).ok().zip(info::kind(&k).ok()),
            (_, _) => None,
        };
        Listed {
            key: row.key,
            size: row.size as u64,
            etag: row.etag,
            modified_at: row.modified_at,
            owner: row.owner,
            storage_class: row.storage_class,
            checksum,
        }
    }
}

impl Store {
    /// One page of a bucket's live objects. Blocks.
    pub fn list(&self, bucket: &str, query: &Query) -> Result<Page> {
        let mut page = Page::default();
        let Some(from) = query.begin().filter(|_| query.limit > 0) else { return Ok(page) };
        let mut last = String::new();
        let mut more = false;
        self.db.read(|c| {
            versions::scan(c, bucket, &from, &mut |key, row| {
                if !key.starts_with(&query.prefix) {
                    return Ok(ControlFlow::Break(()));
                }
                if page.len() == query.limit {
                    more = true;
                    return Ok(ControlFlow::Break(()));
                }
                match query.group(key) {
                    Some(group) => {
                        last = group.to_owned();
                        page.prefixes.push(last.clone());
                        Ok(successor(group).map_or(ControlFlow::Break(()), |next| ControlFlow::Continue(Some(next))))
                    }
                    None => {
                        page.objects.push(row()?.into());
                        if page.len() == query.limit {
                            last = key.to_owned();
                        }
                        Ok(ControlFlow::Continue(None))
                    }
                }
            })
        })?;
        page.next = more.then_some(last);
        Ok(page)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_successor_is_just_behind_every_text_with_the_prefix() {
        assert_eq!(successor("a/"), Some("a0".into()));
        assert_eq!(successor("a\u{D7FF}"), Some("a\u{E000}".into()));
        assert_eq!(successor("a\u{10FFFF}"), Some("b".into()));
        assert_eq!(successor("\u{10FFFF}"), None);
        assert_eq!(successor(""), None);
    }

    /// A page as the definition says it: all entries in order, those behind the marker, the first so many.
    fn naive(keys: &BTreeSet<String>, q: &Query) -> (Vec<String>, Vec<String>, Option<String>) {
        let mut entries: Vec<(String, bool)> = Vec::new();
        for key in keys.iter().filter(|k| k.starts_with(&q.prefix)) {
            let entry = q.group(key).map_or((key.clone(), false), |g| (g.to_owned(), true));
            if entries.last() != Some(&entry) {
                entries.push(entry);
            }
        }
        entries.retain(|(name, _)| q.after.as_ref().is_none_or(|after| name > after));
        let more = entries.len() > q.limit && q.limit > 0;
        entries.truncate(q.limit);
        let next = more.then(|| entries.last().unwrap().0.clone());
        let (prefixes, objects): (Vec<_>, Vec<_>) = entries.into_iter().partition(|(_, group)| *group);
        let names = |v: Vec<(String, bool)>| v.into_iter().map(|(name, _)| name).collect();
        (names(objects), names(prefixes), next)
    }

    fn key() -> impl Strategy<Value = String> {
        prop::collection::vec(prop::sample::select(vec!["a", "b", "/", "//", "é", "\u{10FFFF}", "ab", "0"]), 1..5)
            .prop_map(|parts| parts.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, ..Default::default() })]
        #[test]
        fn listings_are_what_the_definition_says(
            steps in prop::collection::vec((any::<bool>(), key()), 1..40),
            prefix in prop_oneof![Just(String::new()), key()],
            delimiter in prop::sample::select(vec!["", "/", "//", "b", "é"]),
            after in prop::option::of(key()),
            limit in 0usize..8,
        ) {
            let (_dir, store) = super::super::tests::store();
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let mut model = BTreeSet::new();
            for (delete, key) in steps {
                if delete {
                    let there = runtime.block_on(store.delete_object("b", &key, Default::default())).unwrap();
                    prop_assert_eq!(there, model.remove(&key));
                } else {
                    store.put_bytes("b", &key, "1", &b"x"[..]).unwrap();
                    model.insert(key);
                }
            }
            let mut query = Query { prefix, delimiter: delimiter.into(), after, limit };
            loop {
                let page = store.list("b", &query).unwrap();
                let keys: Vec<String> = page.objects.iter().map(|o| o.key.clone()).collect();
                let (objects, prefixes, next) = naive(&model, &query);
                prop_assert_eq!((&keys, &page.prefixes, &page.next), (&objects, &prefixes, &next));
                match page.next {
                    None => break,
                    next => query.after = next,
                }
            }
        }
    }
}
