//! Listings: a page of keys and common prefixes, by index range.
//!
//! A page is made by one walk of the live keys from where it begins. When a key belongs to a common prefix, the walk
//! jumps to the first key behind that prefix, so a page costs as many descents as it has entries, however
//! many keys the bucket has and however many of them a prefix stands for.

use super::checksum::{Algorithm, Kind};
use super::error::{Error, Result};
use super::version::NULL_VERSION;
use super::{Store, info, version};
use crate::db::Conn;
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

/// What a page of versions is asked for.
#[derive(Debug, Clone, Default)]
pub struct VersionsQuery {
    pub prefix: String,
    /// Empty: none.
    pub delimiter: String,
    /// Only what comes after this key or common prefix.
    pub key_marker: Option<String>,
    /// With it, versions of the marked key that are older than this one come first.
    pub version_marker: Option<String>,
    pub limit: usize,
}

/// A version as listings show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedVersion {
    pub version_id: String,
    pub latest: bool,
    pub delete_marker: bool,
    pub object: Listed,
}

/// A page of versions: by key, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VersionsPage {
    pub versions: Vec<ListedVersion>,
    pub prefixes: Vec<String>,
    /// There is more: the key (or prefix) and the version after which the next page begins.
    pub next: Option<(String, Option<String>)>,
}

impl VersionsPage {
    fn len(&self) -> usize {
        self.versions.len() + self.prefixes.len()
    }
}

/// Before every version of a key, and behind every one.
const NEWEST: i64 = i64::MIN;
const OLDEST: i64 = i64::MAX;

impl VersionsQuery {
    /// The pair of key and rank behind which the walk begins; `None` when nothing can follow.
    fn begin(&self, c: &Conn, bucket: &str, grouping: &Query) -> Result<Option<(String, i64)>> {
        let first = (self.prefix.clone(), NEWEST);
        let Some(marker) = &self.key_marker else { return Ok(Some(first)) };
        if let Some(group) = grouping.group(marker) {
            return Ok(successor(group).map(|next| (next, NEWEST).max(first)));
        }
        let rank = match self.version_marker.as_deref() {
            None => OLDEST,
            Some(NULL_VERSION) => versions::null(c, bucket, marker)?.map_or(NEWEST, |row| row.rank),
            Some(version_id) => version::rank_of(version_id).unwrap_or(NEWEST),
        };
        Ok(Some((marker.clone(), rank).max(first)))
    }
}

impl Store {
    /// One page of a bucket's versions. Blocks.
    pub fn list_versions(&self, bucket: &str, query: &VersionsQuery) -> Result<VersionsPage> {
        let mut page = VersionsPage::default();
        let grouping = Query { prefix: query.prefix.clone(), delimiter: query.delimiter.clone(), ..Query::default() };
        if query.limit == 0 {
            return Ok(page);
        }
        let mut last = (String::new(), None);
        let mut more = false;
        self.db.read(|c| {
            let Some(from) = query.begin(c, bucket, &grouping)? else { return Ok(()) };
            // The key whose newest version was seen, or is known to be another one.
            let newer = versions::current(c, bucket, &from.0)?.filter(|row| row.rank <= from.1);
            let mut seen = newer.map(|row| row.key);
            versions::scan_all(c, bucket, from, &mut |key, row| {
                if !key.starts_with(&query.prefix) {
                    return Ok(ControlFlow::Break(()));
                }
                if page.len() == query.limit {
                    more = true;
                    return Ok(ControlFlow::Break(()));
                }
                if let Some(group) = grouping.group(key) {
                    last = (group.to_owned(), None);
                    page.prefixes.push(group.to_owned());
                    let next = successor(group).map(|next| ControlFlow::Continue(Some((next, NEWEST))));
                    return Ok(next.unwrap_or(ControlFlow::Break(())));
                }
                let row = row()?;
                let latest = seen.as_deref() != Some(key);
                if latest {
                    seen = Some(key.to_owned());
                }
                last = (key.to_owned(), Some(row.version_id.clone()));
                page.versions.push(ListedVersion {
                    version_id: row.version_id,
                    latest,
                    delete_marker: row.delete_marker,
                    object: row.listed.into(),
                });
                Ok(ControlFlow::Continue(None))
            })?;
            Ok::<_, Error>(())
        })?;
        page.next = more.then_some(last);
        Ok(page)
    }
}

#[cfg(test)]
mod tests {
    use super::super::object::{Deletion, NewObject};
    use super::super::versioning::Versioning;
    use super::*;
    use crate::objects::encryption::Seal;
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

    /// A version in the model: id, delete marker.
    type Model = std::collections::BTreeMap<String, Vec<(String, bool)>>;

    /// What a page of versions says: (key, id, latest, marker) and the common prefixes.
    type Said = (Vec<(String, String, bool, bool)>, Vec<String>);

    /// All pages as the definition says it: every version, newest first, or the prefix that stands for it.
    fn naive_versions(model: &Model, grouping: &Query) -> Said {
        let mut said = Said::default();
        for (key, versions) in model.iter().filter(|(k, _)| k.starts_with(&grouping.prefix)) {
            match grouping.group(key) {
                _ if versions.is_empty() => {}
                Some(group) if said.1.last().map(String::as_str) == Some(group) => {}
                Some(group) => said.1.push(group.to_owned()),
                None => {
                    let newest = versions.iter().rev().enumerate();
                    said.0.extend(newest.map(|(n, (id, marker))| (key.clone(), id.clone(), n == 0, *marker)));
                }
            }
        }
        said
    }

