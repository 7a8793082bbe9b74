//! Lifecycle: objects that expire, move to another storage class, or are tidied away, by rules of their bucket.
//!
//! ```text
//! rules (of the bucket) + versions of a key, newest first -> plan (pure) -> actions -> each checked again as it is done
//! ```
//!
//! The loop takes no input and keeps no state: a pass looks at what is there and does what is due, so one that a crash
//! cut short is simply done by the next.

mod plan;
mod rules;
mod run;

pub use rules::{
    Configuration, Expiration, Filter, MAX_ID, MAX_RULES, MinimumSize, Noncurrent, NoncurrentTransition, Rule, Scope,
    Transition, When,
};
pub use run::run;

use super::error::Result;
use super::tags::Tags;
use super::{Store, bucket};
use crate::db::objects::buckets;
use std::time::Duration;

/// A day, in milliseconds.
const DAY: i64 = 24 * 60 * 60 * 1000;

/// How time passes for rules.
#[derive(Debug, Clone, Copy)]
pub struct Calendar {
    /// What stands for a day in tests, in milliseconds; then nothing is rounded.
    short_day: Option<i64>,
}

impl Calendar {
    /// `short_day` is for tests.
    pub fn new(short_day: Option<Duration>) -> Calendar {
        Calendar { short_day: short_day.map(|day| day.as_millis().max(1) as i64) }
    }

    /// When something of this time (milliseconds) is so many days old: at the midnight (UTC) after that.
    pub fn due(self, from: i64, days: u32) -> i64 {
        match self.short_day {
            Some(day) => from + i64::from(days) * day,
            None => {
                let at = from + i64::from(days) * DAY;
                at + (-at).rem_euclid(DAY)
            }
        }
    }

    /// How long the loop rests between two passes.
    fn period(self) -> Duration {
        const HOUR: u64 = 60 * 60 * 1000;
        let ms = self.short_day.map_or(HOUR, |day| (day as u64 / 4).clamp(50, HOUR));
        Duration::from_millis(ms)
    }
}

impl Configuration {
    /// When the current version will expire (milliseconds) and by which rule, as answers announce it: in real days.
    pub fn expiry(&self, key: &str, size: u64, tags: &Tags, modified_at: i64) -> Option<(i64, &str)> {
        let calendar = Calendar::new(None);
        let rules = self.rules.iter().filter(|rule| rule.enabled && rule.scope.covers(key, size, tags));
        let dates = rules.filter_map(|rule| match rule.expiration? {
            Expiration::At(when) => Some((when.due(calendar, modified_at), rule.id.as_str())),
            Expiration::LoneMarkers => None,
        });
        dates.min_by_key(|(at, _)| *at)
    }

    /// When an upload of this key that was begun then (milliseconds) will be aborted, and by which rule.
    pub fn abort(&self, key: &str, initiated_at: i64) -> Option<(i64, &str)> {
        let calendar = Calendar::new(None);
        let rules = self.rules.iter().filter(|rule| rule.enabled && rule.scope.covers(key, 0, &Tags::default()));
        rules.filter_map(|rule| Some((calendar.due(initiated_at, rule.abort_days?), rule.id.as_str()))).min()
    }
}

impl Store {
    /// PutBucketLifecycleConfiguration, or with `None` DeleteBucketLifecycle.
    pub async fn set_lifecycle(&self, name: &str, configuration: Option<Configuration>) -> Result<()> {
        let name = name.to_owned();
        self.write(move |c| {
            bucket::get(c, &name)?;
            let text = configuration.map(|it| it.to_column()).unwrap_or_default();
            Ok(buckets::set_lifecycle(c, &name, &text)?)
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_ends_at_midnight() {
        let calendar = Calendar::new(None);
        assert_eq!(calendar.due(1, 1), 2 * DAY);
        assert_eq!(calendar.due(0, 1), DAY);
        assert_eq!(calendar.due(DAY - 1, 0), DAY);
        assert_eq!(Calendar::new(Some(Duration::from_secs(2))).due(7, 3), 6007);
    }
}
