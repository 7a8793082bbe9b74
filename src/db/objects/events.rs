//! The table `events`: what changed, on its way to who wants to know.

use super::super::{Conn, Error};

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRow {
    pub id: i64,
    /// Milliseconds.
    pub at: i64,
    pub body: String,
    /// Milliseconds: it was set aside until then; 0: it never was.
    pub not_before: i64,
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

/// The oldest events of a destination that are due at `now` (milliseconds), in order.
pub fn oldest(c: &Conn, destination: &str, now: i64, limit: usize) -> Result<Vec<EventRow>, Error> {
    let mut q = c.prepare_cached(
        "SELECT id, at, body, not_before FROM events WHERE destination = ?1 AND not_before <= ?2 ORDER BY id LIMIT ?3",
    )?;
    let rows = q.query_map((destination, now, limit as i64), |r| {
        Ok(EventRow { id: r.get(0)?, at: r.get(1)?, body: r.get(2)?, not_before: r.get(3)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Leave an event alone until then (milliseconds).
pub fn postpone(c: &Conn, id: i64, not_before: i64) -> Result<(), Error> {
    c.prepare_cached("UPDATE events SET not_before = ?2 WHERE id = ?1")?.execute((id, not_before))?;
    Ok(())
}

/// Forget an event.
pub fn delete(c: &Conn, id: i64) -> Result<(), Error> {
    c.prepare_cached("DELETE FROM events WHERE id = ?1")?.execute([id])?;
    Ok(())
}

/// Forget a destination's events.
pub fn delete_all(c: &Conn, destination: &str) -> Result<(), Error> {
    c.prepare_cached("DELETE FROM events WHERE destination = ?1")?.execute([destination])?;
    Ok(())
}

/// The destinations that have events.
pub fn destinations(c: &Conn) -> Result<Vec<String>, Error> {
    let mut q = c.prepare_cached("SELECT DISTINCT destination FROM events ORDER BY destination")?;
    let rows = q.query_map([], |r| r.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
