//! Volumes at instances.
//!
//! An attachment is `attaching` or `detaching` only while a machine runs and is to get or give back the disk; at any other
//! time it is as good as done, since the disks of a machine are read when it is started. It is marked as plugged before the
//! machine can write to the volume's file, and as not plugged after it cannot any more: in between the file is the hypervisor's.

use super::volume::{self, GIB, Volume};
use super::{Bytes, Error, Volumes, snapshots};
use crate::clock;
use crate::db::volumes::{AttachmentRow, VolumeRow};
use crate::db::{self, Conn};
use std::path::PathBuf;

/// The instance that a volume comes to.
#[derive(Debug, Clone, Copy)]
pub struct At<'a> {
    pub instance: &'a str,
    pub zone: &'a str,
    /// The device of its root disk.
    pub root: &'a str,
    /// Its root disk is a volume, and no file of its own.
    pub root_volume: bool,
    /// Its machine runs, and has to be told.
    pub live: bool,
}

/// Most volumes of one instance beside its root disk.
const MOST: usize = 25;
/// The root disk, as every machine has it.
pub const ROOT: &str = "vda";

/// Attach a volume to an instance of the same account.
pub fn attach(
    c: &Conn,
    volume: &Volume,
    at: At<'_>,
    device: &str,
    delete_too: bool,
    bytes: Bytes,
) -> Result<AttachmentRow, Error> {
    let v = &volume.row;
    if !v.made {
        return Err(Error::NotAvailable(v.id.clone()));
    }
    if !volume.attachments.is_empty() {
        let here = volume.attachments.iter().any(|a| a.instance == at.instance);
        if here || !v.multi_attach {
            return Err(Error::AlreadyAttached(v.id.clone()));
        }
        if bytes == Bytes::Files {
            return Err(Error::CannotShare(v.id.clone()));
        }
    }
    put(c, &v.id, &v.zone, at, device, delete_too)
}

/// [`attach`] for a volume that was made for the instance.
pub fn put(
    c: &Conn,
    volume: &str,
    zone: &str,
    at: At<'_>,
    device: &str,
    delete_too: bool,
) -> Result<AttachmentRow, Error> {
    if zone != at.zone {
        return Err(Error::OtherZone { volume: volume.to_owned(), instance: at.instance.to_owned() });
    }
    let there = db::volumes::attachments_at(c, at.instance)?;
    let is_root = device == at.root;
    if (is_root && !at.root_volume) || there.iter().any(|a| a.device == device) {
        return Err(Error::DeviceTaken(device.to_owned()));
    }
    let target = if is_root {
        ROOT.to_owned()
    } else {
        let free = (b'b'..).take(MOST).map(|letter| format!("vd{}", letter as char));
        let mut free = free.filter(|target| there.iter().all(|a| a.target != *target));
        free.next().ok_or_else(|| Error::TooManyAttachments(at.instance.to_owned()))?
    };
    let row = AttachmentRow {
        volume: volume.to_owned(),
        instance: at.instance.to_owned(),
        device: device.to_owned(),
        target,
        delete_too,
        state: if at.live { "attaching" } else { "attached" }.into(),
        plugged: false,
        attached_at: clock::now_ms(),
    };
    db::volumes::attach(c, &row)?;
    Ok(row)
}

/// The attachment that a request names by some of instance and device.
pub fn find<'a>(volume: &'a Volume, instance: Option<&str>, device: Option<&str>) -> Result<&'a AttachmentRow, Error> {
    if volume.attachments.is_empty() {
        return Err(Error::NotAttached(volume.row.id.clone()));
    }
    let same = |wanted: Option<&str>, has: &str| wanted.is_none_or(|w| w == has);
    let mut all = volume.attachments.iter().filter(|a| same(instance, &a.instance) && same(device, &a.device));
    all.next().ok_or_else(|| Error::NoAttachment {
        volume: volume.row.id.clone(),
        instance: instance.unwrap_or_default().to_owned(),
        device: device.unwrap_or_default().to_owned(),
    })
}

/// Detach a volume. `live`: its machine runs, and has to give the disk back first.
pub fn detach(c: &Conn, attachment: &AttachmentRow, live: bool) -> Result<(), Error> {
    if live {
        let row = AttachmentRow { state: "detaching".into(), ..attachment.clone() };
        return Ok(db::volumes::attach(c, &row)?);
    }
    Ok(db::volumes::detach(c, &attachment.volume, &attachment.instance)?)
}

/// Say whether a volume goes when its instance is terminated.
pub fn set_delete_too(c: &Conn, attachment: &AttachmentRow, delete_too: bool) -> Result<(), Error> {
    Ok(db::volumes::attach(c, &AttachmentRow { delete_too, ..attachment.clone() })?)
}

