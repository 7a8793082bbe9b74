//! Server access logs: which buckets log their requests, and the records' way into the bucket that takes them.
//!
//! ```text
//! a request ends -> push (memory) -> spooled each second (rows, durable) -> delivered when the first is old enough (an object) -> rows go
//! ```
//!
//! A request pays for one push and waits for nothing. Like AWS's, the service does its best: a crash loses the records of the
//! last second, and one between an object and the end of its rows delivers these twice. Nothing else is lost: what was
//! spooled survives, and a server that is stopped in order delivers everything before it ends. Where a record goes was decided
//! when its request came. If the target is gone by then, or takes no logs any more, the record is dropped.

mod deliver;
mod line;

pub use deliver::run;
pub use line::Line;

use super::acl::Acl;
use super::bucket::{self, Bucket, Ownership};
use super::error::{Error, Result};
use super::{Store, access};
use crate::db::objects::{access_logs, configs};
use crate::db::{self, Db};
use crate::{clock, id};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, RwLock};
use time::OffsetDateTime;

/// The name of the configuration.
pub const NAME: &str = "logging";

/// Records that wait in memory at most, should the database not keep up.
const MOST_PUSHED: usize = 100_000;

/// Where the records of a bucket go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    pub bucket: String,
    pub prefix: String,
    /// More grants on the logs, as [`Acl::to_text`] writes them; empty: none.
    pub grants: String,
    /// `None`: not said, which is as simple.
    pub format: Option<KeyFormat>,
    /// Account id of the bucket that logs.
    pub source_owner: String,
    /// The same account's canonical user id.
    pub source_canonical_id: String,
    pub source_region: String,
}

/// How the keys of logs are made behind the prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyFormat {
    /// Time and a unique text.
    Simple,
    /// Account, region, bucket and day before that.
    Partitioned(DateSource),
}

/// Which time is in a partitioned key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum DateSource {
    EventTime,
    DeliveryTime,
}

impl Target {
    /// The key of a log of this bucket, whose records begin at `event`.
    fn key(&self, source: &str, event: OffsetDateTime, now: OffsetDateTime) -> String {
        let unique = id::hex(8).to_uppercase();
        let day = |at: OffsetDateTime| (at.year(), u8::from(at.month()), at.day());
        let stamp = |(y, m, d): (i32, u8, u8), (h, min, s): (u8, u8, u8)| {
            format!("{y:04}-{m:02}-{d:02}-{h:02}-{min:02}-{s:02}-{unique}")
        };
        let at = match self.format {
            None | Some(KeyFormat::Simple) => {
                return format!("{}{}", self.prefix, stamp(day(now), now.to_hms()));
            }
            Some(KeyFormat::Partitioned(DateSource::DeliveryTime)) => (day(now), now.to_hms()),
            // The logs of one day say nothing of the hour.
            Some(KeyFormat::Partitioned(DateSource::EventTime)) => (day(event), (0, 0, 0)),
        };
        let ((y, m, d), _) = at;
        let (prefix, owner, region) = (&self.prefix, &self.source_owner, &self.source_region);
        format!("{prefix}{owner}/{region}/{source}/{y:04}/{m:02}/{d:02}/{}", stamp(at.0, at.1))
    }

    /// The names of the account that logs, as a policy of the target's may call it.
    fn account(&self) -> [&str; 2] {
        [&self.source_owner, &self.source_canonical_id]
    }

    fn to_json(&self) -> String {
        serde_json::to_string(self).expect("strings become JSON")
    }

    fn from_json(text: &str) -> Result<Target> {
        serde_json::from_str(text).map_err(|e| Error::Db(db::Error::Damaged(format!("a log's target: {e}"))))
    }
}

/// Whether the target may take this bucket's logs.
fn check(source: &Bucket, target: &Target, found: &Bucket, pays_requester: bool) -> Result<()> {
    let refuse = |message| Err(Error::LogTarget { target: target.bucket.clone(), message });
    if found.owner != source.owner {
        return refuse("The owner for the bucket to be logged and the target bucket must be the same.");
    }
    if found.region != source.region {
        return Err(Error::LogsCrossRegions);
    }
    if found.lock.as_ref().is_some_and(|lock| lock.default.is_some()) {
        return refuse("The target bucket must not have an Object Lock default retention.");
    }
    if pays_requester {
        return refuse("The target bucket must not have Requester Pays enabled.");
    }
    if found.ownership == Some(Ownership::BucketOwnerEnforced) && !target.grants.is_empty() {
        return Err(Error::InvalidRequest(
            "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting".into(),
        ));
    }
    let now = clock::now();
    let key = target.key(&source.name, now, now);
    if !access::takes_logs(found, &target.prefix, &key, &source.name, target.account()) {
        return refuse("You must give the log-delivery group WRITE and READ_ACP permissions to the target bucket");
    }
    Ok(())
}

