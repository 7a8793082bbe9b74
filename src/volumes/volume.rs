//! Making volumes, changing and deleting them.

use super::figures::{Figures, Kind, Wish};
use super::{Bytes, Error, attachments, snapshots};
use crate::db::quotas::{self, Quota};
use crate::db::snapshots::SnapshotRow;
use crate::db::volumes::{AttachmentRow, LayerRow, VolumeRow};
use crate::db::{self, Conn};
use crate::{clock, id};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Bytes of a GiB.
pub(super) const GIB: i64 = 1 << 30;

/// A volume and what it is attached to.
#[derive(Debug, Clone)]
pub struct Volume {
    pub row: VolumeRow,
    pub attachments: Vec<AttachmentRow>,
}

impl Volume {
    fn load(c: &Conn, row: VolumeRow) -> Result<Volume, db::Error> {
        Ok(Volume { attachments: db::volumes::attachments_of(c, &row.id)?, row })
    }

    /// `creating`, `available` or `in-use`.
    pub fn state(&self) -> &'static str {
        match (self.row.made, self.attachments.is_empty()) {
            (false, _) => "creating",
            (true, true) => "available",
            (true, false) => "in-use",
        }
    }

    /// Its last modification, if there was one.
    pub fn modification(&self) -> Result<Option<Modification>, db::Error> {
        let read = |json: &String| {
            serde_json::from_str(json).map_err(|e| db::Error::Damaged(format!("modification of {}: {e}", self.row.id)))
        };
        self.row.modification.as_ref().map(read).transpose()
    }

    fn figures(&self) -> Result<Figures, db::Error> {
        let kind = Kind::parse(&self.row.kind);
        Ok(Figures {
            gib: self.row.gib,
            kind: kind.ok_or_else(|| db::Error::Damaged(format!("type of {}: {}", self.row.id, self.row.kind)))?,
            iops: self.row.iops,
            throughput: self.row.throughput,
            multi_attach: self.row.multi_attach,
        })
    }
}

/// A change of a volume's figures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Modification {
    pub from: Figures,
    pub to: Figures,
    /// Milliseconds since the epoch.
    pub started_at: i64,
    /// When it was complete; none while it goes on.
    pub ended_at: Option<i64>,
}

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

/// The volumes of an account in a region.
pub fn all(c: &Conn, account: &str, region: &str) -> Result<Vec<Volume>, db::Error> {
    let mut of: HashMap<String, Vec<AttachmentRow>> = HashMap::new();
    for row in db::volumes::attachments_of_account(c, account)? {
        of.entry(row.volume.clone()).or_default().push(row);
    }
    let rows = db::volumes::of_account(c, account, region)?;
    Ok(rows.into_iter().map(|row| Volume { attachments: of.remove(&row.id).unwrap_or_default(), row }).collect())
}

/// One volume, whoever's it is.
pub fn get(c: &Conn, id: &str) -> Result<Option<Volume>, db::Error> {
    db::volumes::get(c, id)?.map(|row| Volume::load(c, row)).transpose()
}

/// One volume of an account.
pub fn need(c: &Conn, account: &str, region: &str, id: &str) -> Result<Volume, Error> {
    match db::volumes::get(c, id)? {
        Some(row) if row.account == account && row.region == region => Ok(Volume::load(c, row)?),
        Some(_) | None => Err(Error::NoVolume(id.to_owned())),
    }
}

/// Delete a volume that is attached to nothing. Its snapshots stay.
pub fn delete(c: &Conn, volume: &Volume) -> Result<(), Error> {
    if let Some(at) = volume.attachments.first() {
        return Err(Error::InUse { volume: volume.row.id.clone(), instance: at.instance.clone() });
    }
    // Nothing will write to what the pending snapshots are waiting for.
    db::snapshots::complete(c, &volume.row.layer, clock::now_ms())?;
    db::volumes::delete(c, &volume.row.id)?;
    Ok(db::tags::forget(c, &volume.row.id)?)
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
    attachments::tell(c, &volume.attachments)?;
    let row = &volume.row;
    if bytes == Bytes::None {
        db::volumes::layer_made(c, &row.layer, row.gib * GIB)?;
    }
    Ok(modification)
}

/// The file of a volume has grown to the size that the volume is to have.
pub(super) fn grown(c: &Conn, id: &str, bytes: i64) -> Result<(), db::Error> {
    let Some(row) = db::volumes::get(c, id)? else { return Ok(()) };
    db::volumes::layer_made(c, &row.layer, bytes)?;
    let mut volume = Volume { row, attachments: Vec::new() };
    if let Some(mut modification) = volume.modification()?.filter(|_| volume.row.gib * GIB <= bytes) {
        modification.ended_at = Some(clock::now_ms());
        volume.row.modification = Some(serde_json::to_string(&modification).expect("plain data becomes JSON"));
        db::volumes::update(c, &volume.row)?;
    }
    Ok(())
}
