//! Images whose bytes have still to come: from where, and how far that is.

use super::{COLUMNS, File, Image, Reason, image};
use crate::db::tags::Tag;
use crate::db::{Conn, Error};
use serde::{Deserialize, Serialize};

/// Where the bytes of a pending image come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A bundle's manifest (XML), as it was when the image was registered.
    Bundle(String),
    /// Another image, by its id.
    Image(String),
    /// An object that an image was stored in; the SHA-256 of its bytes.
    Object { bucket: String, key: String, digest: String },
    /// The root disk of an instance, and snapshots of its volumes.
    Instance {
        id: String,
        /// A running guest is shut down for it and started again; otherwise it is only halted for a moment.
        reboot: bool,
        #[serde(default)]
        snapshot_tags: Vec<Tag>,
    },
}

/// An image whose bytes have to be fetched.
#[derive(Debug, Clone)]
pub struct Work {
    pub image: Image,
    pub origin: Origin,
    /// Tries before this one.
    pub attempt: u32,
    /// Not before this time, in milliseconds.
    pub not_before: i64,
}

/// What the columns `manifest`, `origin` and `capture_of` say of an origin.
type Columns = (Option<String>, Option<String>, Option<String>);

pub(super) fn columns(origin: Option<&Origin>) -> Result<Columns, Error> {
    let Some(origin) = origin else { return Ok((None, None, None)) };
    let json = || serde_json::to_string(origin).map_err(|e| Error::Damaged(e.to_string()));
    Ok(match origin {
        Origin::Bundle(manifest) => (Some(manifest.clone()), None, None),
        Origin::Image(_) | Origin::Object { .. } => (None, Some(json()?), None),
        Origin::Instance { id, .. } => (None, Some(json()?), Some(id.clone())),
    })
}

/// Every image whose bytes can be fetched, the longest waiting first. Those that still wait for an instance's disk are
/// not among them.
pub fn pending(c: &Conn) -> Result<Vec<Work>, Error> {
    select(c, "capture_of IS NULL", None)
}

/// The images that wait for a copy of this instance's disk.
pub fn captures_of(c: &Conn, instance: &str) -> Result<Vec<Work>, Error> {
    select(c, "capture_of = ?1", Some(instance))
}

fn select(c: &Conn, which: &str, value: Option<&str>) -> Result<Vec<Work>, Error> {
    let mut q = c.prepare_cached(&format!(
        "SELECT {COLUMNS}, manifest, origin, attempt, not_before FROM images WHERE state = 'pending' AND {which}
         ORDER BY created_at, id"
    ))?;
    let rows = q.query_map(rusqlite::params_from_iter(value), |r| {
        let (manifest, origin): (Option<String>, Option<String>) = (r.get("manifest")?, r.get("origin")?);
        Ok((image(r), manifest, origin, r.get("attempt")?, r.get("not_before")?))
    })?;
    let mut work = Vec::new();
    for row in rows {
        let (image, manifest, origin, attempt, not_before) = row?;
        let image = image?;
        let origin = match (manifest, origin) {
            (Some(manifest), _) => Origin::Bundle(manifest),
            (None, Some(json)) => serde_json::from_str(&json)
                .map_err(|e| Error::Damaged(format!("{}: where it comes from: {e}", image.id)))?,
            (None, None) => return Err(Error::Damaged(format!("{}: it comes from nowhere", image.id))),
        };
        work.push(Work { image, origin, attempt, not_before });
    }
    Ok(work)
}

/// Whether the image is still to become available.
pub fn waiting(c: &Conn, id: &str) -> Result<bool, Error> {
    let mut q = c.prepare_cached("SELECT 1 FROM images WHERE id = ?1 AND state = 'pending'")?;
    Ok(q.exists([id])?)
}

/// The instance's disk is copied: the rest needs the instance no more, and comes from `origin` (not an instance's disk that
/// has still to be copied). `false` if the image does not wait any more.
pub fn captured(c: &Conn, id: &str, origin: &Origin) -> Result<bool, Error> {
    let (_, origin, _) = columns(Some(origin))?;
    let changed = c
        .prepare_cached(
            "UPDATE images SET capture_of = NULL, origin = ?2, attempt = 0, not_before = 0
             WHERE id = ?1 AND state = 'pending'",
        )?
        .execute((id, origin))?;
    Ok(changed == 1)
}

/// Make a pending image available; `false` if it is not pending any more.
pub fn set_available(c: &Conn, id: &str, f: &File) -> Result<bool, Error> {
    let changed = c
        .prepare_cached(
            "UPDATE images SET state = 'available', format = ?2, size = ?3, virtual_size = ?4, digest = ?5,
               manifest = NULL, origin = NULL, capture_of = NULL
             WHERE id = ?1 AND state = 'pending'",
        )?
        .execute((id, &f.format, f.size as i64, f.virtual_size as i64, &f.digest))?;
    Ok(changed == 1)
}

/// The snapshots of a pending image without a file are begun: it waits for nothing else. `false` if it does not wait any more.
pub fn set_begun(c: &Conn, id: &str) -> Result<bool, Error> {
    let changed = c
        .prepare_cached(
            "UPDATE images SET state = 'available', origin = NULL, capture_of = NULL
             WHERE id = ?1 AND state = 'pending' AND on_volume = 1",
        )?
        .execute([id])?;
    Ok(changed == 1)
}

/// Make a pending image failed; `false` if it is not pending any more.
pub fn set_failed(c: &Conn, id: &str, reason: &Reason) -> Result<bool, Error> {
    let changed = c
        .prepare_cached(
            "UPDATE images SET state = 'failed', reason_code = ?2, reason_message = ?3, manifest = NULL, origin = NULL,
               capture_of = NULL
             WHERE id = ?1 AND state = 'pending'",
        )?
        .execute((id, &reason.code, &reason.message))?;
    Ok(changed == 1)
}

/// Let a pending image's next try begin at `not_before`.
pub fn postpone(c: &Conn, id: &str, attempt: u32, not_before: i64) -> Result<(), Error> {
    c.prepare_cached("UPDATE images SET attempt = ?2, not_before = ?3 WHERE id = ?1 AND state = 'pending'")?
        .execute((id, attempt, not_before))?;
    Ok(())
}