/// What is in memory of all logs.
#[derive(Default)]
pub struct Logs {
    /// By the bucket that logs.
    targets: RwLock<HashMap<String, Arc<Target>>>,
    pushed: Mutex<Vec<Record>>,
    delivering: tokio::sync::Mutex<()>,
    /// Held while a bucket's target is read again.
    looking: Mutex<()>,
}

/// One record that is on its way.
struct Record {
    bucket: String,
    target: Arc<Target>,
    /// Milliseconds.
    at: i64,
    /// Without its end.
    line: String,
}

impl Logs {
    pub(super) fn open(db: &Db) -> Result<Logs> {
        let rows = db.read(|c| configs::of_all(c, NAME))?;
        let read = |(bucket, text): (String, String)| Ok((bucket, Arc::new(Target::from_json(&text)?)));
        let targets = rows.into_iter().map(read).collect::<Result<_>>()?;
        Ok(Logs { targets: RwLock::new(targets), ..Logs::default() })
    }

    /// Where this bucket's records go, if it logs.
    pub fn target(&self, bucket: &str) -> Option<Arc<Target>> {
        self.targets.read().expect("no panic while held").get(bucket).cloned()
    }

    /// Take the record (one line, without its end) of a request that came then (milliseconds).
    pub fn push(&self, bucket: &str, target: Arc<Target>, at: i64, line: String) {
        let mut pushed = self.pushed.lock().expect("no panic while held");
        if pushed.len() < MOST_PUSHED {
            pushed.push(Record { bucket: bucket.to_owned(), target, at, line });
        }
    }

    fn set(&self, bucket: &str, target: Option<Arc<Target>>) {
        let mut targets = self.targets.write().expect("no panic while held");
        match target {
            Some(target) => targets.insert(bucket.to_owned(), target),
            None => targets.remove(bucket),
        };
    }

    pub(super) fn clear(&self) {
        self.targets.write().expect("no panic while held").clear();
        self.pushed.lock().expect("no panic while held").clear();
    }

    fn take(&self) -> Vec<Record> {
        std::mem::take(&mut *self.pushed.lock().expect("no panic while held"))
    }
}

impl Store {
    /// Where this bucket's records go, as it was configured.
    pub fn log_target(&self, bucket: &str) -> Result<Option<Target>> {
        self.config(bucket, NAME)?.map(|text| Target::from_json(&text)).transpose()
    }

    /// PutBucketLogging; `None`: log no more.
    pub async fn set_log_target(&self, name: &str, target: Option<Target>) -> Result<()> {
        let bucket = name.to_owned();
        self.write(move |c| {
            let source = bucket::get(c, &bucket)?;
            let Some(target) = target else {
                configs::delete(c, &bucket, NAME)?;
                return Ok(());
            };
            let found = match bucket::get(c, &target.bucket) {
                Err(Error::NoSuchBucket(name)) => {
                    return Err(Error::LogTarget {
                        target: name,
                        message: "The target bucket for logging does not exist",
                    });
                }
                other => other?,
            };
            let payer = configs::get(c, &target.bucket, "requestPayment")?;
            check(&source, &target, &found, payer.as_deref() == Some("Requester"))?;
            Ok(configs::put(c, &bucket, NAME, &target.to_json())?)
        })
        .await?;
        self.look_at_log_target(name)
    }

    /// The bucket's target was changed, or the bucket is gone: what is in memory follows the rows. Of two that come at once the
    /// later one sees what both wrote.
    pub(super) fn look_at_log_target(&self, name: &str) -> Result<()> {
        let _alone = self.logs.looking.lock().expect("no panic while held");
        let row = self.db.read(|c| configs::get(c, name, NAME))?;
        self.logs.set(name, row.map(|text| Target::from_json(&text).map(Arc::new)).transpose()?);
        Ok(())
    }

