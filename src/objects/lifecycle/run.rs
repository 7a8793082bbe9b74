//! The loop that does what is due.

use super::plan::{Action, Planner};
use super::{Calendar, Configuration};
use crate::clock;
use crate::db::Conn;
use crate::db::objects::versions::{self, AgedRow};
use crate::db::objects::{Place, buckets, bytes as db_bytes, uploads};
use crate::objects::Store;
use crate::objects::bucket::{self, Bucket};
use crate::objects::error::{Error, Result};
use crate::objects::info::ObjectInfo;
use crate::objects::logging::Line;
use crate::objects::notification::{self, Event};
use crate::objects::object::{self, Deletion};
use crate::objects::versioning::Versioning;
use std::sync::Arc;
use std::time::Duration;

/// Rows that are read at once.
const PAGE: usize = 1000;
/// Actions that share a transaction.
const BATCH: usize = 100;

/// Run until the task is dropped. `short_day` stands for a day in tests.
pub async fn run(store: Arc<Store>, short_day: Option<Duration>) {
    let calendar = Calendar::new(short_day);
    loop {
        let this = store.clone();
        match tokio::task::spawn_blocking(move || this.live_on(calendar, clock::now_ms())).await {
            Ok(Ok(0)) => {}
            Ok(Ok(done)) => tracing::info!(done, "lifecycle rules were carried out"),
            Ok(Err(e)) => tracing::error!(error = ?e, "lifecycle could not finish a pass; the next one goes on"),
            Err(e) => tracing::error!(error = %e, "a pass of lifecycle failed"),
        }
        tokio::time::sleep(calendar.period()).await;
    }
}

impl Store {
    /// Do what is due in every bucket at this time (milliseconds); returns how much that was. Blocks.
    pub fn live_on(&self, calendar: Calendar, now: i64) -> Result<usize> {
        let mut done = 0;
        for (name, text) in self.db.read(buckets::with_lifecycle)? {
            let Some(configuration) = Configuration::from_column(&text)? else { continue };
            done += self.pass(&name, &configuration, calendar, now)?;
            done += self.abort_old_uploads(&name, &configuration, calendar, now)?;
        }
        Ok(done)
    }

    fn pass(&self, bucket: &str, configuration: &Configuration, calendar: Calendar, now: i64) -> Result<usize> {
        let enabled = configuration.rules.iter().filter(|r| r.enabled).map(|r| r.scope.prefix());
        let Some(prefix) = enabled.reduce(shared_prefix) else { return Ok(0) };
        let mut planner = Planner::new(configuration, calendar, now);
        let mut from = (prefix.to_owned(), i64::MIN);
        let mut due = Vec::new();
        let mut done = 0;
        loop {
            let rows = self.db.read(|c| versions::aged(c, bucket, &from, PAGE))?;
            let whole = rows.len() < PAGE;
            let mut ended = whole;
            for row in rows {
                from = (row.key.clone(), row.rank);
                if !row.key.starts_with(prefix) {
                    ended = true;
                    break;
                }
                due.extend(planner.next(Some(row))?);
            }
            if ended {
                due.extend(planner.next(None)?);
            }
            while due.len() >= BATCH || ended && !due.is_empty() {
                let batch = due.split_off(due.len().saturating_sub(BATCH));
                done += self.carry_out(bucket, batch)?;
            }
            if ended {
                return Ok(done);
            }
        }
    }

    fn carry_out(&self, bucket: &str, batch: Vec<Action>) -> Result<usize> {
        let name = bucket.to_owned();
        let (done, garbage) = self.db.write_blocking(move |c| {
            let bucket = match bucket::get(c, &name) {
                Err(Error::NoSuchBucket(_)) => return Ok((Vec::new(), false)),
                found => found?,
            };
            let (mut done, mut garbage) = (Vec::new(), false);
            for action in batch {
                done.extend(act(c, &bucket, &action, &mut garbage)?);
            }
            Ok::<_, Error>((done, garbage))
        })?;
        if garbage {
            self.pins.janitor.notify_one();
        }
        self.log_own(bucket, &done.iter().map(Done::line).collect::<Vec<_>>());
        Ok(done.len())
    }

