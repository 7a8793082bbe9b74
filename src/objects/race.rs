//! Many clients on few keys: what is promised of concurrent requests.

mod history;

use super::checksum::{self, DEFAULT, Kind};
use super::condition::Conditions;
use super::copy::{Copy, Source};
use super::error::Error;
use super::multipart::{Chosen, Completion};
use super::object::{Deletion, NewObject};
use super::versioning::Versioning;
use super::{Store, listing};
use history::{Did, Event, Saw};
use md5::Digest;
use proptest::prelude::*;
use std::io::Read;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

const CLIENTS: usize = 8;

fn only_if(if_match: Option<String>, if_none_match: Option<&str>) -> Conditions {
    Conditions { if_match, if_none_match: if_none_match.map(str::to_owned), ..Conditions::default() }
}

async fn put(store: &Store, key: &str, body: &str, conditions: Conditions) -> Result<String, Error> {
    let staged = store.stage_blocking(body.as_bytes(), &[DEFAULT], store.seal_of("b", key, "1")?)?;
    let new = NewObject { conditions, ..NewObject::of("b", key, "1") };
    Ok(store.put(new, staged).await?.etag)
}

/// The same by a multipart upload of one part.
async fn complete(store: &Store, key: &str, body: &str, conditions: Conditions) -> Result<String, Error> {
    let (new, seal) = (NewObject::of("b", key, "1"), store.seal_of("b", key, "1")?);
    let upload = store.create_upload(new, "1".into(), Kind::FullObject, false, seal).await?;
    let staged = store.stage_blocking(body.as_bytes(), &[upload.algorithm], store.seal_part(&upload, None)?)?;
    let part = store.put_part(&upload, 1, staged).await?;
    let completion = Completion {
        bucket: "b".into(),
        key: key.into(),
        upload: upload.id,
        parts: vec![Chosen { number: 1, etag: part.etag, checksum: None::<checksum::Value> }],
        conditions,
        expected: None,
        size: None,
        cause: None,
        customer: None,
    };
    Ok(store.complete_upload(completion).await?.etag)
}

fn value(store: &Store, key: &str) -> Option<(String, u64)> {
    let (info, mut reader) = store.open_object("b", key, "1").ok()?;
    let mut text = String::new();
    reader.read_to_string(&mut text).unwrap();
    Some((info.etag, text.trim().parse().unwrap()))
}

async fn race(versioning: Versioning) {
    let (_dir, store) = super::tests::store();
    if versioning != Versioning::Off {
        store.set_versioning("b", versioning).await.unwrap();
    }
    put(&store, "counter", "0", Conditions::default()).await.unwrap();
    let clients: Vec<_> = (0..CLIENTS).map(|n| tokio::spawn(client(store.clone(), n))).collect();
    let (mut raised, mut created, mut removed) = (0, 0, 0);
    for client in clients {
        let (r, c, d) = client.await.unwrap();
        (raised, created, removed) = (raised + r, created + c, removed + d);
    }
    assert_eq!(value(&store, "counter").unwrap().1, raised, "each write that was confirmed counts once");
    let left = u64::from(store.head("b", "lock").is_ok());
    assert_eq!(created - removed, left, "who made the key and who removed it take turns");
    assert_eq!(store.check().unwrap(), []);
}

