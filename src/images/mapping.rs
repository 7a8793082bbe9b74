//! What a block device mapping of an image means.

use super::{Error, ImageVolume, Mapping};
use crate::db::Conn;
use crate::volumes::{self, DiskWish, Mapped, VolumeWish, snapshots};

/// What an image's instances see at which device by its mapping: ephemeral disks, and volumes.
pub fn mapped(
    c: &Conn,
    account: &str,
    region: &str,
    disks: &[DiskWish],
) -> Result<(Vec<Mapping>, Vec<ImageVolume>), Error> {
    let (mut mappings, mut volumes) = (Vec::new(), Vec::new());
    for disk in disks {
        match &disk.mapped {
            Mapped::Nothing => {}
            Mapped::Ephemeral => mappings.push(Mapping {
                virtual_name: disk.virtual_name.clone().unwrap_or_default(),
                device: disk.device.clone(),
            }),
            Mapped::Volume(wish) => volumes.push(volume(c, account, region, &disk.device, wish)?),
        }
    }
    Ok((mappings, volumes))
}

/// One volume of an image: of a snapshot that the account may use, or empty.
pub fn volume(c: &Conn, account: &str, region: &str, device: &str, v: &VolumeWish) -> Result<ImageVolume, Error> {
    let usable = |id: &String| snapshots::usable(c, account, region, id);
    let source = v.snapshot.as_ref().map(usable).transpose()?;
    if source.is_some() && v.encrypted.is_some() {
        return Err(Error::BlockDevice(format!(
            "the encrypted flag cannot be specified if device {device} has a snapshot specified."
        )));
    }
    let figures = volumes::figures_on(v.wish, source.as_ref())?;
    Ok(ImageVolume {
        device: device.to_owned(),
        snapshot: source.as_ref().map(|s| s.id.clone()),
        source: None,
        gib: figures.gib,
        kind: figures.kind.text().into(),
        iops: figures.iops.filter(|_| figures.kind.takes_iops()),
        throughput: figures.throughput,
        delete_too: !v.keep.unwrap_or(false),
        encrypted: source.map_or(v.encrypted.unwrap_or(false), |s| s.encrypted),
    })
}
