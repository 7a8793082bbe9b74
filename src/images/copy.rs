//! A copy of an image, in the same region or in another one. All regions keep their images on one disk, so the copy shares
//! the bytes: an image's file never changes. The volumes of an image are copied as their snapshots.

use super::{Details, Error, Image, ImageType, Origin, State};
use crate::db::{self, Conn};
use crate::volumes::snapshots::NewCopy;

/// What CopyImage asks for.
#[derive(Debug, Clone, Default)]
pub struct CopyRequest {
    /// Who copies, and owns the copy.
    pub account: String,
    /// The copy's region.
    pub region: String,
    pub source_id: String,
    pub source_region: String,
    pub name: String,
    pub description: String,
    /// Whether, and with which key, the volumes of the copy are to be encrypted; the last is the account's own.
    pub encrypted: Option<bool>,
    pub kms_key: Option<String>,
    pub own_key: String,
}

/// Put the copy down as pending.
pub fn copy(c: &Conn, r: &CopyRequest) -> Result<Image, Error> {
    let not_found = || Error::NotFound(r.source_id.clone());
    let source = db::images::get(c, &r.source_id)?.ok_or_else(not_found)?;
    if !source.may_launch(&r.account) || !source.is_in(&r.source_region) || source.state == State::Deregistered {
        return Err(not_found());
    }
    if source.state != State::Available {
        return Err(Error::NotReady(source.id, source.state.as_str()));
    }
    for id in source.kernel_id.iter().chain(&source.ramdisk_id) {
        if db::images::get(c, id)?.is_some_and(|i| !i.is_in(&r.region)) {
            return Err(Error::InvalidParameter(format!(
                "The image '{}' starts with {id}, which is not in the region {}",
                source.id, r.region
            )));
        }
    }
    let on_volume = source.root_volume().is_some();
    if r.encrypted == Some(true) && !on_volume {
        return Err(Error::NotEncrypted(source.id));
    }
    let mut image = Image {
        description: r.description.clone(),
        architecture: source.architecture,
        platform: source.platform,
        kernel_id: source.kernel_id,
        ramdisk_id: source.ramdisk_id,
        root_device_name: source.root_device_name,
        mappings: source.mappings,
        volumes: source.volumes,
        state: if on_volume { State::Available } else { State::Pending },
        details: Details {
            source_image: Some(source.id),
            source_region: Some(r.source_region.clone()),
            imds_v2: source.details.imds_v2 && source.image_type == ImageType::Machine,
            declared: source.details.declared,
            ..Details::default()
        },
        ..super::fresh(source.image_type, &r.account, Some(&r.region), Some(r.name.clone()))
    };
    let new = NewCopy {
        account: r.account.clone(),
        region: r.region.clone(),
        description: String::new(),
        encrypted: r.encrypted,
        kms_key: r.kms_key.clone(),
        default_key: r.own_key.clone(),
    };
    let id = image.id.clone();
    super::on_volumes::copy_snapshots(c, &mut image.volumes, (&id, &r.source_id), &new)?;
    let origin = Origin::Image(r.source_id.clone());
    super::put_down(c, &image, (!on_volume).then_some(&origin))?;
    Ok(image)
}