    #[derive(Debug, Clone)]
    enum Act {
        Put(String),
        Hide(String),
        /// Remove the version that is so many from the newest.
        Remove(String, usize),
        Set(Versioning),
    }

    fn act() -> impl Strategy<Value = Act> {
        let few = || prop::sample::select(vec!["a", "a/1", "a/2", "b", "é/", "\u{10FFFF}"]).prop_map(str::to_owned);
        prop_oneof![
            4 => few().prop_map(Act::Put),
            2 => few().prop_map(Act::Hide),
            2 => (few(), 0usize..4).prop_map(|(key, n)| Act::Remove(key, n)),
            1 => prop::sample::select(vec![Versioning::Enabled, Versioning::Suspended]).prop_map(Act::Set),
        ]
    }

    /// Do it to the store and to the model.
    async fn both(store: &Store, model: &mut Model, state: &mut Versioning, act: Act) {
        let (key, made) = match act {
            Act::Set(versioning) => {
                *state = versioning;
                return store.set_versioning("b", versioning).await.unwrap();
            }
            Act::Remove(key, n) => {
                let versions = model.entry(key.clone()).or_default();
                let Some(at) = versions.len().checked_sub(n + 1) else { return };
                let (id, marker) = versions.remove(at);
                let one = Deletion { version_id: Some(id.clone()), ..Deletion::of(&key) };
                let done = store.delete("b", one).await.unwrap();
                assert_eq!((done.found, done.marker, done.version_id), (true, marker, Some(id)));
                return;
            }
            Act::Put(key) => {
                let staged =
                    store.stage_blocking(&b"x"[..], &[crate::objects::checksum::DEFAULT], Seal::default()).unwrap();
                let written = store.put(NewObject::of("b", &key, "1"), staged).await.unwrap();
                (key, (written.version_id.unwrap_or_else(|| NULL_VERSION.into()), false))
            }
            Act::Hide(key) => {
                let done = store.delete("b", Deletion::of(&key)).await.unwrap();
                if *state == Versioning::Off {
                    model.remove(&key);
                    return;
                }
                (key, (done.version_id.unwrap(), true))
            }
        };
        let versions = model.entry(key).or_default();
        versions.retain(|(id, _)| *id != made.0);
        versions.push(made);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 32, ..Default::default() })]
        #[test]
        fn versions_are_listed_as_the_definition_says(
            acts in prop::collection::vec(act(), 1..40),
            between in prop::collection::vec(act(), 0..3),
            prefix in prop::sample::select(vec!["", "a", "a/", "zzz"]),
            delimiter in prop::sample::select(vec!["", "/"]),
            limit in 1usize..5,
            marker in prop::sample::select(vec!["", "a", "a/", "a/1", "a/zzz", "b", "é/", "\u{10FFFF}"]),
        ) {
            let (_dir, store) = super::super::tests::store();
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let (mut model, mut state) = (Model::new(), Versioning::Off);
            for act in acts {
                runtime.block_on(both(&store, &mut model, &mut state, act));
            }
            let grouping = Query { prefix: prefix.into(), delimiter: delimiter.into(), ..Query::default() };
            let walk = |from: &str, mut pause: Vec<Act>, model: &mut Model, state: &mut Versioning| {
                let key_marker = (!from.is_empty()).then(|| from.to_owned());
                let mut query = VersionsQuery {
                    prefix: prefix.into(), delimiter: delimiter.into(), limit, key_marker, ..Default::default()
                };
                let mut said = Said::default();
                loop {
                    let page = store.list_versions("b", &query).unwrap();
                    assert!(page.len() <= query.limit);
                    let shown = |v: ListedVersion| (v.object.key, v.version_id, v.latest, v.delete_marker);
                    said.0.extend(page.versions.into_iter().map(shown));
                    said.1.extend(page.prefixes);
                    let Some((key, version)) = page.next else { return said };
                    (query.key_marker, query.version_marker) = (Some(key), version);
                    if let Some(act) = pause.pop() {
                        runtime.block_on(both(&store, model, state, act));
                    }
                }
            };
            let all = naive_versions(&model, &grouping);
            prop_assert_eq!(walk("", Vec::new(), &mut model, &mut state), all.clone());
            let mut behind = all;
            behind.0.retain(|(key, ..)| key.as_str() > marker);
            behind.1.retain(|group| group.as_str() > marker);
            prop_assert_eq!(walk(marker, Vec::new(), &mut model, &mut state), behind);
            for (key, versions) in &model {
                let newest = versions.last().filter(|(_, marker)| !marker).map(|(id, _)| id.clone());
                prop_assert_eq!(store.head("b", key).ok().map(|info| info.version_id), newest, "{}", key);
            }
            // Changes between two pages: what was there before and after is said, nothing is said that never was.
            let before = naive_versions(&model, &grouping);
            let said = walk("", between, &mut model, &mut state);
            let after = naive_versions(&model, &grouping);
            let ids = |said: &Said| said.0.iter().map(|v| (v.0.clone(), v.1.clone())).collect::<BTreeSet<_>>();
            let (before, said, after) = (ids(&before), ids(&said), ids(&after));
            // A null version that was overwritten is another one, which may have moved behind the walk.
            let stayed = before.intersection(&after).filter(|(_, id)| id != NULL_VERSION);
            prop_assert!(stayed.into_iter().all(|v| said.contains(v)), "{:?} {:?} {:?}", before, said, after);
            prop_assert_eq!(store.check().unwrap(), []);
        }
    }
}
