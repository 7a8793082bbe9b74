//! What is due: from rules and the versions of keys to actions. Pure.

use super::{Calendar, Configuration, Expiration, Rule};
use crate::db::objects::versions::AgedRow;
use crate::objects::error::Result;
use crate::objects::tags::Tags;

/// Something that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Delete the key, whose current version this is.
    Expire { key: String, rank: i64 },
    /// Remove this version, which is not the current one.
    Remove { key: String, rank: i64 },
    /// Remove this delete marker, which is all that the key has.
    RemoveMarker { key: String, rank: i64 },
    /// Give this version another storage class.
    Transition { key: String, rank: i64, class: String },
}

/// Walks over versions in order of key, newest first.
pub struct Planner<'c> {
    configuration: &'c Configuration,
    calendar: Calendar,
    /// Milliseconds.
    now: i64,
    /// The row before, which is looked at when it is known whether it is all that its key has.
    held: Option<Held>,
}

struct Held {
    row: AgedRow,
    /// Milliseconds: when a newer version replaced it.
    replaced_at: Option<i64>,
    /// Noncurrent versions of the key that are newer.
    newer: u32,
}

impl<'c> Planner<'c> {
    pub fn new(configuration: &'c Configuration, calendar: Calendar, now: i64) -> Planner<'c> {
        Planner { configuration, calendar, now, held: None }
    }

    /// Take the next row; `None` at the end. Says what is due of the one before.
    pub fn next(&mut self, row: Option<AgedRow>) -> Result<Option<Action>> {
        let before = self.held.take();
        let same_key = matches!((&before, &row), (Some(b), Some(r)) if b.row.key == r.key);
        self.held = row.map(|row| match &before {
            Some(b) if same_key => Held {
                row,
                replaced_at: Some(b.row.modified_at),
                newer: if b.replaced_at.is_some() { b.newer + 1 } else { 0 },
            },
            Some(_) | None => Held { row, replaced_at: None, newer: 0 },
        });
        match before {
            Some(before) => self.due(before, same_key),
            None => Ok(None),
        }
    }

    fn due(&self, held: Held, has_older: bool) -> Result<Option<Action>> {
        let Held { row, replaced_at, newer } = held;
        let tags = Tags::from_column(&row.tags)?;
        let rules: Vec<&Rule> = self.configuration.rules.iter().collect();
        let rules = rules.into_iter().filter(|r| r.enabled && r.scope.covers(&row.key, row.size as u64, &tags));
        let passed = |at: i64| at <= self.now;
        let aged = |from: i64, days: u32| passed(self.calendar.due(from, days));
        let mut class: Option<(i64, &str)> = None;
        let mut later = |at: i64, to: &'c str| {
            if passed(at) && class.is_none_or(|(before, _)| before <= at) {
                class = Some((at, to));
            }
        };
        let (key, rank) = (row.key.clone(), row.rank);
        let minimum = self.configuration.minimum;
        for rule in rules {
            let large = |class: &str| minimum.lets(rule, row.size, class);
            let Some(replaced_at) = replaced_at else {
                match rule.expiration {
                    Some(Expiration::At(when)) if passed(when.due(self.calendar, row.modified_at)) => {
                        if !row.delete_marker {
                            return Ok(Some(Action::Expire { key, rank }));
                        }
                        if !has_older {
                            return Ok(Some(Action::RemoveMarker { key, rank }));
                        }
                    }
                    Some(Expiration::LoneMarkers) if row.delete_marker && !has_older => {
                        return Ok(Some(Action::RemoveMarker { key, rank }));
                    }
                    Some(Expiration::At(_) | Expiration::LoneMarkers) | None => {}
                }
                for to in rule.transitions.iter().filter(|to| large(&to.class)) {
                    later(to.when.due(self.calendar, row.modified_at), &to.class);
                }
                continue;
            };
            if let Some(gone) = rule.noncurrent_expiration
                && newer >= gone.keep.unwrap_or(0)
                && aged(replaced_at, gone.days)
            {
                return Ok(Some(Action::Remove { key, rank }));
            }
            for to in rule.noncurrent_transitions.iter().filter(|to| large(&to.class)) {
                if newer >= to.after.keep.unwrap_or(0) {
                    later(self.calendar.due(replaced_at, to.after.days), &to.class);
                }
            }
        }
        Ok(match class {
            Some((_, class)) if !row.delete_marker && class != row.storage_class => {
                Some(Action::Transition { key, rank, class: class.to_owned() })
            }
            Some(_) | None => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{MinimumSize, Noncurrent, Scope, Transition, When};
    use super::*;
    use std::time::Duration;

    fn rule() -> Rule {
        Rule {
            id: "r".into(),
            enabled: true,
            scope: Scope::Prefix(String::new()),
            expiration: None,
            transitions: Vec::new(),
            noncurrent_expiration: None,
            noncurrent_transitions: Vec::new(),
            abort_days: None,
        }
    }

    fn row(key: &str, number: i64, delete_marker: bool) -> AgedRow {
        AgedRow {
            key: key.into(),
            rank: -number,
            delete_marker,
            size: 1,
            modified_at: number * 1000,
            storage_class: "STANDARD".into(),
            tags: String::new(),
        }
    }

    /// A second is a day; the number of a version is its time.
    fn plan(rule: Rule, rows: &[AgedRow], now: i64) -> Vec<Action> {
        let configuration = Configuration { rules: vec![rule], ..Configuration::default() };
        let mut planner = Planner::new(&configuration, Calendar::new(Some(Duration::from_secs(1))), now * 1000);
        let rows = rows.iter().cloned().map(Some).chain([None]);
        rows.filter_map(|row| planner.next(row).unwrap()).collect()
    }

    fn expire(key: &str, number: i64) -> Action {
        Action::Expire { key: key.into(), rank: -number }
    }

    fn remove(key: &str, number: i64) -> Action {
        Action::Remove { key: key.into(), rank: -number }
    }

    #[test]
    fn only_current_versions_expire_and_markers_with_versions_behind_stay() {
        let days = Rule { expiration: Some(Expiration::At(When::Days(5))), ..rule() };
        let rows = [row("a", 9, false), row("a", 1, false), row("b", 2, false), row("c", 3, true), row("c", 1, false)];
        assert_eq!(plan(days.clone(), &rows, 6), []);
        assert_eq!(plan(days.clone(), &rows, 7), [expire("b", 2)]);
        assert_eq!(plan(days.clone(), &rows, 14), [expire("a", 9), expire("b", 2)]);
        assert_eq!(plan(Rule { enabled: false, ..days.clone() }, &rows, 14), []);
        let lone = [row("c", 3, true)];
        assert_eq!(plan(days, &lone, 8), [Action::RemoveMarker { key: "c".into(), rank: -3 }]);
    }

    #[test]
    fn lone_markers_go_at_once() {
        let markers = Rule { expiration: Some(Expiration::LoneMarkers), ..rule() };
        let rows = [row("a", 2, true), row("b", 2, true), row("b", 1, false), row("c", 1, false)];
        assert_eq!(plan(markers, &rows, 2), [Action::RemoveMarker { key: "a".into(), rank: -2 }]);
    }

    #[test]
    fn noncurrent_versions_age_from_when_they_were_replaced_and_the_newest_may_stay() {
        let rows = [row("a", 9, false), row("a", 4, true), row("a", 3, false), row("a", 2, false), row("b", 1, false)];
        let after = |days, keep| Rule { noncurrent_expiration: Some(Noncurrent { days, keep }), ..rule() };
        assert_eq!(plan(after(6, None), &rows, 9), [remove("a", 2)]);
        assert_eq!(plan(after(6, None), &rows, 15), [remove("a", 4), remove("a", 3), remove("a", 2)]);
        assert_eq!(plan(after(1, Some(2)), &rows, 15), [remove("a", 2)]);
    }

    #[test]
    fn the_latest_transition_that_is_due_counts() {
        let to = |days, class: &str| Transition { when: When::Days(days), class: class.into() };
        let both = Rule { transitions: vec![to(7, "GLACIER"), to(1, "STANDARD_IA")], ..rule() };
        let large = |class: &str| AgedRow { size: 1 << 17, storage_class: class.into(), ..row("a", 0, false) };
        let class = |now| match plan(both.clone(), &[large("STANDARD")], now).pop() {
            Some(Action::Transition { class, .. }) => class,
            _ => String::new(),
        };
        assert_eq!([class(0), class(1), class(6), class(7)], ["", "STANDARD_IA", "STANDARD_IA", "GLACIER"]);
        assert_eq!(plan(both, &[large("GLACIER")], 9), []);
    }

    #[test]
    fn small_objects_stay_in_their_class_unless_a_rule_names_a_size() {
        let to = |class: &str| vec![Transition { when: When::Days(1), class: class.into() }];
        let by = |scope, class| Rule { scope, transitions: to(class), ..rule() };
        let sized = Scope::Filter(super::super::Filter { less: Some(9), ..Default::default() });
        let due = |rule: &Rule, minimum| {
            let configuration = Configuration { rules: vec![rule.clone()], minimum };
            let mut planner = Planner::new(&configuration, Calendar::new(Some(Duration::from_secs(1))), 9000);
            planner.next(Some(row("a", 0, false))).unwrap();
            planner.next(None).unwrap().is_some()
        };
        let (all, varies) = (MinimumSize::AllStorageClasses, MinimumSize::VariesByStorageClass);
        let every = || Scope::Prefix(String::new());
        assert!(!due(&by(every(), "STANDARD_IA"), all) && !due(&by(every(), "STANDARD_IA"), varies));
        assert!(!due(&by(every(), "GLACIER"), all) && due(&by(every(), "GLACIER"), varies));
        assert!(due(&by(sized, "STANDARD_IA"), all));
    }
}
