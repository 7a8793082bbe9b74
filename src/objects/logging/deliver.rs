//! From spooled records to objects.

use super::{DateSource, KeyFormat, Target, acl_of};
use crate::clock;
use crate::db::objects::access_logs::{self, LogRow};
use crate::objects::bucket::Bucket;
use crate::objects::error::{Error, Result};
use crate::objects::object::NewObject;
use crate::objects::{Store, access};
use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;

/// How long a record is in memory alone.
const SPOOL: Duration = Duration::from_secs(1);
/// Rows that become one object at most.
const ROWS: usize = 2000;
/// Bytes of records that are in memory at once; one row more may be.
const BYTES: usize = 16 * 1024 * 1024;

/// Spool and deliver until the task is dropped; a log has what came within `period` of its first record.
pub async fn run(store: Arc<Store>, period: Duration) {
    let mut tick = tokio::time::interval(SPOOL.min(period));
    let period = period.as_millis() as i64;
    loop {
        tick.tick().await;
        let spooled = store.spool_logs().await;
        let delivered = store.deliver_logs(clock::now_ms() - period).await;
        if let Err(e) = spooled.and(delivered) {
            tracing::error!(error = ?e, "access logs could not be kept or delivered; the next round goes on");
        }
    }
}

impl Store {
    /// Spool and deliver everything; how many logs were made.
    pub async fn flush_logs(&self) -> Result<usize> {
        self.spool_logs().await?;
        self.deliver_logs(i64::MAX).await
    }

    /// Deliver what was spooled of each bucket whose first record is of `until` (milliseconds) or before; how many logs were made.
    pub async fn deliver_logs(&self, until: i64) -> Result<usize> {
        // Two at once would deliver the same rows.
        let _alone = self.logs.delivering.lock().await;
        let (mut made, mut failed) = (0, None);
        for (source, text) in self.db.read(|c| access_logs::waiting(c, until))? {
            // What ails one bucket's logs must not hold up the others'.
            match self.deliver_all(&source, &text).await {
                Ok(logs) => made += logs,
                Err(e) => failed = Some(e),
            }
        }
        failed.map_or(Ok(made), Err)
    }

    /// Deliver what was spooled of a bucket for a target; how many logs were made.
    async fn deliver_all(&self, source: &str, text: &str) -> Result<usize> {
        let target = Target::from_json(text)?;
        let mut made = 0;
        loop {
            let rows = self.db.read(|c| access_logs::oldest(c, source, text, ROWS, BYTES))?;
            let rows = one_log(&target, rows);
            let Some(last) = rows.last().map(|row| row.id) else { return Ok(made) };
            made += usize::from(match self.deliver(source, &target, rows).await {
                Err(e @ (Error::Db(_) | Error::Io(_))) => return Err(e),
                // Its encryption names no key, say, or no key is as long as its prefix.
                Err(e) => {
                    tracing::warn!(bucket = source, target = target.bucket, error = %e, "access logs cannot be kept");
                    false
                }
                Ok(made) => made,
            });
            let (source, text) = (source.to_owned(), text.to_owned());
            self.write(move |c| Ok(access_logs::delete(c, &source, &text, last)?)).await?;
        }
    }

    /// Make one log; false when its target takes none.
    async fn deliver(&self, source: &str, target: &Target, rows: Vec<LogRow>) -> Result<bool> {
        let Some(first) = rows.first() else { return Ok(false) };
        let key = target.key(source, clock::from_ms(first.at), clock::now());
        let takes = |bucket: &Bucket| access::takes_logs(bucket, &target.prefix, &key, source, target.account());
        let bucket = match self.bucket(&target.bucket) {
            // Another account may have a bucket of this name by now.
            Ok(bucket) if bucket.owner == target.source_owner && takes(&bucket) => bucket,
            Ok(_) | Err(Error::NoSuchBucket(_)) => {
                tracing::warn!(bucket = source, target = target.bucket, "the target of access logs takes none");
                return Ok(false);
            }
            Err(e) => return Err(e),
        };
        let mut new = NewObject::of(&bucket.name, &key, &bucket.owner);
        new.acl = acl_of(target, &bucket.owner)?;
        new.headers.content_type = Some("text/plain".into());
        let seal = self.seal_of(&bucket.name, &key, &bucket.owner)?;
        let mut ingest = self.ingest(&[new.checksum], seal);
        for row in rows {
            ingest.push(Bytes::from(row.lines)).await?;
        }
        let staged = ingest.finish().await?;
        match self.put(new, staged).await {
            Ok(_) => Ok(true),
            Err(Error::NoSuchBucket(_)) => Ok(false),
            Err(e) => Err(e),
        }
    }
}

/// The rows that go into one log: of one day, when its key names the day of the requests.
fn one_log(target: &Target, mut rows: Vec<LogRow>) -> Vec<LogRow> {
    if target.format == Some(KeyFormat::Partitioned(DateSource::EventTime)) {
        let day = |row: &LogRow| clock::from_ms(row.at).date();
        if let Some(first) = rows.first().map(day) {
            let same = rows.iter().take_while(|row| day(row) == first).count();
            rows.truncate(same);
        }
    }
    rows
}
