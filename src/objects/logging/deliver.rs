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
        let mut made = 0;
        for (source, text) in self.db.read(|c| access_logs::waiting(c, until))? {
            let target = Target::from_json(&text)?;
            loop {
                let rows = self.db.read(|c| access_logs::oldest(c, &source, &text, ROWS))?;
                let rows = one_log(&target, rows);
                let Some(last) = rows.last().map(|row| row.id) else { break };
                made += usize::from(self.deliver(&source, &target, rows).await?);
                let (source, text) = (source.clone(), text.clone());
                self.write(move |c| Ok(access_logs::delete(c, &source, &text, last)?)).await?;
            }
        }
        Ok(made)
    }

    /// Make one log; false when its target takes none.
    async fn deliver(&self, source: &str, target: &Target, rows: Vec<LogRow>) -> Result<bool> {
        let Some(first) = rows.first() else { return Ok(false) };
        let key = target.key(source, clock::from_ms(first.at), clock::now());
        let takes = |bucket: &Bucket| access::takes_logs(bucket, &target.prefix, &key, source, target.account());
        let bucket = match self.bucket(&target.bucket) {
            Ok(bucket) if takes(&bucket) => bucket,
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
