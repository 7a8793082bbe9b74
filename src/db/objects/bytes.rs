//! The tables `inline_bodies` and `garbage`: bytes, and bodies that nothing refers to any more.

use super::super::{Conn, Error};
use super::{Place, PlaceKind, versions};
use rusqlite::OptionalExtension;

/// Keep small bytes in the database under this fresh number.
pub fn insert_inline(c: &Conn, id: i64, data: &[u8]) -> Result<(), Error> {
    c.prepare_cached("INSERT INTO inline_bodies (id, data) VALUES (?1, ?2)")?.execute((id, data))?;
    Ok(())
}

/// The small bytes of this number.
pub fn inline(c: &Conn, id: i64) -> Result<Option<Vec<u8>>, Error> {
    Ok(c.prepare_cached("SELECT data FROM inline_bodies WHERE id = ?1")?.query_row([id], |r| r.get(0)).optional()?)
}

/// Visit the number and the size (bytes) of every small body. For `check`.
pub fn each_inline(c: &Conn, visit: &mut dyn FnMut(i64, i64)) -> Result<(), Error> {
    let mut q = c.prepare_cached("SELECT id, length(data) FROM inline_bodies ORDER BY id")?;
    let mut rows = q.query([])?;
    while let Some(r) = rows.next()? {
        visit(r.get(0)?, r.get(1)?);
    }
    Ok(())
}

/// Give an inline body's bytes a second home under a fresh number.
pub fn copy_inline(c: &Conn, from: i64, to: i64) -> Result<(), Error> {
    c.prepare_cached("INSERT INTO inline_bodies (id, data) SELECT ?2, data FROM inline_bodies WHERE id = ?1")?
        .execute((from, to))?;
    Ok(())
}

/// The row that had these bytes is gone: remove them, or leave them to the janitor unless another row refers to them.
/// True when the janitor has something to do.
pub fn release(c: &Conn, place: &Place) -> Result<bool, Error> {
    let (kind, body) = place.columns();
    match place {
        Place::Empty => Ok(false),
        Place::Inline(id) => {
            c.prepare_cached("DELETE FROM inline_bodies WHERE id = ?1")?.execute([id])?;
            Ok(false)
        }
        Place::File(_) | Place::Parts(_) => {
            if versions::refers(c, kind, &body)? {
                return Ok(false);
            }
            c.prepare_cached("INSERT INTO garbage (body, place) VALUES (?1, ?2) ON CONFLICT (body) DO NOTHING")?
                .execute((body, kind))?;
            Ok(true)
        }
    }
}

/// Up to `limit` bodies to take away, after `after` in the order of their names.
pub fn garbage(c: &Conn, after: &str, limit: usize) -> Result<Vec<(String, PlaceKind)>, Error> {
    let mut q = c.prepare_cached("SELECT body, place FROM garbage WHERE body > ?1 ORDER BY body LIMIT ?2")?;
    let rows = q.query_map((after, limit as i64), |r| Ok((r.get(0)?, r.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Their bytes are gone: forget these bodies, and the parts of those that were uploads.
pub fn forget_garbage(c: &Conn, bodies: &[String]) -> Result<(), Error> {
    for body in bodies {
        c.prepare_cached(
            "DELETE FROM inline_bodies WHERE id IN
             (SELECT CAST(body AS INTEGER) FROM parts WHERE upload = ?1 AND place = 'inline')",
        )?
        .execute([body])?;
        c.prepare_cached("DELETE FROM parts WHERE upload = ?1")?.execute([body])?;
        c.prepare_cached("DELETE FROM garbage WHERE body = ?1")?.execute([body])?;
    }
    Ok(())
}

/// Whether the janitor already has this body.
pub fn is_garbage(c: &Conn, body: &str) -> Result<bool, Error> {
    Ok(c.prepare_cached("SELECT EXISTS (SELECT 1 FROM garbage WHERE body = ?1)")?.query_row([body], |r| r.get(0))?)
}
