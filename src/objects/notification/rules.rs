//! The rules of a bucket: which events of which keys go where.

use super::Event;
use crate::db;
use crate::objects::error::{Error, Result};
use serde::{Deserialize, Serialize};

/// Every event that a rule may name, those too that never happen here.
pub const NAMES: [&str; 27] = [
    "s3:ObjectCreated:*",
    "s3:ObjectCreated:Put",
    "s3:ObjectCreated:Post",
    "s3:ObjectCreated:Copy",
    "s3:ObjectCreated:CompleteMultipartUpload",
    "s3:ObjectRemoved:*",
    "s3:ObjectRemoved:Delete",
    "s3:ObjectRemoved:DeleteMarkerCreated",
    "s3:ObjectRestore:*",
    "s3:ObjectRestore:Post",
    "s3:ObjectRestore:Completed",
    "s3:ObjectRestore:Delete",
    "s3:ReducedRedundancyLostObject",
    "s3:Replication:*",
    "s3:Replication:OperationFailedReplication",
    "s3:Replication:OperationMissedThreshold",
    "s3:Replication:OperationReplicatedAfterThreshold",
    "s3:Replication:OperationNotTracked",
    "s3:LifecycleExpiration:*",
    "s3:LifecycleExpiration:Delete",
    "s3:LifecycleExpiration:DeleteMarkerCreated",
    "s3:LifecycleTransition",
    "s3:IntelligentTiering",
    "s3:ObjectTagging:*",
    "s3:ObjectTagging:Put",
    "s3:ObjectTagging:Delete",
    "s3:ObjectAcl:Put",
];

/// The destination of events for EventBridge, which has no ARN.
pub const EVENT_BRIDGE: &str = "eventbridge";
/// The longest prefix or suffix, in bytes.
pub const MAX_FILTER: usize = 1024;

/// What kind of thing is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    Queue,
    Topic,
    Lambda,
    /// Gets every event.
    EventBridge,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    pub id: String,
    pub kind: Kind,
    pub arn: String,
    /// Of [`NAMES`].
    pub events: Vec<String>,
    pub prefix: Option<String>,
    pub suffix: Option<String>,
}

impl Rule {
    /// Whether it tells of this event of this key.
    pub fn fits(&self, event: Event, key: &str) -> bool {
        let named = |wanted: &String| {
            let wanted = wanted.trim_start_matches("s3:");
            match wanted.strip_suffix('*') {
                Some(family) => event.name().starts_with(family),
                None => event.name() == wanted,
            }
        };
        (self.kind == Kind::EventBridge || self.events.iter().any(named))
            && key.starts_with(self.prefix.as_deref().unwrap_or_default())
            && key.ends_with(self.suffix.as_deref().unwrap_or_default())
    }

    /// Whether an event of a key could fit both.
    fn overlaps(&self, other: &Rule) -> bool {
        let family = |name: &str| name.strip_suffix('*').map(str::to_owned);
        let same = |a: &String, b: &String| {
            a == b || family(a).is_some_and(|f| b.starts_with(&f)) || family(b).is_some_and(|f| a.starts_with(&f))
        };
        let (p, q) = (self.prefix.as_deref().unwrap_or_default(), other.prefix.as_deref().unwrap_or_default());
        let (s, t) = (self.suffix.as_deref().unwrap_or_default(), other.suffix.as_deref().unwrap_or_default());
        self.events.iter().any(|a| other.events.iter().any(|b| same(a, b)))
            && (p.starts_with(q) || q.starts_with(p))
            && (s.ends_with(t) || t.ends_with(s))
    }

    fn filters(&self) -> bool {
        self.prefix.is_some() || self.suffix.is_some()
    }
}

/// The rules of a bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Configuration {
    pub rules: Vec<Rule>,
}

/// Two rules that one event could fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Overlap {
    #[error("Configurations overlap. Configurations on the same bucket cannot share a common event type.")]
    Events,
    #[error(
        "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes are overlapping for the same event type."
    )]
    Filters,
}

impl Configuration {
    /// As the database keeps it; no rule is the empty text.
    pub fn to_column(&self) -> String {
        if self.rules.is_empty() { String::new() } else { serde_json::to_string(self).expect("rules become JSON") }
    }

    /// From the database.
    pub fn from_column(text: &str) -> Result<Configuration> {
        if text.is_empty() {
            return Ok(Configuration::default());
        }
        serde_json::from_str(text).map_err(|e| Error::Db(db::Error::Damaged(format!("notification rules: {e}"))))
    }

    /// Whether no event fits two rules.
    pub fn check(&self) -> Result<(), Overlap> {
        for (n, one) in self.rules.iter().enumerate() {
            if let Some(other) = self.rules[..n].iter().find(|other| one.overlaps(other)) {
                return Err(if one.filters() || other.filters() { Overlap::Filters } else { Overlap::Events });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(events: &[&str], prefix: &str, suffix: &str) -> Rule {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Rule {
            id: "r".into(),
            kind: Kind::Queue,
            arn: "q".into(),
            events: events.iter().map(|e| (*e).to_owned()).collect(),
            prefix: some(prefix),
            suffix: some(suffix),
        }
    }

    #[test]
    fn names_and_filters_decide() {
        let jpegs = rule(&["s3:ObjectCreated:*", "s3:LifecycleTransition"], "img/", ".jpg");
        assert!(jpegs.fits(Event::Put, "img/a.jpg") && jpegs.fits(Event::Transition, "img/a.jpg"));
        assert!(!jpegs.fits(Event::Delete, "img/a.jpg"));
        assert!(!jpegs.fits(Event::Put, "img/a.png") && !jpegs.fits(Event::Put, "a.jpg"));
        let one = rule(&["s3:ObjectCreated:Post"], "", "");
        assert!(one.fits(Event::Post, "") && !one.fits(Event::Put, ""));
    }

    #[test]
    fn every_event_has_a_name_that_a_rule_may_name() {
        for event in [Event::Put, Event::Transition, Event::AclPut, Event::ExpirationDelete, Event::TaggingDelete] {
            assert!(NAMES.contains(&format!("s3:{}", event.name()).as_str()), "{event:?}");
        }
    }

    #[test]
    fn no_event_may_fit_two_rules() {
        let check = |a: Rule, b: Rule| Configuration { rules: vec![a, b] }.check();
        let (all, put, gone) = (["s3:ObjectCreated:*"], ["s3:ObjectCreated:Put"], ["s3:ObjectRemoved:*"]);
        assert_eq!(check(rule(&all, "", ""), rule(&put, "", "")), Err(Overlap::Events));
        assert_eq!(check(rule(&all, "", ""), rule(&gone, "", "")), Ok(()));
        assert_eq!(check(rule(&all, "a/", ""), rule(&put, "a/b/", "")), Err(Overlap::Filters));
        assert_eq!(check(rule(&all, "a/", ".jpg"), rule(&put, "a/b/", ".png")), Ok(()));
        assert_eq!(check(rule(&all, "a/", ""), rule(&all, "b/", "")), Ok(()));
        assert_eq!(check(rule(&all, "", "jpg"), rule(&all, "", "pg")), Err(Overlap::Filters));
    }

    #[test]
    fn the_database_keeps_them() {
        let rules = Configuration { rules: vec![rule(&["s3:ObjectCreated:*"], "a", "")] };
        assert_eq!(Configuration::from_column(&rules.to_column()).unwrap(), rules);
        assert_eq!(Configuration::default().to_column(), "");
    }
}