    fn abort_old_uploads(&self, bucket: &str, rules: &Configuration, calendar: Calendar, now: i64) -> Result<usize> {
        let rules: Vec<(&str, u32)> =
            rules.rules.iter().filter(|r| r.enabled).filter_map(|r| Some((r.scope.prefix(), r.abort_days?))).collect();
        let (mut done, mut at) = (0, (String::new(), Some(String::new())));
        while !rules.is_empty() {
            let page = self.db.read(|c| uploads::after(c, bucket, &at.0, at.1.as_deref(), PAGE))?;
            let Some(last) = page.last() else { break };
            at = (last.key.clone(), Some(last.id.clone()));
            for upload in page {
                let old = |(prefix, days): &(&str, u32)| {
                    upload.key.starts_with(prefix) && calendar.due(upload.initiated_at, *days) <= now
                };
                if !rules.iter().any(old) {
                    continue;
                }
                let id = upload.id;
                let garbage = self.db.write_blocking(move |c| {
                    if uploads::get(c, &id)?.is_none() {
                        return Ok(None);
                    }
                    uploads::delete(c, &id)?;
                    Ok::<_, Error>(Some(db_bytes::release(c, &Place::Parts(id))?))
                })?;
                if let Some(garbage) = garbage {
                    done += 1;
                    self.log_own(
                        bucket,
                        &[Line { operation: "S3.DELETE.UPLOAD", key: &upload.key, ..Line::default() }],
                    );
                    if garbage {
                        self.pins.janitor.notify_one();
                    }
                }
            }
        }
        Ok(done)
    }
}

fn shared_prefix<'p>(a: &'p str, b: &'p str) -> &'p str {
    let same = a.char_indices().zip(b.chars()).take_while(|((_, x), y)| x == y);
    same.last().map_or("", |((at, c), _)| &a[..at + c.len_utf8()])
}

/// Something that was done, as access logs tell it.
struct Done {
    operation: &'static str,
    key: String,
    /// Bytes.
    size: String,
    version_id: Option<String>,
}

impl Done {
    fn line(&self) -> Line<'_> {
        let (size, version_id) = (Some(self.size.as_str()), self.version_id.as_deref());
        Line { operation: self.operation, key: &self.key, size, version_id, ..Line::default() }
    }
}

/// What access logs call a transition to this class.
///
/// Source: S3 User Guide, "Lifecycle and logging".
fn transition_to(class: &str) -> &'static str {
    match class {
        "STANDARD_IA" => "S3.TRANSITION_SIA.OBJECT",
        "ONEZONE_IA" => "S3.TRANSITION_ZIA.OBJECT",
        "INTELLIGENT_TIERING" => "S3.TRANSITION_INT.OBJECT",
        "GLACIER_IR" => "S3.TRANSITION_GIR.OBJECT",
        "DEEP_ARCHIVE" => "S3.TRANSITION_GDA.OBJECT",
        _ => "S3.TRANSITION.OBJECT",
    }
}