    /// Log what the cloud itself does with a bucket's objects, if the bucket logs.
    pub(super) fn log_own(&self, bucket: &str, lines: &[Line<'_>]) {
        let Some(target) = self.logs.target(bucket) else { return };
        let at = clock::now_ms();
        for line in lines {
            let request_id = id::hex(8).to_uppercase();
            let owner = &target.source_canonical_id;
            let line = Line { owner, bucket, at, requester: Some("AmazonS3"), request_id: &request_id, ..*line };
            self.logs.push(bucket, target.clone(), at, line.text());
        }
    }

    /// Make durable what was pushed; how many records that were.
    pub async fn spool_logs(&self) -> Result<usize> {
        let records = self.logs.take();
        let count = records.len();
        if count == 0 {
            return Ok(0);
        }
        let mut lots: BTreeMap<(String, String), (i64, String)> = BTreeMap::new();
        for record in records {
            let lot = lots.entry((record.bucket, record.target.to_json())).or_insert((record.at, String::new()));
            lot.1.push_str(&record.line);
            lot.1.push('\n');
        }
        self.write(move |c| {
            for ((bucket, target), (at, lines)) in &lots {
                access_logs::insert(c, bucket, target, *at, lines)?;
            }
            Ok(())
        })
        .await?;
        Ok(count)
    }
}

/// The ACL of a log: the target's owner, and whom the configuration names.
fn acl_of(target: &Target, owner: &str) -> Result<Acl> {
    let mut acl = Acl::private(owner);
    let damaged = || Error::Db(db::Error::Damaged("the grants of a log's target".into()));
    acl.grants.extend(Acl::from_text(&target.grants).ok_or_else(damaged)?.grants);
    Ok(acl)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(format: Option<KeyFormat>) -> Target {
        Target {
            bucket: "logs".into(),
            prefix: "p/".into(),
            grants: String::new(),
            format,
            source_owner: "111122223333".into(),
            source_canonical_id: "c1".into(),
            source_region: "eu-west-1".into(),
        }
    }

    #[test]
    fn keys_are_made_as_aws_makes_them() {
        let event = clock::from_ms(1_790_000_000_000);
        let now = clock::from_ms(1_790_100_000_000);
        let key = |format| {
            let key = target(format).key("b", event, now);
            let (head, unique) = key.rsplit_once('-').unwrap();
            assert!(unique.len() == 16 && unique.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()));
            head.to_owned()
        };
        assert_eq!(key(None), "p/2026-09-22-18-00-00");
        assert_eq!(key(Some(KeyFormat::Simple)), key(None));
        assert_eq!(
            key(Some(KeyFormat::Partitioned(DateSource::DeliveryTime))),
            "p/111122223333/eu-west-1/b/2026/09/22/2026-09-22-18-00-00"
        );
        assert_eq!(
            key(Some(KeyFormat::Partitioned(DateSource::EventTime))),
            "p/111122223333/eu-west-1/b/2026/09/21/2026-09-21-00-00-00"
        );
    }

    #[tokio::test]
    async fn a_target_must_be_able_to_take_logs() {
        let (_dir, store) = super::super::tests::store();
        let set = async |name: &str| {
            let wanted = Target { bucket: name.into(), ..target(None) };
            store.set_log_target("b", Some(wanted)).await.map_err(|e| e.to_string())
        };
        assert!(set("logs").await.unwrap_err().contains("does not exist"));
        for (name, owner, region) in
            [("theirs", "2", "us-east-1"), ("far", "1", "eu-west-1"), ("logs", "1", "us-east-1")]
        {
            store.create_bucket(bucket::NewBucket::of(name, owner, region)).await.unwrap();
        }
        assert!(set("theirs").await.unwrap_err().contains("owner"));
        assert!(set("far").await.unwrap_err().contains("location"));
        assert!(set("logs").await.unwrap_err().contains("log-delivery"));
        let acl = Acl::canned(super::super::acl::Canned::LogDeliveryWrite, "1", "1");
        store.set_bucket_acl("logs", acl).await.unwrap();
        set("logs").await.unwrap();
        assert!(store.logs.target("b").is_some());
        store.set_log_target("b", None).await.unwrap();
        assert!(store.logs.target("b").is_none() && store.log_target("b").unwrap().is_none());
    }