/// What is attached to an instance.
pub fn at(c: &Conn, instance: &str) -> Result<Vec<AttachmentRow>, db::Error> {
    db::volumes::attachments_at(c, instance)
}

/// What is attached to instances of an account, by the order of their disks.
pub fn of_account(c: &Conn, account: &str) -> Result<Vec<AttachmentRow>, db::Error> {
    db::volumes::attachments_of_account(c, account)
}

/// Ids of the volumes that instances have.
pub fn volumes_at(c: &Conn, instances: &[String]) -> Result<Vec<String>, db::Error> {
    let mut volumes = Vec::new();
    for instance in instances {
        volumes.extend(db::volumes::attachments_at(c, instance)?.into_iter().map(|a| a.volume));
    }
    Ok(volumes)
}

/// An instance is gone for good: its volumes are free, or go with it.
pub fn leave(c: &Conn, instance: &str) -> Result<(), Error> {
    for row in db::volumes::attachments_at(c, instance)? {
        db::volumes::detach(c, &row.volume, instance)?;
        let Some(volume) = db::volumes::get(c, &row.volume)?.filter(|_| row.delete_too) else { continue };
        let attachments = db::volumes::attachments_of(c, &row.volume)?;
        if attachments.is_empty() {
            volume::delete(c, &Volume { row: volume, attachments })?;
        }
    }
    Ok(())
}

/// A volume's disk, as a machine is to have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disk {
    pub volume: String,
    /// `vdb`
    pub target: String,
    pub path: PathBuf,
    /// The volume's id without its dash, as guests see it on AWS; at most 20 characters.
    pub serial: String,
}

impl Volumes {
    /// The disks of an instance's machine. Those that it is to give back are not among them.
    pub fn disks(&self, c: &Conn, instance: &str) -> Result<Vec<Disk>, Error> {
        let mut disks = Vec::new();
        for row in db::volumes::attachments_at(c, instance)?.into_iter().filter(|a| a.state != "detaching") {
            let volume = db::volumes::get(c, &row.volume)?.ok_or_else(|| Error::NoVolume(row.volume.clone()))?;
            disks.push(Disk {
                target: row.target,
                path: self.path(&volume.layer),
                serial: volume.id.replace('-', ""),
                volume: volume.id,
            });
        }
        Ok(disks)
    }
}

/// A machine is about to have these volumes of its instance: their files are the hypervisor's from now on.
pub fn plug(c: &Conn, instance: &str, volumes: &[String]) -> Result<(), Error> {
    for row in db::volumes::attachments_at(c, instance)?.into_iter().filter(|a| volumes.contains(&a.volume)) {
        if row.plugged {
            continue;
        }
        let volume = db::volumes::get(c, &row.volume)?.ok_or_else(|| Error::NoVolume(row.volume.clone()))?;
        if !volume.made || volume.next_layer.is_some() || to_grow_to(&volume).is_some() {
            return Err(Error::NotReady(row.volume));
        }
        db::volumes::attach(c, &AttachmentRow { plugged: true, ..row })?;
    }
    Ok(())
}

/// A running machine has the volume.
pub fn plugged(c: &Conn, instance: &str, volume: &str) -> Result<(), Error> {
    let found = db::volumes::attachments_at(c, instance)?.into_iter().find(|a| a.volume == volume);
    match found.filter(|a| a.state == "attaching") {
        Some(row) => Ok(db::volumes::attach(c, &AttachmentRow { state: "attached".into(), ..row })?),
        None => Ok(()),
    }
}

/// A running machine gave the volume back.
pub fn unplugged(c: &Conn, instance: &str, volume: &str) -> Result<(), Error> {
    Ok(db::volumes::detach(c, volume, instance)?)
}

/// The machine of an instance is off: it has no volume, and whatever was to come or go is done.
pub fn all_unplugged(c: &Conn, instance: &str) -> Result<(), Error> {
    for row in db::volumes::attachments_at(c, instance)? {
        match row.state.as_str() {
            "detaching" => db::volumes::detach(c, &row.volume, instance)?,
            _ => db::volumes::attach(c, &AttachmentRow { plugged: false, state: "attached".into(), ..row })?,
        }
    }
    Ok(())
}

/// The bytes to which a volume's disk has to grow yet.
pub fn to_grow_to(volume: &VolumeRow) -> Option<i64> {
    Some(volume.gib * GIB).filter(|bytes| volume.bytes < *bytes)
}

/// A running machine writes to the volume's next layer.
pub fn switched(c: &Conn, volume: &str) -> Result<(), Error> {
    let Some(mut row) = db::volumes::get(c, volume)? else { return Ok(()) };
    Ok(snapshots::taken(c, &mut row)?)
}

/// The disk of a running machine has grown to so many bytes.
pub fn grown(c: &Conn, volume: &str, bytes: i64) -> Result<(), Error> {
    Ok(volume::grown(c, volume, bytes)?)
}
