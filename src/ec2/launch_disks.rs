//! `BlockDeviceMapping.N` of launches and of images.

use super::volumes::{device, encryption, kms_key, wish};
use super::{Cx, Error};
use crate::id::Kind;
use crate::volumes::{DiskWish, Mapped, VolumeWish};
use crate::wire::query::Params;

/// What the request says of devices, each at most once.
pub fn read(p: &Params<'_>) -> Result<Vec<DiskWish>, Error> {
    let mut all: Vec<DiskWish> = Vec::new();
    for mapping in p.structs("BlockDeviceMapping") {
        let device = device(&mapping, "DeviceName")?;
        if all.iter().any(|d| d.device == device) {
            return Err(Error::BlockDevice(format!("Duplicate device name '{device}'.")));
        }
        let virtual_name = mapping.opt("VirtualName").filter(|text| !text.is_empty());
        let ebs = mapping.nested("Ebs");
        let mapped = match (mapping.opt("NoDevice"), virtual_name, ebs) {
            // Older clients send `NoDevice=` or `NoDevice=true`.
            (Some(text), _, _) if !text.eq_ignore_ascii_case("false") => Mapped::Nothing,
            // Nova's bundles say the others of their root disk and their swap.
            (_, Some(name), None) if name.starts_with("ephemeral") || ["ami", "root", "swap"].contains(&name) => {
                Mapped::Ephemeral
            }
            (_, Some(name), None) => {
                return Err(Error::BlockDevice(format!("Virtual name '{name}' is no ephemeral disk.")));
            }
            (_, _, Some(ebs)) => Mapped::Volume(volume(&ebs)?),
            (_, None, None) => {
                return Err(Error::BlockDevice(format!(
                    "The mapping of '{device}' names neither a volume nor a disk."
                )));
            }
        };
        all.push(DiskWish { device, mapped, virtual_name: virtual_name.map(str::to_owned) });
    }
    Ok(all)
}

fn volume(p: &Params<'_>) -> Result<VolumeWish, Error> {
    let (encrypted, kms_key) = encryption(p)?;
    if p.opt("OutpostArn").is_some_and(|text| !text.is_empty()) {
        return Err(Error::Unsupported(p.name("OutpostArn")));
    }
    // Where the volume comes to be, and how quickly: both without effect.
    for name in ["VolumeInitializationRate", "EbsCardIndex", "AvailabilityZone", "AvailabilityZoneId"] {
        p.opt(name);
    }
    Ok(VolumeWish {
        wish: wish(p, "VolumeSize")?,
        snapshot: p.opt_id("SnapshotId", Kind::Snapshot)?.map(str::to_owned),
        encrypted,
        kms_key,
        keep: p.opt_bool("DeleteOnTermination")?.map(|goes| !goes),
    })
}

/// The same with the ARNs of the keys that it names.
pub fn with_keys(cx: &Cx, disks: Vec<DiskWish>) -> Vec<DiskWish> {
    let keyed = |mut disk: DiskWish| {
        if let Mapped::Volume(volume) = &mut disk.mapped {
            volume.kms_key = volume.kms_key.take().map(|named| kms_key(cx, &named));
        }
        disk
    };
    disks.into_iter().map(keyed).collect()
}
