//! The table `events`: what changed, on its way to who wants to know.

use super::super::{Conn, Error};

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRow {
    pub id: i64,
    /// Milliseconds.
    pub at: i64,
    pub body: String,
}

/// Add an event behind all others.
pub fn insert(c: &Conn, destination: &str, at: i64, body: &str) -> Result<(), Error> {
    c.prepare_cached("INSERT INTO events (destination, at, body) VALUES (?1, ?2, ?3)")?.execute((
        destination,
        at,
        body,
    ))?;
    Ok(())
}

/// The oldest events of a destination, in order.
pub fn oldest(c: &Conn, destination: &str, limit: usize) -> Result<Vec<EventRow>, Error> {
    let mut q = c.prepare_cached("SELECT id, at, body FROM events WHERE destination = ?1 ORDER BY id LIMIT ?2")?;
    let rows =
        q.query_map((destination, limit as i64), |r| Ok(EventRow { id: r.get(0)?, at: r.get(1)?, body: r.get(2)? }))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Forget a destination's events up to this one.
pub fn delete(c: &Conn, destination: &str, last: i64) -> Result<(), Error> {
    c.prepare_cached("DELETE FROM events WHERE destination = ?1 AND id <= ?2")?.execute((destination, last))?;
    Ok(())
}

/// The destinations that have events.
pub fn destinations(c: &Conn) -> Result<Vec<String>, Error> {
    let mut q = c.prepare_cached("SELECT DISTINCT destination FROM events ORDER BY destination")?;
    let rows = q.query_map([], |r| r.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
