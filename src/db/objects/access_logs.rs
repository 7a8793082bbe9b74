//! The table `access_logs`: records that wait for their delivery.

use super::super::{Conn, Error};

/// What a bucket's requests wrote within a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRow {
    pub id: i64,
    /// Milliseconds.
    pub at: i64,
    /// Records, each with its line's end.
    pub lines: String,
}

/// Keep records.
pub fn insert(c: &Conn, bucket: &str, target: &str, at: i64, lines: &str) -> Result<(), Error> {
    c.prepare_cached("INSERT INTO access_logs (bucket, target, at, lines) VALUES (?1, ?2, ?3, ?4)")?
        .execute((bucket, target, at, lines))?;
    Ok(())
}

/// The pairs of bucket and target whose oldest record is of `until` (milliseconds) or before.
pub fn waiting(c: &Conn, until: i64) -> Result<Vec<(String, String)>, Error> {
    let mut q = c.prepare_cached(
        "SELECT bucket, target FROM access_logs GROUP BY bucket, target HAVING min(at) <= ?1 ORDER BY bucket, target",
    )?;
    let rows = q.query_map([until], |r| Ok((r.get(0)?, r.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The oldest rows of a bucket and a target: up to `limit`, and no more once they have `bytes` of records.
pub fn oldest(c: &Conn, bucket: &str, target: &str, limit: usize, bytes: usize) -> Result<Vec<LogRow>, Error> {
    let mut q = c.prepare_cached(
        "SELECT id, at, lines FROM access_logs WHERE bucket = ?1 AND target = ?2 ORDER BY id LIMIT ?3",
    )?;
    let mut rows = q.query((bucket, target, limit as i64))?;
    let (mut oldest, mut size) = (Vec::new(), 0);
    while size < bytes
        && let Some(r) = rows.next()?
    {
        let row = LogRow { id: r.get(0)?, at: r.get(1)?, lines: r.get(2)? };
        size += row.lines.len();
        oldest.push(row);
    }
    Ok(oldest)
}

/// Forget the rows of a bucket and a target up to this one.
pub fn delete(c: &Conn, bucket: &str, target: &str, last: i64) -> Result<(), Error> {
    c.prepare_cached("DELETE FROM access_logs WHERE bucket = ?1 AND target = ?2 AND id <= ?3")?
        .execute((bucket, target, last))?;
    Ok(())
}
