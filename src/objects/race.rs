//! Many clients on few keys: what is promised of concurrent requests.

use super::checksum::{self, DEFAULT, Kind};
use super::condition::Conditions;
use super::encryption::Seal;
use super::error::Error;
use super::multipart::{Chosen, Completion};
use super::object::{Deletion, NewObject};
use super::version::Versioning;
use super::{Store, listing};
use std::io::Read;
use std::sync::Arc;

const CLIENTS: usize = 8;

fn only_if(if_match: Option<String>, if_none_match: Option<&str>) -> Conditions {
    Conditions { if_match, if_none_match: if_none_match.map(str::to_owned), ..Conditions::default() }
}

async fn put(store: &Store, key: &str, body: &str, conditions: Conditions) -> Result<String, Error> {
    let staged = store.stage_blocking(body.as_bytes(), &[DEFAULT], Seal::default())?;
    let new = NewObject { conditions, ..NewObject::of("b", key, "1") };
    Ok(store.put(new, staged).await?.etag)
}

/// The same by a multipart upload of one part.
async fn complete(store: &Store, key: &str, body: &str, conditions: Conditions) -> Result<String, Error> {
    let upload =
        store.create_upload(NewObject::of("b", key, "1"), "1".into(), Kind::FullObject, false, Seal::default()).await?;
    let staged = store.stage_blocking(body.as_bytes(), &[upload.algorithm], Seal::default())?;
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
