//! Images whose root disk is a volume: a block device mapping with a snapshot at the root device, and no file. See
//! `docs/decisions/0008-a-root-disk-is-a-volume.md`.

use super::mapping::mapped;
use super::{Error, Image, ImageType, ImageVolume, RegisterRequest, State, manifest};
use crate::clock;
use crate::db::{self, Conn};
use crate::volumes::snapshots;

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
