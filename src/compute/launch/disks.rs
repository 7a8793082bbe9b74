//! The volumes that a launch brings along: those of its image, as the request changes them, and its own.

use super::request::LaunchRequest;
use crate::compute::Error;
use crate::db::images::{Image, ImageVolume};
use crate::db::snapshots::SnapshotRow;
use crate::db::tags::Resource;
use crate::db::{self, Conn};
use crate::volumes::{self, Bytes, DiskWish, Kind, Mapped, NewVolume, VolumeWish, Wish, attachments, snapshots};

/// The size in GiB that the mapping of the root device says.
pub(super) fn root_gib(r: &LaunchRequest, image: &Image) -> Result<Option<u64>, Error> {
    match r.disks.iter().find(|d| d.device == image.root_device_name).map(|d| &d.mapped) {
        Some(Mapped::Volume(volume)) if volume.snapshot.is_some() => Err(Error::RootSnapshot),
        Some(Mapped::Volume(volume)) => Ok(volume.wish.gib.map(|gib| gib as u64)),
        Some(Mapped::Nothing | Mapped::Ephemeral) | None => Ok(None),
    }
}

/// A volume that each instance of a launch gets.
#[derive(Debug, Clone)]
pub(super) struct Planned {
    device: String,
    volume: VolumeWish,
    source: Option<SnapshotRow>,
    pub figures: volumes::Figures,
}

/// What each instance of the launch gets at which device, the image's volumes first.
pub(super) fn plan(c: &Conn, r: &LaunchRequest, image: &Image) -> Result<Vec<Planned>, Error> {
    let on_volume = image.root_volume().is_some();
    let mut planned = Vec::new();
    for own in &image.volumes {
        let is_root = own.device == image.root_device_name;
        let said = r.disks.iter().find(|d| d.device == own.device).map(|d| &d.mapped);
        let volume = match said {
            None => merged(own, &VolumeWish::default()),
            Some(Mapped::Volume(wish)) if wish.snapshot.is_none() || wish.snapshot == own.snapshot => merged(own, wish),
            Some(Mapped::Volume(_)) if is_root => return Err(Error::RootSnapshot),
            Some(Mapped::Nothing | Mapped::Ephemeral) if is_root => {
                return Err(Error::NoRoot(own.device.clone()));
            }
            // It is the request's own, or none at all.
            Some(Mapped::Volume(_) | Mapped::Nothing | Mapped::Ephemeral) => continue,
        };
        let source = volume.snapshot.as_deref().map(|id| snapshots::of_image(c, id)).transpose()?;
        planned.push(Planned::new(&own.device, volume, source)?);
    }
    let new = |d: &&DiskWish| {
        planned.iter().all(|p| p.device != d.device) && (on_volume || d.device != image.root_device_name)
    };
    let mut own = Vec::new();
    for disk in r.disks.iter().filter(new) {
        let Mapped::Volume(volume) = &disk.mapped else { continue };
        let usable = |id: &String| snapshots::usable(c, &r.account, &r.region, id);
        let source = volume.snapshot.as_ref().map(usable).transpose()?;
        own.push(Planned::new(&disk.device, volume.clone(), source)?);
    }
    planned.extend(own);
    Ok(planned)
}

/// An image's volume with what the launch says of it.
pub(in crate::compute) fn merged(own: &ImageVolume, said: &VolumeWish) -> VolumeWish {
    let kind = Kind::parse(&own.kind);
    let same = said.wish.kind.is_none_or(|wanted| Some(wanted) == kind);
    VolumeWish {
        wish: Wish {
            gib: said.wish.gib.or(Some(own.gib)),
            kind: said.wish.kind.or(kind),
            iops: said.wish.iops.or(own.iops.filter(|_| same)),
            throughput: said.wish.throughput.or(own.throughput.filter(|_| same)),
            multi_attach: None,
        },
        snapshot: own.snapshot.clone(),
        encrypted: said.encrypted.or(Some(own.encrypted)),
        kms_key: said.kms_key.clone(),
        keep: Some(said.keep.unwrap_or(!own.delete_too)),
    }
}

impl Planned {
    fn new(device: &str, volume: VolumeWish, source: Option<SnapshotRow>) -> Result<Planned, Error> {
        let figures = volumes::figures_on(volume.wish, source.as_ref())?;
        Ok(Planned { device: device.to_owned(), volume, source, figures })
    }

    /// Whether it is the root disk of the image's instances.
    pub fn is_root(&self, image: &Image) -> bool {
        self.device == image.root_device_name
    }
}

/// Make the volumes of a new instance and attach them.
pub(super) fn make(
    c: &Conn,
    r: &LaunchRequest,
    at: attachments::At<'_>,
    planned: &[Planned],
    bytes: Bytes,
) -> Result<(), Error> {
    for Planned { device, volume, source, .. } in planned {
        let new = NewVolume {
            account: r.account.clone(),
            region: r.region.clone(),
            zone: at.zone.to_owned(),
            wish: volume.wish,
            snapshot: volume.snapshot.clone(),
            encrypted: volume.encrypted,
            kms_key: volume.kms_key.clone(),
            default_key: r.own_key.clone(),
        };
        let made = volumes::create_on(c, &new, source.clone(), bytes)?.row;
        attachments::put(c, &made.id, at.zone, at, device, !volume.keep.unwrap_or(false))?;
        let on = Resource { account: &r.account, region: &r.region, id: &made.id, kind: "volume" };
        db::tags::put(c, on, &r.volume_tags)?;
    }
    Ok(())
}
