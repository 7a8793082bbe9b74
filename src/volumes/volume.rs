//! What a volume is.

use super::Error;
use super::figures::{Figures, Kind};
use crate::clock;
use crate::db::volumes::{AttachmentRow, VolumeRow};
use crate::db::{self, Conn};
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

    /// Have the loop of the instances look at it, if machines have it.
    pub(super) fn tell(&self, c: &Conn) -> Result<(), db::Error> {
        let mut plugged = self.attachments.iter().filter(|a| a.plugged);
        plugged.try_for_each(|a| db::instances::touch(c, &a.instance))
    }

    /// Its last modification, if there was one.
    pub fn modification(&self) -> Result<Option<Modification>, db::Error> {
        let read = |json: &String| {
            serde_json::from_str(json).map_err(|e| db::Error::Damaged(format!("modification of {}: {e}", self.row.id)))
        };
        self.row.modification.as_ref().map(read).transpose()
    }

    pub(super) fn figures(&self) -> Result<Figures, db::Error> {
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

/// The volumes of an account in a region.
pub fn all(c: &Conn, account: &str, region: &str) -> Result<Vec<Volume>, db::Error> {
    let mut of: HashMap<String, Vec<AttachmentRow>> = HashMap::new();
    for row in db::volumes::attachments_of_account(c, account)? {
        of.entry(row.volume.clone()).or_default().push(row);
    }
    let rows = db::volumes::of_account(c, account, region)?;
    Ok(rows.into_iter().map(|row| Volume { attachments: of.remove(&row.id).unwrap_or_default(), row }).collect())
}

/// The account's volume of that id, if there is one.
pub fn of_account(c: &Conn, account: &str, region: &str, id: &str) -> Result<Option<Volume>, db::Error> {
    Ok(get(c, id)?.filter(|volume| volume.row.account == account && volume.row.region == region))
}

/// One volume, whoever's it is.
pub fn get(c: &Conn, id: &str) -> Result<Option<Volume>, db::Error> {
    db::volumes::get(c, id)?.map(|row| Volume::load(c, row)).transpose()
}

/// One volume of an account.
pub fn need(c: &Conn, account: &str, region: &str, id: &str) -> Result<Volume, Error> {
    of_account(c, account, region, id)?.ok_or_else(|| Error::NoVolume(id.to_owned()))
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
