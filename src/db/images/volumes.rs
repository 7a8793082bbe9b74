//! The volumes that an image's instances come with: its block device mapping, as far as it names volumes.

use crate::db::{Conn, Error};
use rusqlite::OptionalExtension;

/// One volume of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageVolume {
    /// `/dev/sda1`
    pub device: String,
    /// What it is made of; none: it is empty, or its snapshot is still to be taken of `source`.
    pub snapshot: Option<String>,
    /// The volume of which the snapshot is still to be taken.
    pub source: Option<String>,
    pub gib: i64,
    /// AWS's name: `gp2`, `io1`, …
    pub kind: String,
    pub iops: Option<i64>,
    /// MiB a second.
    pub throughput: Option<i64>,
    /// It goes when its instance is terminated.
    pub delete_too: bool,
    pub encrypted: bool,
}

/// An image's volumes, and whether a snapshot of theirs is pending.
pub(super) fn of(c: &Conn, image: &str) -> Result<(Vec<ImageVolume>, bool), Error> {
    let mut q = c.prepare_cached(
        "SELECT v.device, v.snapshot, v.source, v.gib, v.type, v.iops, v.throughput, v.delete_too, v.encrypted, s.state
         FROM image_volumes v LEFT JOIN snapshots s ON s.id = v.snapshot WHERE v.image_id = ?1 ORDER BY v.position",
    )?;
    let rows = q.query_map([image], |r| {
        let volume = ImageVolume {
            device: r.get(0)?,
            snapshot: r.get(1)?,
            source: r.get(2)?,
            gib: r.get(3)?,
            kind: r.get(4)?,
            iops: r.get(5)?,
            throughput: r.get(6)?,
            delete_too: r.get(7)?,
            encrypted: r.get(8)?,
        };
        Ok((volume, r.get::<_, Option<String>>(9)?.is_some_and(|state| state == "pending")))
    })?;
    let all: Vec<(ImageVolume, bool)> = rows.collect::<Result<_, _>>()?;
    let pending = all.iter().any(|(_, pending)| *pending);
    Ok((all.into_iter().map(|(volume, _)| volume).collect(), pending))
}

/// Keep the volumes of a new image.
pub(super) fn insert(c: &Conn, image: &str, volumes: &[ImageVolume]) -> Result<(), Error> {
    let mut q = c.prepare_cached(
        "INSERT INTO image_volumes (image_id, position, device, snapshot, source, gib, type, iops, throughput, delete_too,
           encrypted)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?;
    for (position, v) in volumes.iter().enumerate() {
        let (position, kept) = (position as i64, (v.delete_too, v.encrypted));
        let figures = (v.gib, &v.kind, v.iops, v.throughput);
        q.execute(rusqlite::params![
            image, position, v.device, v.snapshot, v.source, figures.0, figures.1, figures.2, figures.3, kept.0, kept.1
        ])?;
    }
    Ok(())
}

/// The snapshot of a volume of the image is taken.
pub fn take_of(c: &Conn, image: &str, device: &str, snapshot: &str) -> Result<(), Error> {
    c.prepare_cached("UPDATE image_volumes SET snapshot = ?3, source = NULL WHERE image_id = ?1 AND device = ?2")?
        .execute([image, device, snapshot])?;
    Ok(())
}

/// There is nothing any more of which the snapshot could be taken: the image goes without.
pub fn volume_gone(c: &Conn, image: &str, device: &str) -> Result<(), Error> {
    c.prepare_cached("DELETE FROM image_volumes WHERE image_id = ?1 AND device = ?2")?.execute([image, device])?;
    Ok(())
}

/// The id of an image whose instances are made of this snapshot.
pub fn snapshot_user(c: &Conn, snapshot: &str) -> Result<Option<String>, Error> {
    let mut q = c.prepare_cached("SELECT image_id FROM image_volumes WHERE snapshot = ?1 ORDER BY image_id LIMIT 1")?;
    Ok(q.query_row([snapshot], |r| r.get(0)).optional()?)
}

/// Forget the volumes of an image.
pub(super) fn forget(c: &Conn, image: &str) -> Result<(), Error> {
    c.prepare_cached("DELETE FROM image_volumes WHERE image_id = ?1")?.execute([image])?;
    Ok(())
}
