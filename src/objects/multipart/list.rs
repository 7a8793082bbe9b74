//! ListMultipartUploads: uploads in progress by key and time, grouped as listings of objects are.

use super::{Upload, read_upload};
use crate::db::Conn;
use crate::db::objects::uploads;
use crate::objects::Store;
use crate::objects::error::Result;
use crate::objects::listing::{self, successor};

/// Which uploads a page shows.
#[derive(Debug, Clone, Default)]
pub struct UploadsQuery {
    pub prefix: String,
    /// Empty: none.
    pub delimiter: String,
    pub key_marker: Option<String>,
    /// Counts only beside a key marker.
    pub id_marker: Option<String>,
    pub limit: usize,
}

/// A page of uploads.
#[derive(Debug, Clone, Default)]
pub struct UploadsPage {
    pub uploads: Vec<Upload>,
    pub prefixes: Vec<String>,
    /// There is more: the key (or prefix) and id after which the next page begins.
    pub next: Option<(String, String)>,
}

impl Store {
    /// ListMultipartUploads. Blocks.
    pub fn list_uploads(&self, bucket: &str, query: &UploadsQuery) -> Result<UploadsPage> {
        self.db.read(|c| list(c, bucket, query))
    }
}

fn list(c: &Conn, bucket: &str, query: &UploadsQuery) -> Result<UploadsPage> {
    let grouping = listing::Query {
        prefix: query.prefix.clone(),
        delimiter: query.delimiter.clone(),
        after: None,
        limit: query.limit,
    };
    let mut page = UploadsPage::default();
    if query.limit == 0 {
        return Ok(page);
    }
    // The walk stands behind the pair (key, id); without an id, behind every upload of the key.
    let mut at: (String, Option<String>) = match &query.key_marker {
        Some(marker) => match grouping.group(marker).map(successor) {
            Some(Some(next)) => (next, Some(String::new())),
            Some(None) => return Ok(page),
            None => (marker.clone(), query.id_marker.clone()),
        },
        None => (String::new(), None),
    };
    if at.0 < query.prefix {
        at = (query.prefix.clone(), Some(String::new()));
    }
    let mut last = (String::new(), String::new());
    'walk: loop {
        let rows = uploads::after(c, bucket, &at.0, at.1.as_deref(), query.limit + 1)?;
        let whole = rows.len() <= query.limit;
        for row in rows {
            at = (row.key.clone(), Some(row.id.clone()));
            if !row.key.starts_with(&query.prefix) {
                return Ok(page);
            }
            if page.uploads.len() + page.prefixes.len() == query.limit {
                page.next = Some(last);
                return Ok(page);
            }
            match grouping.group(&row.key) {
                Some(group) => {
                    page.prefixes.push(group.to_owned());
                    last = (group.to_owned(), String::new());
                    let Some(next) = successor(group) else { return Ok(page) };
                    at = (next, Some(String::new()));
                    continue 'walk;
                }
                None => {
                    last = (row.key.clone(), row.id.clone());
                    page.uploads.push(read_upload(row)?);
                }
            }
        }
        if whole {
            return Ok(page);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objects::checksum::Kind;
    use crate::objects::encryption::Seal;
    use crate::objects::object::NewObject;

    #[tokio::test]
    async fn uploads_are_listed_by_key_then_time_in_pages() {
        let (_dir, store) = crate::objects::tests::store();
        let mut made = Vec::new();
        for key in ["b/1", "a", "a", "b/2", "c"] {
            let upload = store
                .create_upload(NewObject::of("b", key, "1"), "1".into(), Kind::FullObject, false, Seal::default())
                .await
                .unwrap();
            made.push((key.to_owned(), upload.id));
        }
        made.sort();
        let mut query = UploadsQuery { limit: 2, ..Default::default() };
        let mut seen = Vec::new();
        loop {
            let page = store.list_uploads("b", &query).unwrap();
            seen.extend(page.uploads.into_iter().map(|u| (u.key, u.id)));
            match page.next {
                Some((key, id)) => (query.key_marker, query.id_marker) = (Some(key), Some(id)),
                None => break,
            }
        }
        assert_eq!(seen, made);
        let query = UploadsQuery { delimiter: "/".into(), limit: 3, ..Default::default() };
        let page = store.list_uploads("b", &query).unwrap();
        assert_eq!((page.uploads.len(), page.prefixes), (2, vec!["b/".to_owned()]));
        let (key, id) = page.next.unwrap();
        let query = UploadsQuery { key_marker: Some(key), id_marker: Some(id), ..query };
        let page = store.list_uploads("b", &query).unwrap();
        assert_eq!((page.uploads[0].key.as_str(), page.prefixes.len(), page.next), ("c", 0, None));
    }
}
