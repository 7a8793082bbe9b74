//! Whether what concurrent clients saw of one key can have happened in some order.
//!
//! Each operation is an event with a begin and an end; it must seem to happen at one instant between them, all of them one after the
//! other on a register that holds an ETag or nothing. That is S3's promise of strong read-after-write for a key, and
//! together with conditions in events it says that a conditional write has one winner. The search tries orders, remembers
//! which sets of events in which state lead nowhere, and takes a read that fits at once, since it changes nothing.

use std::collections::HashSet;

/// What a client learned of the key at the instant of its operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Saw {
    Nothing,
    Object,
    Absent,
    Is(String),
    IsNot(String),
}

/// What the operation did to the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Did {
    Nothing,
    Set(String),
    Remove,
}

/// One operation on one key; `begin` and `end` come from one clock that never gives a time twice.
#[derive(Debug, Clone)]
pub struct Event {
    pub begin: u64,
    pub end: u64,
    pub saw: Saw,
    pub did: Did,
}

impl Event {
    fn fits(&self, state: Option<&str>) -> bool {
        match &self.saw {
            Saw::Nothing => true,
            Saw::Object => state.is_some(),
            Saw::Absent => state.is_none(),
            Saw::Is(etag) => state == Some(etag),
            Saw::IsNot(etag) => state != Some(etag),
        }
    }

    fn apply<'a>(&'a self, state: Option<&'a str>) -> Option<&'a str> {
        match &self.did {
            Did::Nothing => state,
            Did::Set(etag) => Some(etag),
            Did::Remove => None,
        }
    }
}

/// Whether some order explains the events of a key that was absent before.
pub fn has_an_order(mut events: Vec<Event>) -> bool {
    events.sort_by_key(|e| e.begin);
    let mut dead = HashSet::new();
    search(&events, &mut vec![false; events.len()], None, &mut dead)
}

fn search<'a>(
    events: &'a [Event],
    done: &mut Vec<bool>,
    state: Option<&'a str>,
    dead: &mut HashSet<(Vec<bool>, Option<&'a str>)>,
) -> bool {
    let left = || events.iter().enumerate().filter(|(n, _)| !done[*n]);
    let Some(first_end) = left().map(|(_, e)| e.end).min() else { return true };
    if dead.contains(&(done.clone(), state)) {
        return false;
    }
    // What began after something had ended cannot come before it.
    let mut next: Vec<usize> = left().filter(|(_, e)| e.begin < first_end && e.fits(state)).map(|(n, _)| n).collect();
    if let Some(read) = next.iter().copied().find(|n| events[*n].did == Did::Nothing) {
        next = vec![read];
    }
    for n in next {
        done[n] = true;
        if search(events, done, events[n].apply(state), dead) {
            return true;
        }
        done[n] = false;
    }
    dead.insert((done.clone(), state));
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(begin: u64, end: u64, saw: Saw, did: Did) -> Event {
        Event { begin, end, saw, did }
    }

    fn set(etag: &str) -> Did {
        Did::Set(etag.into())
    }

    fn is(etag: &str) -> Saw {
        Saw::Is(etag.into())
    }

    #[test]
    fn what_overlaps_may_have_happened_in_any_order() {
        let puts = [event(1, 10, Saw::Nothing, set("a")), event(2, 9, Saw::Nothing, set("b"))];
        for last in ["a", "b"] {
            let read = event(11, 12, is(last), Did::Nothing);
            assert!(has_an_order([&puts[..], &[read]].concat()));
        }
        let early = event(3, 4, is("b"), Did::Nothing);
        assert!(has_an_order([&puts[..], &[early, event(5, 6, is("a"), Did::Nothing)]].concat()));
    }

    #[test]
    fn a_read_that_is_behind_is_found() {
        let puts = [event(1, 2, Saw::Nothing, set("a")), event(3, 4, Saw::Nothing, set("b"))];
        for stale in [is("a"), Saw::Absent, is("never written")] {
            assert!(!has_an_order([&puts[..], &[event(5, 6, stale, Did::Nothing)]].concat()));
        }
        let back = [
            event(3, 9, Saw::Nothing, set("b")),
            event(4, 5, is("b"), Did::Nothing),
            event(6, 7, is("a"), Did::Nothing),
        ];
        assert!(!has_an_order([&puts[..1], &back].concat()), "a value that was seen does not go away and come again");
    }

    #[test]
    fn two_winners_are_found() {
        let twice = |saw: Saw| vec![event(3, 8, saw.clone(), set("b")), event(4, 9, saw, set("c"))];
        let put = event(1, 2, Saw::Nothing, set("a"));
        assert!(!has_an_order([vec![put.clone()], twice(is("a"))].concat()), "a value is replaced once");
        assert!(!has_an_order(twice(Saw::Absent)), "a key is made once");
        let lost = event(4, 9, Saw::IsNot("a".into()), Did::Nothing);
        let won = event(3, 8, is("a"), set("b"));
        assert!(has_an_order(vec![put.clone(), won, lost.clone()]));
        assert!(!has_an_order(vec![put, lost]), "nobody loses against nobody");
    }

    #[test]
    fn a_removal_that_did_not_last_is_found() {
        let put = event(1, 2, Saw::Nothing, set("a"));
        let removal = event(3, 4, Saw::Object, Did::Remove);
        assert!(has_an_order(vec![put.clone(), removal.clone(), event(5, 6, Saw::Absent, Did::Nothing)]));
        assert!(!has_an_order(vec![put, removal.clone(), event(5, 6, Saw::Object, Did::Nothing)]));
        assert!(!has_an_order(vec![removal]), "what is absent was not found");
    }
}
