//! The block device mapping of an image that is made of an instance: what the instance has, as the request changes it.

use super::request::{CaptureError, CaptureRequest};
use crate::compute::launch::disks;
use crate::compute::spec::Spec;
use crate::db::images::{ImageVolume, Mapping};
use crate::db::tags::{Resource, Tag};
use crate::db::volumes::{AttachmentRow, VolumeRow};
use crate::db::{self, Conn};
use crate::images;
use crate::volumes::{self, Bytes, DiskWish, Kind, Mapped, attachments, snapshots};

/// Ephemeral disks and volumes of the image. Those of the instance have their snapshots still to be taken.
pub(super) fn of(
    c: &Conn,
    r: &CaptureRequest,
    instance: &str,
    spec: &Spec,
) -> Result<(Vec<Mapping>, Vec<ImageVolume>), CaptureError> {
    let block_device = |why: String| CaptureError::Image(images::Error::BlockDevice(why));
    let said = |device: &str| r.disks.iter().find(|d| d.device == device);
    let mut mappings: Vec<Mapping> = spec
        .mappings
        .iter()
        .filter(|(_, device)| said(device).is_none())
        .map(|(virtual_name, device)| Mapping { virtual_name: virtual_name.clone(), device: device.clone() })
        .collect();
    let mut left: Vec<DiskWish> = r.disks.clone();
    // Of a root disk that is a file, the image has a file: a request can say nothing of it.
    left.retain(|d| spec.root_volume || d.device != spec.root_device_name);
    let mut volumes = Vec::new();
    for at in attachments::at(c, instance)? {
        let Some(row) = db::volumes::get(c, &at.volume)? else { continue };
        let is_root = at.target == attachments::ROOT;
        let own = as_it_is(&at, row);
        let wish = match said(&at.device).map(|d| &d.mapped) {
            None => None,
            Some(Mapped::Volume(wish)) if wish.snapshot.is_none() => Some(wish),
            Some(Mapped::Volume(_)) if is_root => {
                return Err(block_device("snapshotId cannot be modified on root device".into()));
            }
            Some(Mapped::Nothing | Mapped::Ephemeral) if is_root => {
                return Err(block_device(format!("The root device '{}' cannot be left out", at.device)));
            }
            Some(Mapped::Volume(_) | Mapped::Nothing | Mapped::Ephemeral) => continue,
        };
        left.retain(|d| d.device != at.device);
        let Some(wish) = wish else {
            volumes.push(own);
            continue;
        };
        if wish.encrypted.is_some() {
            return Err(block_device(format!(
                "the encrypted flag cannot be specified since device {} has a snapshot specified.",
                at.device
            )));
        }
        let wish = disks::merged(&own, wish);
        let figures = volumes::figures_on(wish.wish, None)?;
        if figures.gib < own.gib {
            return Err(block_device(format!(
                "Volume of size {}GB is smaller than the volume at '{}', expect size >= {}GB",
                figures.gib, own.device, own.gib
            )));
        }
        volumes.push(ImageVolume {
            gib: figures.gib,
            kind: figures.kind.text().into(),
            iops: figures.iops.filter(|_| figures.kind.takes_iops()),
            throughput: figures.throughput,
            delete_too: !wish.keep.unwrap_or(false),
            ..own
        });
    }
    let (more, others) = images::mapped(c, &r.account, &r.region, &left)?;
    mappings.extend(more);
    volumes.extend(others);
    Ok((mappings, volumes))
}

/// A volume of the image as the instance has it.
fn as_it_is(at: &AttachmentRow, row: VolumeRow) -> ImageVolume {
    let takes_iops = Kind::parse(&row.kind).is_some_and(Kind::takes_iops);
    ImageVolume {
        device: at.device.clone(),
        snapshot: None,
        source: Some(row.id),
        gib: row.gib,
        kind: row.kind,
        iops: row.iops.filter(|_| takes_iops),
        throughput: row.throughput,
        delete_too: at.delete_too,
        encrypted: row.encrypted,
    }
}

/// Begin the snapshots that an image still lacks. A volume that is gone is not in the image, but for the root one, without which there
/// is no image.
pub(in crate::compute) fn begin_snapshots(
    c: &Conn,
    image: &str,
    instance: &str,
    tags: &[Tag],
    bytes: Bytes,
) -> Result<(), volumes::Error> {
    let Some(image) = db::images::get(c, image)? else { return Ok(()) };
    for (device, source) in image.volumes.iter().filter_map(|v| Some((&v.device, v.source.as_ref()?))) {
        let Some(mut volume) = volumes::get(c, source)? else {
            if *device == image.root_device_name {
                let (code, message) = ("Client.InternalError".into(), "The root volume is no longer there.".into());
                db::images::set_failed(c, &image.id, &images::Reason { code, message })?;
                return Ok(());
            }
            db::images::volume_gone(c, &image.id, device)?;
            continue;
        };
        let description = format!("Created by CreateImage({instance}) for {}", image.id);
        let taken = snapshots::create(c, &mut volume, &description, bytes)?;
        let on = Resource { account: &taken.account, region: &taken.region, id: &taken.id, kind: "snapshot" };
        db::tags::put(c, on, tags)?;
        db::images::take_of(c, &image.id, device, &taken.id)?;
    }
    Ok(())
}