/// Raises a counter by compare-and-swap, takes and gives back a key that only one may have, and reads its own writes.
async fn client(store: Arc<Store>, n: usize) -> (u64, u64, u64) {
    let (mut raised, mut created, mut removed) = (0, 0, 0);
    let own = format!("own/{n}");
    for round in 0..12 {
        let (etag, now) = value(&store, "counter").unwrap();
        let (next, same) = ((now + 1).to_string(), only_if(Some(etag), None));
        let swapped = match round % 3 {
            0 => complete(&store, "counter", &next, same).await,
            _ => put(&store, "counter", &next, same).await,
        };
        match swapped {
            Ok(_) => raised += 1,
            Err(Error::PreconditionFailed { .. }) => {}
            Err(other) => panic!("{other}"),
        }
        match put(&store, "lock", &format!("{n}"), only_if(None, Some("*"))).await {
            Ok(etag) => {
                created += 1;
                assert_eq!(store.head("b", "lock").unwrap().etag, etag, "nobody else may have it now");
                let mine = Deletion { conditions: only_if(Some(etag), None), ..Deletion::of("lock") };
                removed += u64::from(store.delete("b", mine).await.unwrap().found);
            }
            Err(Error::PreconditionFailed { .. }) => {}
            Err(other) => panic!("{other}"),
        }
        put(&store, &own, &round.to_string(), Conditions::default()).await.unwrap();
        assert_eq!(value(&store, &own).unwrap().1, round, "a client reads what it wrote");
        let query = listing::Query { prefix: own.clone(), limit: 2, ..listing::Query::default() };
        assert_eq!(store.list("b", &query).unwrap().objects.len(), 1, "and lists it");
        if round % 4 == 3 {
            store.delete_object("b", &own, Conditions::default()).await.unwrap();
            assert!(value(&store, &own).is_none() && store.list("b", &query).unwrap().is_empty());
        }
    }
    (raised, created, removed)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn conditional_writes_have_one_winner() {
    race(Versioning::Off).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn conditional_writes_have_one_winner_with_versions_too() {
    race(Versioning::Enabled).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn conditional_writes_have_one_winner_when_versions_are_suspended() {
    race(Versioning::Suspended).await;
}

const KEYS: [&str; 2] = ["a", "b"];

/// One thing that a client does; keys are places in [`KEYS`].
#[derive(Debug, Clone, Copy)]
enum Step {
    Head(usize),
    Read(usize),
    List,
    Put(usize, If),
    Complete(usize, If),
    Delete(usize, If),
    /// Onto the other key.
    Copy(usize),
}

#[derive(Debug, Clone, Copy)]
enum If {
    Anything,
    Absent,
    /// It still is what this client saw last.
    Same,
}

fn step() -> impl Strategy<Value = Step> {
    let key = || 0..KEYS.len();
    let condition = || prop::sample::select(vec![If::Anything, If::Absent, If::Same, If::Same]);
    prop_oneof![
        2 => key().prop_map(Step::Head),
        2 => key().prop_map(Step::Read),
        2 => Just(Step::List),
        4 => (key(), condition()).prop_map(|(key, condition)| Step::Put(key, condition)),
        1 => (key(), condition()).prop_map(|(key, condition)| Step::Complete(key, condition)),
        2 => (key(), prop::sample::select(vec![If::Anything, If::Same])).prop_map(|(key, c)| Step::Delete(key, c)),
        2 => key().prop_map(Step::Copy),
    ]
}

/// What a read gave, or nothing if the key has no object; nothing else may go wrong.
fn there<T>(read: Result<T, Error>) -> Option<T> {
    match read {
        Ok(found) => Some(found),
        Err(Error::NoSuchKey(_) | Error::Deleted { .. }) => None,
        Err(other) => panic!("{other:?}"),
    }
}

/// A client that writes down what it saw and did.
struct Recorder {
    store: Arc<Store>,
    name: usize,
    clock: Arc<AtomicU64>,
    events: Arc<Mutex<Vec<(usize, Event)>>>,
    /// The ETag that it saw last, of each key.
    last: [Option<String>; KEYS.len()],
}

impl Recorder {
    fn now(&self) -> u64 {
        self.clock.fetch_add(1, Ordering::SeqCst)
    }

    fn note(&mut self, begin: u64, key: usize, saw: Saw, did: Did) {
        match (&saw, &did) {
            (_, Did::Set(etag)) | (Saw::Is(etag), Did::Nothing) => self.last[key] = Some(etag.clone()),
            (_, Did::Remove | Did::Nothing) => {}
        }
        let end = self.now();
        self.events.lock().unwrap().push((key, Event { begin, end, saw, did }));
    }

    fn conditions(&self, key: usize, condition: If) -> Conditions {
        match condition {
            If::Anything => Conditions::default(),
            If::Absent => only_if(None, Some("*")),
            If::Same => only_if(Some(self.last[key].clone().unwrap_or_else(|| "0".repeat(32))), None),
        }
    }

    /// What the outcome of a write says of the key when its condition was looked at.
    fn judged(conditions: &Conditions, failed: Option<&Error>) -> Saw {
        match (conditions.if_match.clone(), conditions.if_none_match.is_some(), failed) {
            (None, false, None) => Saw::Nothing,
            (None, true, None) => Saw::Absent,
            (Some(etag), _, None) => Saw::Is(etag),
            (_, _, Some(Error::NoSuchKey(_))) => Saw::Absent,
            (None, true, Some(Error::PreconditionFailed { .. })) => Saw::Object,
            (Some(etag), _, Some(Error::PreconditionFailed { .. })) => Saw::IsNot(etag),
            (_, _, Some(other)) => panic!("{other}"),
        }
    }

    async fn step(&mut self, n: usize, step: Step) {
        let body = format!("{} {n}", self.name);
        let begin = self.now();
        match step {
            Step::Head(key) => {
                let etag = there(self.store.head("b", KEYS[key])).map(|info| info.etag);
                self.note(begin, key, etag.map_or(Saw::Absent, Saw::Is), Did::Nothing);
            }
            Step::Read(key) => {
                let read = there(self.store.open_object("b", KEYS[key], "1")).map(|(info, mut reader)| {
                    let mut body = Vec::new();
                    reader.read_to_end(&mut body).unwrap();
                    let whole = md5::Md5::digest(&body);
                    let in_parts = format!("{}-1", hex::encode(md5::Md5::digest(whole)));
                    assert!(info.etag == hex::encode(whole) || info.etag == in_parts, "the body is the ETag's");
                    info.etag
                });
                self.note(begin, key, read.map_or(Saw::Absent, Saw::Is), Did::Nothing);
            }
            Step::List => {
                let page = self.store.list("b", &listing::Query { limit: 10, ..Default::default() }).unwrap();
                for (key, name) in KEYS.into_iter().enumerate() {
                    let etag = page.objects.iter().find(|o| o.key == name).map(|o| o.etag.clone());
                    self.note(begin, key, etag.map_or(Saw::Absent, Saw::Is), Did::Nothing);
                }
            }
            Step::Put(key, condition) | Step::Complete(key, condition) => {
                let conditions = self.conditions(key, condition);
                let written = match step {
                    Step::Complete(..) => complete(&self.store, KEYS[key], &body, conditions.clone()).await,
                    _ => put(&self.store, KEYS[key], &body, conditions.clone()).await,
                };
                let saw = Self::judged(&conditions, written.as_ref().err());
                self.note(begin, key, saw, written.map_or(Did::Nothing, Did::Set));
            }
            Step::Delete(key, condition) => {
                let conditions = self.conditions(key, condition);
                let one = Deletion { conditions: conditions.clone(), ..Deletion::of(KEYS[key]) };
                match self.store.delete("b", one).await {
                    // Whether there was an object to remove is only told where no version stays.
                    Ok(done) if !done.found && done.version_id.is_none() => {
                        self.note(begin, key, Saw::Absent, Did::Nothing);
                    }
                    Ok(_) => self.note(begin, key, Self::judged(&conditions, None), Did::Remove),
                    Err(e) => self.note(begin, key, Self::judged(&conditions, Some(&e)), Did::Nothing),
                }
            }
            Step::Copy(from) => {
                let to = 1 - from;
                let copy = Copy {
                    source: Source {
                        bucket: "b".into(),
                        key: KEYS[from].into(),
                        version_id: None,
                        conditions: Conditions::default(),
                    },
                    to: NewObject::of("b", KEYS[to], "1"),
                    replace_headers: false,
                    replace_tags: false,
                    replace_checksum: false,
                    changes: false,
                    asked: Default::default(),
                    account: "1".into(),
                    source_key: None,
                };
                match self.store.copy(copy, &|_, _| Ok(())).await {
                    Ok((written, source)) => {
                        self.note(begin, from, Saw::Is(source.etag), Did::Nothing);
                        self.note(begin, to, Saw::Nothing, Did::Set(written.etag));
                    }
                    Err(Error::NoSuchKey(_) | Error::Deleted { .. }) => {
                        self.note(begin, from, Saw::Absent, Did::Nothing);
                    }
                    Err(other) => panic!("{other}"),
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 0, ..Default::default() })]
    #[test]
    fn what_clients_see_of_a_key_has_one_order(
        clients in prop::collection::vec(prop::collection::vec(step(), 5..25), 2..6),
        versioning in prop::sample::select(vec![Versioning::Off, Versioning::Enabled, Versioning::Suspended]),
    ) {
        let (_dir, store) = super::tests::store();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).build().unwrap();
        let (clock, events) = (Arc::new(AtomicU64::new(0)), Arc::new(Mutex::new(Vec::new())));
        runtime.block_on(async {
            if versioning != Versioning::Off {
                store.set_versioning("b", versioning).await.unwrap();
            }
            let all: Vec<_> = clients.into_iter().enumerate().map(|(name, steps)| {
                let mut one = Recorder {
                    store: store.clone(), name, clock: clock.clone(), events: events.clone(), last: [None, None],
                };
                tokio::spawn(async move {
                    for (n, step) in steps.into_iter().enumerate() {
                        one.step(n, step).await;
                    }
                })
            }).collect();
            for one in all {
                one.await.unwrap();
            }
        });
        let events = events.lock().unwrap();
        for (key, name) in KEYS.into_iter().enumerate() {
            let of_key: Vec<Event> = events.iter().filter(|(k, _)| *k == key).map(|(_, e)| e.clone()).collect();
            prop_assert!(history::has_an_order(of_key.clone()), "{name}: {of_key:#?}");
        }
        prop_assert_eq!(store.check().unwrap(), []);
    }
}
