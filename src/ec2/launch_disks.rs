//! `BlockDeviceMapping.N` of a launch.

use super::volumes::{device, encryption, kms_key, own_key, wish};
use super::{Cx, Error};
use crate::compute::{DiskWish, Mapped, VolumeWish};
use crate::id::Kind;
use crate::wire::query::Params;

/// What the launch says of its devices, each at most once.
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
            (_, Some(name), None) if name.starts_with("ephemeral") => Mapped::Ephemeral,
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
        all.push(DiskWish { device, mapped });
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
        default_key: String::new(),
        keep: p.opt_bool("DeleteOnTermination")? == Some(false),
    })
}

/// The same with the caller's keys.
pub fn with_keys(cx: &Cx, disks: Vec<DiskWish>) -> Vec<DiskWish> {
    let keyed = |mut disk: DiskWish| {
        if let Mapped::Volume(volume) = &mut disk.mapped {
            volume.kms_key = volume.kms_key.take().map(|named| kms_key(cx, &named));
            volume.default_key = own_key(cx);
        }
        disk
    };
    disks.into_iter().map(keyed).collect()
}
