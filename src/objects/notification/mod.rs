//! Event notifications: which changes of a bucket are told, and to whom.
//!
//! ```text
//! a change -> the bucket's rules that fit -> a row each, in the change's own transaction -> delivered in order -> the row goes
//! ```
//!
//! So an event is there if and only if its change is, and a crash loses none. Each is delivered at least once, and those of a
//! destination one after the other in the order of their changes, but for what was refused and set aside; `sequencer` rises with
//! them. A bucket without rules pays for the
//! look at an empty column of the row that every write reads anyway.

mod event;
mod rules;

pub use event::{Cause, Event};
pub use rules::{Configuration, EVENT_BRIDGE, Kind, MAX_FILTER, NAMES, Overlap, Rule};

use super::bucket::{self, Bucket};
use super::error::Result;
use super::{Store, versioning::Versioning};
use crate::clock;
use crate::db::Conn;
use crate::db::objects::{buckets, events, next_number};

/// The object that an event tells of.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::objects) struct Changed<'o> {
    pub key: &'o str,
    /// Bytes; `None` where there are none any more.
    pub size: Option<i64>,
    pub etag: Option<&'o str>,
    pub version_id: Option<&'o str>,
    /// The number of the write, if it had one.
    pub number: Option<i64>,
}

/// Tell of a change, in its transaction.
pub(in crate::objects) fn emit(
    c: &Conn,
    bucket: &Bucket,
    event: Event,
    changed: Changed<'_>,
    cause: Option<&Cause>,
) -> Result<()> {
    if bucket.notification.is_empty() {
        return Ok(());
    }
    let configuration = Configuration::from_column(&bucket.notification)?;
    let mut fitting = configuration.rules.iter().filter(|rule| rule.fits(event, changed.key)).peekable();
    if fitting.peek().is_none() {
        return Ok(());
    }
    let number = match changed.number {
        Some(number) => number,
        None => next_number(c)?,
    };
    let named = changed.version_id.filter(|_| bucket.versioning == Versioning::Enabled);
    let changed = Changed { version_id: named, number: Some(number), ..changed };
    let (now, unknown) = (clock::now(), Cause::default());
    let cause = cause.unwrap_or(&unknown);
    for rule in fitting {
        let body = match rule.kind {
            Kind::Queue | Kind::Topic | Kind::Lambda => event::record(bucket, &rule.id, event, &changed, cause, now),
            Kind::EventBridge => event::bridged(bucket, event, &changed, cause, now),
        };
        events::insert(c, &rule.arn, clock::to_ms(now), &body)?;
    }
    Ok(())
}

/// An event that waits for its delivery.
pub use crate::db::objects::events::EventRow as Waiting;

impl Store {
    /// PutBucketNotificationConfiguration. Queues and topics get a test event when `test` has the request's ids.
    pub async fn set_notification(&self, name: &str, rules: Configuration, test: Option<Cause>) -> Result<()> {
        let name = name.to_owned();
        self.write(move |c| {
            bucket::get(c, &name)?;
            buckets::set_notification(c, &name, &rules.to_column())?;
            let now = clock::now();
            for rule in rules.rules.iter().filter(|rule| [Kind::Queue, Kind::Topic].contains(&rule.kind)) {
                if let Some(cause) = &test {
                    events::insert(c, &rule.arn, clock::to_ms(now), &event::test(&name, cause, now))?;
                }
            }
            Ok(())
        })
        .await
    }

    /// The oldest events of a destination that are due, in order.
    pub fn events(&self, destination: &str, limit: usize) -> Result<Vec<Waiting>> {
        self.db.read(|c| Ok(events::oldest(c, destination, clock::now_ms(), limit)?))
    }

    /// These events are delivered, or given up.
    pub async fn forget_events(&self, ids: Vec<i64>) -> Result<()> {
        self.write(move |c| Ok(ids.iter().try_for_each(|id| events::delete(c, *id))?)).await
    }

    /// Leave an event alone until then (milliseconds); those behind it go on.
    pub async fn postpone_event(&self, id: i64, not_before: i64) -> Result<()> {
        self.write(move |c| Ok(events::postpone(c, id, not_before)?)).await
    }

    /// Nobody takes this destination's events any more.
    pub async fn drop_events(&self, destination: &str) -> Result<()> {
        let destination = destination.to_owned();
        self.write(move |c| Ok(events::delete_all(c, &destination)?)).await
    }

