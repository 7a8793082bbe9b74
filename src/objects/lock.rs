//! Object lock: versions that cannot be deleted or overwritten for a while.
//!
//! A version has a retention (a mode and a date) and a legal hold, each independent of the other. Under governance who
//! may bypass it may do anything, under compliance nobody may; a legal hold stands until it is taken off.

use super::error::{Error, Result};
use crate::db;
use serde::{Deserialize, Serialize};

/// How strict a retention is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Mode {
    Governance,
    Compliance,
}

impl Mode {
    /// As S3 writes it.
    pub fn name(self) -> &'static str {
        match self {
            Mode::Governance => "GOVERNANCE",
            Mode::Compliance => "COMPLIANCE",
        }
    }

    /// The mode of this name, in capitals only.
    pub fn parse(name: &str) -> Option<Mode> {
        [Mode::Governance, Mode::Compliance].into_iter().find(|m| m.name() == name)
    }
}

/// Until when a version must be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retention {
    pub mode: Mode,
    /// Milliseconds.
    pub until: i64,
}

/// What protects a version.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention: Option<Retention>,
    /// `None`: never said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<bool>,
}

impl Lock {
    /// Nothing was said.
    pub fn is_empty(&self) -> bool {
        *self == Lock::default()
    }

    /// Whether the version may be deleted now (milliseconds).
    pub fn allows_deletion(&self, now: i64, bypass: bool) -> Result<()> {
        if self.hold == Some(true) {
            return Err(Error::Locked);
        }
        match self.retention.filter(|r| r.until > now) {
            None => Ok(()),
            Some(Retention { mode: Mode::Governance, .. }) if bypass => Ok(()),
            Some(Retention { mode: Mode::Governance | Mode::Compliance, .. }) => Err(Error::Locked),
        }
    }

    /// Whether the retention may become `new` now: it may always grow, and shrink or loosen only under governance, by who
    /// may bypass it.
    pub fn allows_retention(&self, new: Option<Retention>, now: i64, bypass: bool) -> Result<()> {
        let Some(old) = self.retention.filter(|r| r.until > now) else { return Ok(()) };
        let grows = new.is_some_and(|new| new.mode == old.mode && new.until >= old.until);
        match old.mode {
            Mode::Governance | Mode::Compliance if grows => Ok(()),
            Mode::Governance if bypass => Ok(()),
            Mode::Governance | Mode::Compliance => Err(Error::Locked),
        }
    }

    /// As the database keeps it; nothing is the empty text.
    pub fn to_column(&self) -> String {
        if self.is_empty() { String::new() } else { serde_json::to_string(self).expect("a lock becomes JSON") }
    }

    /// From the database.
    pub fn from_column(text: &str) -> Result<Lock> {
        if text.is_empty() { Ok(Lock::default()) } else { read(text) }
    }
}

/// How long new versions of a bucket are kept when their writers say nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DefaultRetention {
    pub mode: Mode,
    pub period: Period,
}

/// A length of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Period {
    Days(u32),
    Years(u32),
}

/// The most days and years of a default retention.
pub const MAX_DAYS: u32 = 36_500;
pub const MAX_YEARS: u32 = 100;

/// A bucket whose versions can be locked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BucketLock {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<DefaultRetention>,
}

impl BucketLock {
    /// What protects a version that is written now (milliseconds), when its writer says `asked`.
    pub fn protect(&self, asked: Lock, now: i64) -> Lock {
        const DAY: i64 = 24 * 60 * 60 * 1000;
        let default = self.default.map(|d| Retention {
            mode: d.mode,
            until: now
                + match d.period {
                    Period::Days(n) => i64::from(n) * DAY,
                    Period::Years(n) => i64::from(n) * 365 * DAY,
                },
        });
        Lock { retention: asked.retention.or(default), ..asked }
    }

    /// As the database keeps it.
    pub fn to_column(&self) -> String {
        serde_json::to_string(self).expect("a lock becomes JSON")
    }

    /// From the database; `None` is a bucket without object lock.
    pub fn from_column(text: &str) -> Result<Option<BucketLock>> {
        if text.is_empty() { Ok(None) } else { read(text).map(Some) }
    }
}

fn read<T: serde::de::DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|e| Error::Db(db::Error::Damaged(format!("object lock: {e}"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(mode: Mode, until: i64) -> Lock {
        Lock { retention: Some(Retention { mode, until }), hold: None }
    }

    #[test]
    fn deletion_waits_for_the_date_unless_governance_is_bypassed() {
        for (lock, bypass, allowed) in [
            (Lock::default(), false, true),
            (kept(Mode::Governance, 10), false, false),
            (kept(Mode::Governance, 10), true, true),
            (kept(Mode::Compliance, 10), true, false),
            (kept(Mode::Compliance, 4), false, true),
            (Lock { hold: Some(true), ..Lock::default() }, true, false),
            (Lock { hold: Some(false), ..Lock::default() }, false, true),
        ] {
            assert_eq!(lock.allows_deletion(5, bypass).is_ok(), allowed, "{lock:?}");
        }
    }

    #[test]
    fn a_retention_may_grow_and_shrinks_only_by_bypass_of_governance() {
        use Mode::{Compliance as C, Governance as G};
        for (old, new, bypass, allowed) in [
            ((G, 10), Some((G, 12)), false, true),
            ((G, 10), Some((G, 8)), false, false),
            ((G, 10), Some((G, 8)), true, true),
            ((G, 10), Some((C, 10)), false, false),
            ((G, 10), Some((C, 10)), true, true),
            ((C, 10), Some((G, 20)), true, false),
            ((C, 10), Some((C, 9)), true, false),
            ((C, 10), Some((C, 11)), false, true),
            ((C, 10), None, true, false),
            ((C, 4), None, false, true),
        ] {
            let new = new.map(|(mode, until)| Retention { mode, until });
            assert_eq!(kept(old.0, old.1).allows_retention(new, 5, bypass).is_ok(), allowed, "{old:?} {new:?}");
        }
    }

    #[test]
    fn the_writers_word_goes_before_the_buckets_default() {
        let default = DefaultRetention { mode: Mode::Governance, period: Period::Days(1) };
        let bucket = BucketLock { default: Some(default) };
        assert_eq!(bucket.protect(Lock::default(), 0).retention.unwrap().until, 86_400_000);
        assert_eq!(bucket.protect(kept(Mode::Compliance, 7), 0), kept(Mode::Compliance, 7));
        assert_eq!(BucketLock::from_column(&bucket.to_column()).unwrap(), Some(bucket));
        let lock = Lock { hold: Some(true), ..kept(Mode::Governance, 3) };
        assert_eq!(Lock::from_column(&lock.to_column()).unwrap(), lock);
    }
}
