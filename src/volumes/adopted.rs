//! Snapshots of disks that come from elsewhere.
//!
//! As ever the rows come first: a pending snapshot, and the layer that is to hold it. Then the file is written, and in one transaction
//! the snapshot is complete. Whoever gives up in between forgets the snapshot, and the loop its layer.

use super::volume::GIB;
use super::{Bytes, Error, Volumes, snapshots};
use crate::clock;
use crate::db::snapshots::SnapshotRow;
use crate::db::volumes::LayerRow;
use crate::db::{self, Conn};
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// What a snapshot is to be whose bytes come from elsewhere.
#[derive(Debug, Clone)]
pub struct NewAdopted {
    pub id: String,
    pub account: String,
    pub region: String,
    pub description: String,
    pub encrypted: bool,
    /// An ARN.
    pub kms_key: Option<String>,
    /// Bytes of the disk.
    pub bytes: i64,
}

/// Put the pending snapshot down, unless it is there.
pub fn begin(c: &Conn, new: &NewAdopted) -> Result<(), Error> {
    if db::snapshots::get(c, &new.id)?.is_some() {
        return Ok(());
    }
    let layer = LayerRow { name: layer_of(&new.id), base: None, bytes: new.bytes, made: false };
    db::volumes::insert_layer(c, &layer)?;
    let snapshot = SnapshotRow {
        id: new.id.clone(),
        account: new.account.clone(),
        region: new.region.clone(),
        volume: snapshots::NO_VOLUME.into(),
        gib: (new.bytes.max(1) as u64).div_ceil(GIB as u64) as i64,
        description: new.description.clone(),
        encrypted: new.encrypted,
        kms_key: new.kms_key.clone(),
        layer: layer.name,
        state: "pending".into(),
        is_public: false,
        started_at: clock::now_ms(),
        completed_at: None,
        shared_with: Vec::new(),
    };
    Ok(db::snapshots::insert(c, &snapshot)?)
}

fn layer_of(snapshot: &str) -> String {
    format!("{snapshot}.0")
}

/// The snapshot's file is there, with a disk of so many bytes.
pub fn complete(c: &Conn, id: &str, bytes: i64) -> Result<(), Error> {
    let layer = layer_of(id);
    db::volumes::layer_made(c, &layer, bytes)?;
    Ok(db::snapshots::complete(c, &layer, clock::now_ms())?)
}

/// Nothing comes of the snapshot, if it is still pending.
pub fn give_up(c: &Conn, id: &str) -> Result<(), Error> {
    match db::snapshots::get(c, id)? {
        Some(pending) if pending.state == "pending" => Ok(db::snapshots::delete(c, id)?),
        Some(_) | None => Ok(()),
    }
}

impl Volumes {
    /// Make the file of a pending snapshot: `write` makes a qcow2 file that stands on nothing. Blocking; done again from the start
    /// if it was cut off. Where volumes have no files, nothing is written.
    pub fn adopt(&self, id: &str, write: impl FnOnce(&Path) -> io::Result<()>) -> Result<(), Error> {
        if self.bytes() == Bytes::None {
            return Ok(());
        }
        let path = self.path(&layer_of(id));
        let part = self.path(&format!("{}.part", layer_of(id)));
        let made = || {
            super::work::gone(fs::remove_file(&part))?;
            write(&part)?;
            fs::set_permissions(&part, fs::Permissions::from_mode(0o600))?;
            fs::File::open(&part)?.sync_all()?;
            crate::fault::effect("adopted file");
            fs::rename(&part, &path)?;
            fs::File::open(path.parent().unwrap_or(&path))?.sync_all()
        };
        made().map_err(|e| Error::File(path.clone(), e))
    }

    /// Remove the file of a snapshot that was given up, if its row went before it.
    pub fn disown(&self, id: &str) -> Result<(), Error> {
        let layer = layer_of(id);
        if self.db.read(|c| db::volumes::layer_named(c, &layer))?.is_some() {
            return Ok(()); // The loop does it.
        }
        let path = self.path(&layer);
        super::work::gone(fs::remove_file(&path)).map_err(|e| Error::File(path, e))
    }
}
