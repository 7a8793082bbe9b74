//! The volumes that a launch brings along.

use super::launch::{LaunchError, LaunchRequest};
use crate::db::images::Image;
use crate::db::tags::Resource;
use crate::db::{self, Conn};
use crate::volumes::{self, Bytes, NewVolume, Wish, attachments};
use serde::{Deserialize, Serialize};

/// What a launch says of one device.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DiskWish {
    /// `/dev/sdf`
    pub device: String,
    pub mapped: Mapped,
}

/// What is to be at a device.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Mapped {
    /// Nothing, whatever the image says.
    Nothing,
    /// A disk of the host's, which there is none of: a guest has its root disk and volumes.
    Ephemeral,
    /// A volume that is made for the instance. At the root device of an image with a disk of its own, that disk's size.
    Volume(VolumeWish),
}

/// A volume of a launch.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct VolumeWish {
    pub wish: Wish,
    pub snapshot: Option<String>,
    pub encrypted: Option<bool>,
    /// ARNs: of the key that the request names, and of the account's own.
    pub kms_key: Option<String>,
    pub default_key: String,
    /// It is to outlive the instance.
    pub keep: bool,
}

/// The size in GiB that the mapping of the root device says.
pub(super) fn root_gib(r: &LaunchRequest, image: &Image) -> Result<Option<u64>, LaunchError> {
    match r.disks.iter().find(|d| d.device == image.root_device_name).map(|d| &d.mapped) {
        Some(Mapped::Volume(volume)) if volume.snapshot.is_some() => Err(LaunchError::RootSnapshot(image.id.clone())),
        Some(Mapped::Volume(volume)) => Ok(volume.wish.gib.map(|gib| gib as u64)),
        Some(Mapped::Nothing | Mapped::Ephemeral) | None => Ok(None),
    }
}

/// Make the volumes of a new instance and attach them.
pub(super) fn make(
    c: &Conn,
    r: &LaunchRequest,
    instance: &str,
    zone: &str,
    root: &str,
    bytes: Bytes,
) -> Result<(), LaunchError> {
    for disk in r.disks.iter().filter(|d| d.device != root) {
        let Mapped::Volume(volume) = &disk.mapped else { continue };
        let new = NewVolume {
            account: r.account.clone(),
            region: r.region.clone(),
            zone: zone.to_owned(),
            wish: volume.wish,
            snapshot: volume.snapshot.clone(),
            encrypted: volume.encrypted,
            kms_key: volume.kms_key.clone(),
            default_key: volume.default_key.clone(),
        };
        let made = volumes::create(c, &new, bytes)?.row;
        let at = attachments::At { instance, zone, root, live: false };
        attachments::put(c, &made.id, zone, at, &disk.device, !volume.keep)?;
        let on = Resource { account: &r.account, region: &r.region, id: &made.id, kind: "volume" };
        db::tags::put(c, on, &r.volume_tags)?;
    }
    Ok(())
}