    /// The destinations for which events wait.
    pub fn event_destinations(&self) -> Result<Vec<String>> {
        self.db.read(|c| Ok(events::destinations(c)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objects::copy::{Copy, Source};
    use crate::objects::object::{Deletion, NewObject};
    use crate::objects::tags::Tags;

    fn all(events: &[&str]) -> Configuration {
        let events = events.iter().map(|e| (*e).to_owned()).collect();
        Configuration {
            rules: vec![Rule {
                id: "all".into(),
                kind: Kind::Queue,
                arn: "q".into(),
                events,
                prefix: None,
                suffix: None,
            }],
        }
    }

    fn told(store: &Store) -> Vec<(String, String, serde_json::Value)> {
        let rows = store.events("q", 100).unwrap();
        let record =
            |row: &Waiting| serde_json::from_str::<serde_json::Value>(&row.body).unwrap()["Records"][0].clone();
        let text = |v: &serde_json::Value| v.as_str().unwrap().to_owned();
        rows.iter()
            .map(record)
            .map(|r| (text(&r["eventName"]), text(&r["s3"]["object"]["key"]), r["s3"]["object"].clone()))
            .collect()
    }

    #[tokio::test]
    async fn every_change_is_told_in_order_with_a_rising_sequencer() {
        let (_dir, store) = super::super::tests::store();
        store.put_bytes("b", "before", "1", &b"x"[..]).unwrap();
        let everything = ["s3:ObjectCreated:*", "s3:ObjectRemoved:*", "s3:ObjectTagging:*", "s3:ObjectAcl:Put"];
        store.set_notification("b", all(&everything), None).await.unwrap();
        store.put_bytes("b", "a b/é", "1", &b"12345"[..]).unwrap();
        let source =
            Source { bucket: "b".into(), key: "a b/é".into(), version_id: None, conditions: Default::default() };
        let copy = Copy {
            source,
            to: NewObject::of("b", "copy", "1"),
            replace_headers: false,
            replace_tags: false,
            replace_checksum: false,
            changes: false,
            asked: Default::default(),
            account: "1".into(),
            source_key: None,
        };
        let copy = Copy { to: NewObject { cause: Some(Box::new(Cause::of(Event::Copy))), ..copy.to.clone() }, ..copy };
        store.copy(copy, &|_, _| Ok(())).await.unwrap();
        store.set_tags("b", "copy", None, Tags::default(), Cause::of(Event::TaggingDelete)).await.unwrap();
        store.delete_object("b", "copy", Default::default()).await.unwrap();
        store.delete_object("b", "nothing", Default::default()).await.unwrap();
        store.set_versioning("b", Versioning::Enabled).await.unwrap();
        let marker = store.delete("b", Deletion::of("a b/é")).await.unwrap();

        let told = told(&store);
        let names: Vec<_> = told.iter().map(|(name, key, _)| (name.as_str(), key.as_str())).collect();
        assert_eq!(
            names,
            [
                ("ObjectCreated:Put", "a+b/%C3%A9"),
                ("ObjectCreated:Copy", "copy"),
                ("ObjectTagging:Delete", "copy"),
                ("ObjectRemoved:Delete", "copy"),
                ("ObjectRemoved:DeleteMarkerCreated", "a+b/%C3%A9"),
            ]
        );
        assert_eq!(told[0].2["size"], 5);
        assert_eq!(told[4].2["versionId"].as_str(), marker.version_id.as_deref());
        assert!(told[3].2.get("size").is_none() && told[0].2.get("versionId").is_none());
        let sequence: Vec<_> = told.iter().map(|(_, _, o)| o["sequencer"].as_str().unwrap()).collect();
        assert!(sequence.is_sorted_by(|a, b| a < b), "{sequence:?}");
    }

    #[tokio::test]
    async fn what_the_cloud_itself_stores_is_told_as_its_accounts() {
        let (_dir, store) = super::super::tests::store();
        store.set_notification("b", all(&["s3:ObjectCreated:*"]), None).await.unwrap();
        store.deposit("b", "export", "1", Default::default(), &b"disk"[..]).unwrap();
        let rows = store.events("q", 9).unwrap();
        assert!(rows.len() == 1 && rows[0].body.contains("\"AWS:1\""), "{}", rows[0].body);
    }

    #[tokio::test]
    async fn a_change_that_fails_is_not_told() {
        let (_dir, store) = super::super::tests::store();
        store.set_notification("b", all(&["s3:ObjectCreated:*"]), None).await.unwrap();
        let staged = store.stage_blocking(&b"1"[..], &[crate::objects::checksum::DEFAULT], Default::default()).unwrap();
        let mut new = NewObject::of("b", "k", "1");
        new.conditions.if_match = Some("x".into());
        assert!(store.put(new, staged).await.is_err());
        assert!(store.events("q", 9).unwrap().is_empty());
        store.put_bytes("b", "k", "1", &b"x"[..]).unwrap();
        let last = store.events("q", 9).unwrap()[0].id;
        assert_eq!(store.event_destinations().unwrap(), ["q"]);
        store.postpone_event(last, i64::MAX).await.unwrap();
        assert!(store.events("q", 9).unwrap().is_empty(), "it is set aside");
        assert_eq!(store.event_destinations().unwrap(), ["q"]);
        store.forget_events(vec![last]).await.unwrap();
        assert!(store.event_destinations().unwrap().is_empty());
    }
}
