//! A bucket as a website: what a path means. Pure but for keeping the configuration.
//!
//! ```text
//! redirect everything ──────────────────────────────► elsewhere
//! a rule without an error code fits the key ────────► elsewhere
//! the key, or the index document of a folder ───────► the object
//! no object, but `key/index` ───────────────────────► `/key/`
//! an error: a rule with its code fits ──────────────► elsewhere
//! else ─────────────────────────────────────────────► the error document, or a page that says what is wrong
//! ```

use super::Store;
use super::error::{Error, Result};
use crate::db;
use serde::{Deserialize, Serialize};

/// The name of the configuration.
pub const NAME: &str = "website";
/// The most routing rules.
pub const MAX_RULES: usize = 50;

/// How a website answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Website {
    /// Every request is sent to another host.
    RedirectAll {
        host: String,
        protocol: Option<Protocol>,
    },
    Site(Site),
}

/// A website of the bucket's own objects.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    /// What a folder's path stands for, without a slash: `index.html`.
    pub index: String,
    /// The key of the error document.
    pub error: Option<String>,
    pub rules: Vec<Rule>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Protocol {
    Http,
    Https,
}

impl Protocol {
    /// As URLs begin.
    pub fn name(self) -> &'static str {
        match self {
            Protocol::Http => "http",
            Protocol::Https => "https",
        }
    }
}

/// Requests that are sent elsewhere.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Of keys like this.
    pub prefix: Option<String>,
    /// That would be answered by this error.
    pub error: Option<u16>,
    pub redirect: Redirect,
}

/// Where to; what is not said stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redirect {
    pub protocol: Option<Protocol>,
    pub host: Option<String>,
    /// The status; 301 when not said.
    pub code: Option<u16>,
    pub replace: Option<Replace>,
}

/// What becomes of the key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Replace {
    /// The rule's prefix becomes this.
    Prefix(String),
    /// The whole key becomes this.
    Key(String),
}

/// Where a request is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    pub status: u16,
    pub protocol: Option<Protocol>,
    /// `None`: the host that was asked.
    pub host: Option<String>,
    pub key: String,
}

impl Site {
    /// The key of the object that answers for this one.
    pub fn object_key(&self, key: &str) -> String {
        if key.is_empty() || key.ends_with('/') { format!("{key}{}", self.index) } else { key.to_owned() }
    }

    /// The key that makes this one a folder.
    pub fn folder_key(&self, key: &str) -> Option<String> {
        (!key.is_empty() && !key.ends_with('/')).then(|| format!("{key}/{}", self.index))
    }

    /// Where a rule sends a request for this key: before it is looked for, or when it would be answered by an error.
    pub fn moved(&self, key: &str, error: Option<u16>) -> Option<Moved> {
        let rule = self
            .rules
            .iter()
            .find(|rule| rule.error == error && key.starts_with(rule.prefix.as_deref().unwrap_or_default()))?;
        let Redirect { protocol, host, code, replace } = &rule.redirect;
        let key = match replace {
            None => key.to_owned(),
            Some(Replace::Key(whole)) => whole.clone(),
            Some(Replace::Prefix(new)) => {
                format!("{new}{}", &key[rule.prefix.as_ref().map_or(0, String::len)..])
            }
        };
        Some(Moved { status: code.unwrap_or(301), protocol: *protocol, host: host.clone(), key })
    }
}

impl Store {
    /// The bucket's website, if it is one.
    pub fn website(&self, bucket: &str) -> Result<Option<Website>> {
        let damaged = |e| Error::Db(db::Error::Damaged(format!("the website of {bucket}: {e}")));
        self.config(bucket, NAME)?.map(|text| serde_json::from_str(&text).map_err(damaged)).transpose()
    }

    /// PutBucketWebsite, or with `None` DeleteBucketWebsite.
    pub async fn set_website(&self, bucket: &str, website: Option<Website>) -> Result<()> {
        let text = website.map(|site| serde_json::to_string(&site).expect("a website becomes JSON"));
        self.set_config(bucket, NAME, text).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(rules: Vec<Rule>) -> Site {
        Site { index: "i.html".into(), error: None, rules }
    }

    #[test]
    fn a_folder_is_its_index() {
        let site = site(vec![]);
        for (key, object, folder) in [
            ("", "i.html", None),
            ("a/", "a/i.html", None),
            ("a", "a", Some("a/i.html")),
            ("a/b", "a/b", Some("a/b/i.html")),
        ] {
            assert_eq!(site.object_key(key), object);
            assert_eq!(site.folder_key(key).as_deref(), folder);
        }
    }

    #[test]
    fn the_first_rule_that_fits_counts() {
        let to = |replace| Redirect { replace: Some(replace), ..Redirect::default() };
        let site = site(vec![
            Rule { prefix: Some("docs/".into()), error: None, redirect: to(Replace::Prefix("documents/".into())) },
            Rule {
                prefix: None,
                error: Some(404),
                redirect: Redirect {
                    host: Some("other".into()),
                    protocol: Some(Protocol::Https),
                    code: Some(302),
                    replace: Some(Replace::Prefix("report-404/".into())),
                },
            },
            Rule { prefix: Some("img/".into()), error: Some(403), redirect: to(Replace::Key("no.html".into())) },
        ]);
        let key = |key: &str, error| site.moved(key, error).map(|moved| (moved.status, moved.key));
        assert_eq!(key("docs/a", None), Some((301, "documents/a".into())));
        assert_eq!(key("docs", None), None);
        assert_eq!(key("x", Some(404)), Some((302, "report-404/x".into())));
        assert_eq!(key("img/x", Some(403)), Some((301, "no.html".into())));
        assert_eq!(key("x", Some(403)), None);
        assert_eq!(site.moved("x", Some(404)).unwrap().host.as_deref(), Some("other"));
    }
}
