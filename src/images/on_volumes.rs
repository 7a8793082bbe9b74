//! Images whose root disk is a volume: a block device mapping with a snapshot at the root device, and no file. See
//! `docs/decisions/0008-a-root-disk-is-a-volume.md`.

use super::{Error, Image, ImageType, ImageVolume, Mapping, RegisterRequest, State, manifest};
use crate::clock;
use crate::db::{self, Conn};
use crate::volumes::{self, DiskWish, Mapped, VolumeWish, snapshots};

/// Put down an image of snapshots, which is available at once; the request names no bundle.
pub fn register_on_volumes(c: &Conn, r: RegisterRequest) -> Result<Image, Error> {
    let root = r.root_device_name.unwrap_or_else(|| super::DEFAULT_ROOT_DEVICE.into());
    let (mappings, volumes) = mapped(c, &r.account, &r.region, &r.disks)?;
    if !volumes.iter().any(|v| v.device == root && v.snapshot.is_some()) {
        return Err(Error::BlockDevice(format!("The mapping of the root device '{root}' names no snapshot.")));
    }
    let architecture = match &r.architecture {
        None => manifest::architecture("x86_64"),
        Some(name) => manifest::architecture(name),
    };
    let image = Image {
        description: r.description.unwrap_or_default(),
        architecture: architecture.map_err(|e| Error::InvalidParameter(e.to_string()))?,
        kernel_id: r.kernel_id,
        ramdisk_id: r.ramdisk_id,
        root_device_name: root,
        mappings,
        volumes,
        state: State::Available,
        details: r.details,
        ..super::fresh(ImageType::Machine, &r.account, Some(&r.region), r.name)
    };
    super::put_down(c, &image, None)?;
    Ok(image)
}

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

/// Give the volumes of a new image the snapshots of another's, each copied for it.
pub(super) fn copy_snapshots(
    c: &Conn,
    volumes: &mut [ImageVolume],
    (image, source): (&str, &str),
    new: &snapshots::NewCopy,
) -> Result<(), Error> {
    for v in volumes {
        let Some(id) = &v.snapshot else { continue };
        let of = snapshots::of_image(c, id)?;
        let usable = snapshots::usable(c, &new.account, &of.region, id);
        usable.map_err(|_| Error::NoStorage)?;
        let description = format!(
            "Copied for DestinationAmi {image} from SourceAmi {source} for SourceSnapshot {id}. Task created on {}.",
            with_commas(clock::now_ms())
        );
        let copy = snapshots::copy(c, &of, &snapshots::NewCopy { description, ..new.clone() })?;
        (v.snapshot, v.encrypted) = (Some(copy.id), copy.encrypted);
    }
    Ok(())
}

/// `1,566,308,778,174`
fn with_commas(n: i64) -> String {
    let digits = n.to_string();
    let groups: Vec<String> =
        digits.as_bytes().rchunks(3).rev().map(|group| String::from_utf8_lossy(group).into_owned()).collect();
    groups.join(",")
}

/// The ids of the snapshots that an image is made of.
pub fn snapshots_of(image: &Image) -> Vec<String> {
    image.volumes.iter().filter_map(|v| v.snapshot.clone()).collect()
}

/// Sentences for what is missing of an image on volumes.
pub(super) fn missing(c: &Conn, image: &Image) -> Result<Vec<String>, db::Error> {
    let mut problems = Vec::new();
    for id in snapshots_of(image) {
        if db::snapshots::get(c, &id)?.is_none() {
            problems.push(format!("image {}: its snapshot {id} is missing", image.id));
        }
    }
    Ok(problems)
}

#[cfg(test)]
mod tests {
    #[test]
    fn large_numbers_are_read_in_threes() {
        for (n, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_566_308_778_174, "1,566,308,778,174")] {
            assert_eq!(super::with_commas(n), text);
        }
    }
}
