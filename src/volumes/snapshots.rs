//! Snapshots: layers that nobody writes to any more.

use super::volume::{GIB, Volume};
use super::{Bytes, Error, sharing};
use crate::db::quotas::{self, Quota};
use crate::db::snapshots::SnapshotRow;
use crate::db::volumes::{LayerRow, VolumeRow};
use crate::db::{self, Conn};
use crate::{clock, id};

/// What a copy says that it is of: no volume.
pub const NO_VOLUME: &str = "vol-ffffffff";

/// Take a snapshot of what a volume holds now.
pub fn create(c: &Conn, volume: &mut Volume, description: &str, bytes: Bytes) -> Result<SnapshotRow, Error> {
    volume.tell(c)?;
    let row = &mut volume.row;
    if !row.made {
        return Err(Error::NotAvailable(row.id.clone()));
    }
    let snapshot = SnapshotRow {
        id: id::new(id::Kind::Snapshot),
        account: row.account.clone(),
        region: row.region.clone(),
        volume: row.id.clone(),
        gib: row.gib,
        description: description.to_owned(),
        encrypted: row.encrypted,
        kms_key: row.kms_key.clone(),
        layer: row.layer.clone(),
        state: "pending".into(),
        is_public: false,
        started_at: clock::now_ms(),
        completed_at: None,
        shared_with: Vec::new(),
    };
    insert(c, &snapshot)?;
    // Snapshots that wait together are of the same layer: nothing can tell them apart.
    if row.next_layer.is_none() {
        let next = LayerRow {
            name: name_after(&row.layer),
            base: Some(row.layer.clone()),
            bytes: row.bytes.max(row.gib * GIB),
            made: bytes == Bytes::None,
        };
        db::volumes::insert_layer(c, &next)?;
        row.next_layer = Some(next.name);
        db::volumes::update(c, row)?;
    }
    if bytes == Bytes::None {
        taken(c, row)?;
    }
    Ok(snapshot)
}

/// Keep a new snapshot, if its account may have one more.
pub(super) fn insert(c: &Conn, snapshot: &SnapshotRow) -> Result<(), Error> {
    let there = db::snapshots::count(c, &snapshot.account, &snapshot.region)?;
    match quotas::allows(c, &snapshot.account, Quota::Snapshots, there)? {
        true => Ok(db::snapshots::insert(c, snapshot)?),
        false => Err(Error::TooManySnapshots),
    }
}

/// `vol-a.0` is followed by `vol-a.1`.
fn name_after(layer: &str) -> String {
    let (volume, number) = layer.rsplit_once('.').unwrap_or((layer, "0"));
    format!("{volume}.{}", number.parse::<u64>().unwrap_or(0) + 1)
}

/// From now on the volume is written to in its next layer: the snapshots that waited for it are complete.
pub(super) fn taken(c: &Conn, row: &mut VolumeRow) -> Result<(), db::Error> {
    let Some(next) = row.next_layer.take() else { return Ok(()) };
    db::snapshots::complete(c, &row.layer, clock::now_ms())?;
    row.layer = next;
    db::volumes::update(c, row)
}

/// The snapshots that an account sees in a region.
pub fn visible(c: &Conn, account: &str, region: &str) -> Result<Vec<SnapshotRow>, db::Error> {
    sharing::usable_by(c, account, db::snapshots::visible(c, account, region)?)
}

/// One snapshot that an account sees.
pub fn seen(c: &Conn, account: &str, region: &str, id: &str) -> Result<SnapshotRow, Error> {
    let found = db::snapshots::get(c, id)?.filter(|s| s.region == region);
    let found = sharing::usable_by(c, account, found.into_iter().collect())?.pop();
    found.ok_or_else(|| Error::NoSnapshot(id.to_owned()))
}

/// One snapshot of an account's own.
pub fn need(c: &Conn, account: &str, region: &str, id: &str) -> Result<SnapshotRow, Error> {
    let found = db::snapshots::get(c, id)?.filter(|s| s.region == region && s.account == account);
    found.ok_or_else(|| Error::NoSnapshot(id.to_owned()))
}

/// A completed snapshot that an account sees, to make something of.
pub fn usable(c: &Conn, account: &str, region: &str, id: &str) -> Result<SnapshotRow, Error> {
    seen(c, account, region, id)?;
    of_image(c, id)
}

/// A completed snapshot that an image is made of: who may use the image may use it with it.
pub fn of_image(c: &Conn, id: &str) -> Result<SnapshotRow, Error> {
    let snapshot = db::snapshots::get(c, id)?.ok_or_else(|| Error::NoSnapshot(id.to_owned()))?;
    if snapshot.state != "completed" {
        return Err(Error::SnapshotState(snapshot.state));
    }
    Ok(snapshot)
}

/// What a copy of a snapshot is to be.
#[derive(Debug, Clone)]
pub struct NewCopy {
    /// Whose it is to be, and where.
    pub account: String,
    pub region: String,
    pub description: String,
    /// `None`: as its source, or as the account's default.
    pub encrypted: Option<bool>,
    /// The ARN of the key that the request names.
    pub kms_key: Option<String>,
    /// The ARN of the account's own key.
    pub default_key: String,
}

/// Copy a snapshot, from any region: both are the same layer.
pub fn copy(c: &Conn, source: &SnapshotRow, new: &NewCopy) -> Result<SnapshotRow, Error> {
    let (by_default, default_key) = db::volumes::defaults(c, &new.account, &new.region)?;
    let encrypted = source.encrypted || new.encrypted == Some(true) || by_default;
    let key = || new.kms_key.clone().or(default_key).unwrap_or_else(|| new.default_key.clone());
    let now = clock::now_ms();
    let copy = SnapshotRow {
        id: id::new(id::Kind::Snapshot),
        account: new.account.clone(),
        region: new.region.clone(),
        volume: NO_VOLUME.into(),
        gib: source.gib,
        description: new.description.clone(),
        encrypted,
        kms_key: encrypted.then(key),
        layer: source.layer.clone(),
        state: "completed".into(),
        is_public: false,
        started_at: now,
        completed_at: Some(now),
        shared_with: Vec::new(),
    };
    insert(c, &copy)?;
    Ok(copy)
}

/// Delete a snapshot that no image needs. Volumes that were made of it keep what they have of it.
pub fn delete(c: &Conn, snapshot: &SnapshotRow) -> Result<(), Error> {
    if let Some(user) = db::images::snapshot_user(c, &snapshot.id)? {
        return Err(Error::SnapshotInUse { snapshot: snapshot.id.clone(), user });
    }
    db::snapshots::delete(c, &snapshot.id)?;
    Ok(db::tags::forget(c, &snapshot.id)?)
}