    #[tokio::test]
    async fn what_is_spooled_is_delivered_whatever_happens_between() {
        let dir = tempfile::tempdir().unwrap();
        let open = || {
            let db = Db::open(&dir.path().join("db")).unwrap();
            Store::open(db, dir.path()).unwrap()
        };
        let store = open();
        for name in ["src", "logs"] {
            store.create_bucket(bucket::NewBucket::of(name, "1", "us-east-1")).await.unwrap();
        }
        let acl = Acl::canned(super::super::acl::Canned::LogDeliveryWrite, "1", "1");
        store.set_bucket_acl("logs", acl).await.unwrap();
        let own = Target { source_owner: "1".into(), ..target(None) };
        store.set_log_target("src", Some(own)).await.unwrap();
        for n in 0..3 {
            let to = store.logs.target("src").unwrap();
            store.logs.push("src", to, clock::now_ms(), format!("record {n}"));
        }
        assert_eq!(store.spool_logs().await.unwrap(), 3);
        store.db.close();
        drop(store);

        let store = open();
        assert_eq!(store.deliver_logs(i64::MAX).await.unwrap(), 1);
        assert_eq!(store.deliver_logs(i64::MAX).await.unwrap(), 0);
        let page = store.list("logs", &super::super::listing::Query { limit: 9, ..Default::default() }).unwrap();
        assert_eq!(page.objects.len(), 1);
        let mut text = String::new();
        let (_, mut reader) = store.open_object("logs", &page.objects[0].key, "1").unwrap();
        std::io::Read::read_to_string(&mut reader, &mut text).unwrap();
        assert_eq!(text, "record 0\nrecord 1\nrecord 2\n");
    }

    /// A store whose buckets `a` and `z` log into these two, and a record of each.
    async fn spooled(to: [&'static str; 2]) -> (tempfile::TempDir, Arc<Store>) {
        let (dir, store) = super::super::tests::store();
        for (source, name) in ["a", "z"].into_iter().zip(to) {
            for name in [source, name] {
                store.db.write_blocking(|c| bucket::create(c, &bucket::NewBucket::of(name, "1", "us-east-1"))).unwrap();
            }
            let acl = Acl::canned(super::super::acl::Canned::LogDeliveryWrite, "1", "1");
            store.set_bucket_acl(name, acl).await.unwrap();
            let own = Target { bucket: name.into(), source_owner: "1".into(), ..target(None) };
            store.set_log_target(source, Some(own)).await.unwrap();
            store.logs.push(source, store.logs.target(source).unwrap(), clock::now_ms(), "record".into());
        }
        store.spool_logs().await.unwrap();
        (dir, store)
    }

    #[tokio::test]
    async fn a_target_that_cannot_keep_logs_holds_up_no_others() {
        use super::super::encryption::bucket::{Algorithm, Configuration};
        let (_dir, store) = spooled(["broken", "whole"]).await;
        let algorithm = Some(Algorithm::Kms { key: Some("no such key".into()) });
        let configuration = Configuration { algorithm, ..Configuration::default() };
        store.set_bucket_encryption("broken", Some(configuration)).await.unwrap();
        assert_eq!(store.deliver_logs(i64::MAX).await.unwrap(), 1);
        assert!(store.db.read(|c| access_logs::waiting(c, i64::MAX)).unwrap().is_empty(), "nor are its records kept");
    }

    #[tokio::test]
    async fn two_deliveries_at_once_deliver_once() {
        let (_dir, store) = spooled(["one", "two"]).await;
        let (first, second) = tokio::join!(store.deliver_logs(i64::MAX), store.deliver_logs(i64::MAX));
        assert_eq!(first.unwrap() + second.unwrap(), 2);
    }

    #[tokio::test]
    async fn who_makes_the_targets_bucket_anew_gets_no_logs_of_others() {
        let (_dir, store) = spooled(["logs", "taken"]).await;
        store.delete_bucket("taken").await.unwrap();
        let mut theirs = bucket::NewBucket::of("taken", "2", "us-east-1");
        theirs.acl = Acl::canned(super::super::acl::Canned::LogDeliveryWrite, "2", "2");
        store.create_bucket(theirs).await.unwrap();
        assert_eq!(store.deliver_logs(i64::MAX).await.unwrap(), 1);
        let page = store.list("taken", &super::super::listing::Query { limit: 9, ..Default::default() }).unwrap();
        assert!(page.objects.is_empty());
    }

    #[tokio::test]
    async fn a_log_has_no_more_than_memory_takes() {
        let (_dir, store) = spooled(["one", "two"]).await;
        let rows = |bytes| {
            let text = store.logs.target("a").unwrap().to_json();
            store.db.read(|c| access_logs::oldest(c, "a", &text, 9, bytes)).unwrap().len()
        };
        store.logs.push("a", store.logs.target("a").unwrap(), clock::now_ms(), "another".into());
        store.spool_logs().await.unwrap();
        assert_eq!((rows(1), rows(8), rows(100)), (1, 2, 2));
    }
}
