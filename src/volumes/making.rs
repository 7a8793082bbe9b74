//! Making volumes, and giving them other figures.

use super::figures::{Figures, Wish};
use super::volume::{GIB, Modification, Volume};
use super::{Bytes, Error, snapshots};
use crate::db::quotas::{self, Quota};
use crate::db::snapshots::SnapshotRow;
use crate::db::volumes::{LayerRow, VolumeRow};
use crate::db::{self, Conn};
use crate::{clock, id};
use serde::Serialize;

/// What a new volume is to be.
#[derive(Debug, Clone, Serialize)]
pub struct NewVolume {
    pub account: String,
    pub region: String,
    pub zone: String,
    pub wish: Wish,
    pub snapshot: Option<String>,
    /// `None`: as the snapshot, or as the account's default.
    pub encrypted: Option<bool>,
    /// The ARN of the key that the request names.
    pub kms_key: Option<String>,
    /// The ARN of the account's own key.
    pub default_key: String,
}

/// Make a volume, of a snapshot that its account may use if it names one.
pub fn create(c: &Conn, new: &NewVolume, bytes: Bytes) -> Result<Volume, Error> {
    let usable = |id| snapshots::usable(c, &new.account, &new.region, id);
    let source = new.snapshot.as_deref().map(usable).transpose()?;
    create_on(c, new, source, bytes)
}

/// The figures of a volume that is made of a snapshot, or empty.
pub fn figures_on(wish: Wish, source: Option<&SnapshotRow>) -> Result<Figures, Error> {
    let figures = Figures::new(wish, source.map(|s| s.gib))?;
    match source.filter(|s| s.gib > figures.gib) {
        Some(s) => Err(Error::TooSmall { gib: figures.gib, snapshot: s.id.clone(), least: s.gib }),
        None => Ok(figures),
    }
}

/// An error if an account's volumes may not take as many GiB more.
fn grow(c: &Conn, account: &str, region: &str, gib: i64) -> Result<(), Error> {
    let most = quotas::limit(c, account, Quota::VolumeStorage)?;
    match db::volumes::storage(c, account, region)? + gib > most {
        true => Err(Error::TooMuchStorage(most)),
        false => Ok(()),
    }
}

/// [`create`] of a snapshot that was looked up, and that its account need not be able to use: an image's.
pub fn create_on(c: &Conn, new: &NewVolume, source: Option<SnapshotRow>, bytes: Bytes) -> Result<Volume, Error> {
    let figures = figures_on(new.wish, source.as_ref())?;
    grow(c, &new.account, &new.region, figures.gib)?;
    let (by_default, default_key) = db::volumes::defaults(c, &new.account, &new.region)?;
    let encrypted = new.encrypted == Some(true) || by_default || source.as_ref().is_some_and(|s| s.encrypted);
    let of_snapshot = source.as_ref().and_then(|s| s.kms_key.clone());
    let key = || new.kms_key.clone().or(of_snapshot).or(default_key).unwrap_or_else(|| new.default_key.clone());
    let id = id::new(id::Kind::Volume);
    let snapshot = source.as_ref().map(|s| s.id.clone());
    let layer = LayerRow {
        name: format!("{id}.0"),
        base: source.map(|s| s.layer),
        bytes: figures.gib * GIB,
        made: bytes == Bytes::None,
    };
    db::volumes::insert_layer(c, &layer)?;
    let row = VolumeRow {
        id,
        account: new.account.clone(),
        region: new.region.clone(),
        zone: new.zone.clone(),
        gib: figures.gib,
        kind: figures.kind.text().into(),
        iops: figures.iops,
        throughput: figures.throughput,
        encrypted,
        kms_key: encrypted.then(key),
        multi_attach: figures.multi_attach,
        auto_io: false,
        snapshot,
        layer: layer.name,
        next_layer: None,
        modification: None,
        created_at: clock::now_ms(),
        bytes: layer.bytes,
        made: layer.made,
    };
    db::volumes::insert(c, &row)?;
    Ok(Volume { row, attachments: Vec::new() })
}

/// Give a volume other figures.
pub fn modify(c: &Conn, volume: &mut Volume, wish: Wish, bytes: Bytes) -> Result<Modification, Error> {
    let row = &volume.row;
    if !row.made {
        return Err(Error::NotAvailable(row.id.clone()));
    }
    if volume.modification()?.is_some_and(|m| m.ended_at.is_none()) {
        return Err(Error::Modifying(row.id.clone()));
    }
    let from = volume.figures()?;
    let to = from.with(wish)?;
    grow(c, &row.account, &row.region, to.gib - from.gib)?;
    let now = clock::now_ms();
    let at_once = bytes == Bytes::None || to.gib == from.gib;
    let modification = Modification { from, to, started_at: now, ended_at: at_once.then_some(now) };
    let row = &mut volume.row;
    (row.gib, row.kind, row.iops, row.throughput) = (to.gib, to.kind.text().into(), to.iops, to.throughput);
    row.multi_attach = to.multi_attach;
    row.modification = Some(serde_json::to_string(&modification).expect("plain data becomes JSON"));
    db::volumes::update(c, row)?;
    volume.tell(c)?;
    let row = &volume.row;
    if bytes == Bytes::None {
        db::volumes::layer_made(c, &row.layer, row.gib * GIB)?;
    }
    Ok(modification)
}