/// Do one thing, if what was planned for is still there; nothing when it is not, or is protected.
fn act(c: &Conn, bucket: &Bucket, action: &Action, garbage: &mut bool) -> Result<Option<Done>> {
    let name = bucket.name.as_str();
    let current = |key: &str| -> Result<Option<i64>> { Ok(versions::current(c, name, key)?.map(|row| row.rank)) };
    let done = |operation, key: &str, size: i64, version_id: Option<String>| {
        let version_id = version_id.filter(|_| bucket.versioning != Versioning::Off);
        Some(Done { operation, key: key.to_owned(), size: size.to_string(), version_id })
    };
    let remove = |key: &str, rank: i64, garbage: &mut bool| -> Result<Option<Done>> {
        let Some(row) = versions::at(c, name, key, rank)? else { return Ok(None) };
        let one = Deletion { version_id: Some(row.version_id.clone()), expires: true, ..Deletion::of(key) };
        match object::delete(c, bucket, &one, garbage) {
            Ok(_) => Ok(done("S3.EXPIRE.OBJECT", key, row.size, Some(row.version_id))),
            Err(Error::Locked) => Ok(None),
            Err(e) => Err(e),
        }
    };
    match action {
        Action::Expire { key, rank } => {
            let Some(row) = versions::current(c, name, key)?.filter(|row| row.rank == *rank) else { return Ok(None) };
            let deleted = object::delete(c, bucket, &Deletion { expires: true, ..Deletion::of(key) }, garbage)?;
            let operation = if deleted.marker { "S3.CREATE.DELETEMARKER" } else { "S3.EXPIRE.OBJECT" };
            Ok(done(operation, key, row.size, deleted.version_id))
        }
        Action::Remove { key, rank } => {
            if current(key)? == Some(*rank) {
                return Ok(None);
            }
            remove(key, *rank, garbage)
        }
        Action::RemoveMarker { key, rank } => {
            let all: Vec<AgedRow> = versions::aged(c, name, &(key.clone(), i64::MIN), 2)?;
            let mine: Vec<&AgedRow> = all.iter().filter(|row| row.key == *key).collect();
            if mine.len() != 1 || mine[0].rank != *rank {
                return Ok(None);
            }
            remove(key, *rank, garbage)
        }
        Action::Transition { key, rank, class } => {
            if !versions::set_storage_class(c, name, key, *rank, class)? {
                return Ok(None);
            }
            let Some(row) = versions::at(c, name, key, *rank)? else { return Ok(None) };
            let (size, version_id) = (row.size, row.version_id.clone());
            notification::emit(c, bucket, Event::Transition, ObjectInfo::read(row)?.changed(), None)?;
            Ok(done(transition_to(class), key, size, Some(version_id)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Expiration, Filter, Noncurrent, Rule, Scope, When};
    use super::*;
    use crate::objects::checksum::Kind;
    use crate::objects::encryption::Seal;
    use crate::objects::lock::Lock;
    use crate::objects::object::NewObject;

    const LATER: i64 = 10_000;

    fn calendar() -> Calendar {
        Calendar::new(Some(Duration::from_secs(1)))
    }

    fn rule(prefix: &str) -> Rule {
        Rule {
            id: prefix.into(),
            enabled: true,
            scope: Scope::Filter(Filter { prefix: Some(prefix.into()), ..Filter::default() }),
            expiration: Some(Expiration::At(When::Days(1))),
            transitions: Vec::new(),
            noncurrent_expiration: None,
            noncurrent_transitions: Vec::new(),
            abort_days: None,
        }
    }

    #[tokio::test]
    async fn objects_and_uploads_of_a_rule_go_when_their_days_are_over() {
        let (_dir, store) = super::super::super::tests::store();
        for key in ["a/1", "a/2", "b/1"] {
            store.put_bytes("b", key, "1", &vec![0u8; 50_000][..]).unwrap();
            store
                .create_upload(NewObject::of("b", key, "1"), "1".into(), Kind::FullObject, false, Seal::default())
                .await
                .unwrap();
        }
        let rules = vec![Rule { abort_days: Some(1), ..rule("a/") }];
        store.set_lifecycle("b", Some(Configuration { rules, ..Configuration::default() })).await.unwrap();
        let now = clock::now_ms();
        assert_eq!(store.live_on(calendar(), now - LATER).unwrap(), 0);
        assert_eq!(store.live_on(calendar(), now + LATER).unwrap(), 4);
        assert_eq!(store.live_on(calendar(), now + LATER).unwrap(), 0, "a second pass has nothing to do");
        let left = store.list("b", &crate::objects::listing::Query { limit: 10, ..Default::default() }).unwrap();
        assert_eq!(left.objects.iter().map(|o| o.key.as_str()).collect::<Vec<_>>(), ["b/1"]);
        crate::objects::janitor::collect(&store).unwrap();
        assert_eq!(store.check().unwrap(), []);
    }

    #[tokio::test]
    async fn with_versioning_objects_are_hidden_first_and_removed_later() {
        let (_dir, store) = super::super::super::tests::store();
        store.set_versioning("b", Versioning::Enabled).await.unwrap();
        store.put_bytes("b", "k", "1", &b"1"[..]).unwrap();
        let rules = vec![Rule { noncurrent_expiration: Some(Noncurrent { days: 1, keep: None }), ..rule("") }];
        store.set_lifecycle("b", Some(Configuration { rules, ..Configuration::default() })).await.unwrap();
        let now = clock::now_ms();
        assert_eq!(store.live_on(calendar(), now + LATER).unwrap(), 1);
        assert!(matches!(store.head("b", "k"), Err(Error::Deleted { .. })));
        assert_eq!(store.live_on(calendar(), now + LATER).unwrap(), 1, "the version behind the marker");
        assert_eq!(store.live_on(calendar(), now + LATER).unwrap(), 1, "the marker alone");
        assert!(matches!(store.head("b", "k"), Err(Error::NoSuchKey(_))));
    }

    #[tokio::test]
    async fn what_is_locked_stays() {
        let (_dir, store) = super::super::super::tests::store();
        store.set_versioning("b", Versioning::Enabled).await.unwrap();
        store.set_bucket_lock("b", Default::default()).await.unwrap();
        let staged = store.stage_blocking(&b"1"[..], &[crate::objects::checksum::DEFAULT], Seal::default()).unwrap();
        let held = NewObject { lock: Lock { hold: Some(true), retention: None }, ..NewObject::of("b", "k", "1") };
        store.put(held, staged).await.unwrap();
        store.delete_object("b", "k", Default::default()).await.unwrap();
        let rules = vec![Rule {
            noncurrent_expiration: Some(Noncurrent { days: 1, keep: None }),
            expiration: None,
            ..rule("")
        }];
        store.set_lifecycle("b", Some(Configuration { rules, ..Configuration::default() })).await.unwrap();
        assert_eq!(store.live_on(calendar(), clock::now_ms() + LATER).unwrap(), 0);
    }

    #[test]
    fn a_walk_begins_where_the_rules_do() {
        assert_eq!(shared_prefix("logs/a", "logs/b"), "logs/");
        assert_eq!(shared_prefix("é1", "é1x"), "é1");
        assert_eq!(shared_prefix("a", "b"), "");
    }
}
