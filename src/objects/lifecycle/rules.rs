//! Lifecycle rules as they are kept.

use super::Calendar;
use crate::db;
use crate::objects::error::{Error, Result};
use crate::objects::tags::Tags;
use serde::{Deserialize, Serialize};

/// The most rules of a bucket.
pub const MAX_RULES: usize = 1000;
/// The longest id of a rule.
pub const MAX_ID: usize = 255;

/// What is configured of a bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Configuration {
    pub rules: Vec<Rule>,
    #[serde(default)]
    pub minimum: MinimumSize,
}

/// Which objects are too small for a transition where their rule asks for no size.
///
/// Source: S3 User Guide, "Constraints and considerations for transitions".
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MinimumSize {
    /// Less than 128 KiB.
    #[default]
    AllStorageClasses,
    /// Less than 128 KiB, but for the archives, which take any.
    VariesByStorageClass,
}

impl MinimumSize {
    const BYTES: i64 = 128 * 1024;
    const NAMES: [(MinimumSize, &str); 2] = [
        (MinimumSize::AllStorageClasses, "all_storage_classes_128K"),
        (MinimumSize::VariesByStorageClass, "varies_by_storage_class"),
    ];

    /// As requests and answers say it.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(minimum, _)| *minimum == self).expect("each has a name").1
    }

    /// The one of this name.
    pub fn parse(name: &str) -> Option<MinimumSize> {
        Self::NAMES.iter().find(|(_, n)| *n == name).map(|(minimum, _)| *minimum)
    }

    /// Whether an object of this size (bytes) may become one of `class` by this rule.
    pub fn lets(self, rule: &Rule, size: i64, class: &str) -> bool {
        let archive = ["GLACIER", "DEEP_ARCHIVE"].contains(&class);
        size >= Self::BYTES || rule.scope.by_size() || (archive && self == MinimumSize::VariesByStorageClass)
    }
}

/// One rule. What is `None` or empty is not done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    pub id: String,
    pub enabled: bool,
    pub scope: Scope,
    pub expiration: Option<Expiration>,
    pub transitions: Vec<Transition>,
    pub noncurrent_expiration: Option<Noncurrent>,
    pub noncurrent_transitions: Vec<NoncurrentTransition>,
    /// Days after which an upload in progress is aborted.
    pub abort_days: Option<u32>,
}

/// Which objects a rule is about. The form is kept, so that it reads back as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// The older form: `<Prefix>` in the rule itself.
    Prefix(String),
    /// `<Filter>` with at most one condition.
    Filter(Filter),
    /// `<Filter><And>`: several conditions.
    And(Filter),
}

/// Conditions of a filter; all must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Filter {
    pub prefix: Option<String>,
    pub tags: Vec<(String, String)>,
    /// Bytes.
    pub greater: Option<u64>,
    /// Bytes.
    pub less: Option<u64>,
}

impl Scope {
    /// The prefix; empty is every key.
    pub fn prefix(&self) -> &str {
        match self {
            Scope::Prefix(prefix) => prefix,
            Scope::Filter(filter) | Scope::And(filter) => filter.prefix.as_deref().unwrap_or_default(),
        }
    }

    /// Whether it asks for tags.
    pub fn by_tags(&self) -> bool {
        match self {
            Scope::Prefix(_) => false,
            Scope::Filter(filter) | Scope::And(filter) => !filter.tags.is_empty(),
        }
    }

    /// Whether it asks for a size.
    pub fn by_size(&self) -> bool {
        match self {
            Scope::Prefix(_) => false,
            Scope::Filter(filter) | Scope::And(filter) => filter.greater.is_some() || filter.less.is_some(),
        }
    }

    /// Whether a version is one of its objects.
    pub fn covers(&self, key: &str, size: u64, tags: &Tags) -> bool {
        key.starts_with(self.prefix())
            && match self {
                Scope::Prefix(_) => true,
                Scope::Filter(filter) | Scope::And(filter) => {
                    filter.tags.iter().all(|(name, value)| tags.get(name) == Some(value))
                        && filter.greater.is_none_or(|n| size > n)
                        && filter.less.is_none_or(|n| size < n)
                }
            }
    }
}

/// A moment in an object's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// After so many days.
    Days(u32),
    /// Milliseconds; a midnight.
    Date(i64),
}

impl When {
    /// When that is for an object of this time (milliseconds).
    pub fn due(self, calendar: Calendar, modified_at: i64) -> i64 {
        match self {
            When::Days(days) => calendar.due(modified_at, days),
            When::Date(at) => at,
        }
    }
}

/// What happens to current versions in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expiration {
    At(When),
    /// Delete markers go that have no versions behind them.
    LoneMarkers,
}

/// A change of storage class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transition {
    pub when: When,
    pub class: String,
}

/// When noncurrent versions go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Noncurrent {
    /// Since the version was replaced.
    pub days: u32,
    /// So many of the newest stay.
    pub keep: Option<u32>,
}

/// A change of storage class of noncurrent versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoncurrentTransition {
    pub after: Noncurrent,
    pub class: String,
}

impl Configuration {
    /// As the database keeps it.
    pub fn to_column(&self) -> String {
        serde_json::to_string(self).expect("rules become JSON")
    }

    /// From the database; the empty text is no configuration.
    pub fn from_column(text: &str) -> Result<Option<Configuration>> {
        if text.is_empty() {
            return Ok(None);
        }
        serde_json::from_str(text).map_err(|e| Error::Db(db::Error::Damaged(format!("lifecycle: {e}"))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_condition_of_a_filter_must_hold() {
        let tags = Tags::new(vec![("a".into(), "1".into()), ("b".into(), "2".into())], 10).unwrap();
        let scope = |prefix: &str, tag: (&str, &str), greater, less| {
            let tags = vec![(tag.0.to_owned(), tag.1.to_owned())];
            Scope::And(Filter { prefix: Some(prefix.into()), tags, greater, less })
        };
        assert!(scope("x/", ("a", "1"), Some(9), Some(11)).covers("x/y", 10, &tags));
        for other in [
            scope("y/", ("a", "1"), None, None),
            scope("x/", ("a", "2"), None, None),
            scope("x/", ("c", ""), None, None),
            scope("x/", ("a", "1"), Some(10), None),
            scope("x/", ("a", "1"), None, Some(10)),
        ] {
            assert!(!other.covers("x/y", 10, &tags), "{other:?}");
        }
        assert!(Scope::Filter(Filter::default()).covers("", 0, &Tags::default()));
    }
}
