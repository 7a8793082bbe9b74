//! What a request names, looked up: the image and what stands beside it, the key pair, the placement group, the disks.

use super::disks::{self, Planned};
use super::request::LaunchRequest;
use crate::clock;
use crate::compute::options::MetadataOptions;
use crate::compute::spec::{Key, Spec};
use crate::compute::{Error, defaults, placement, types};
use crate::db::images::{Image, ImageType};
use crate::db::{self, Conn};
use crate::images::allowed;

/// Look up everything that the request names.
pub(super) fn resolve(c: &Conn, r: &LaunchRequest) -> Result<(Spec, Vec<Planned>), Error> {
    let image = usable(c, r, &r.image_id, ImageType::Machine)?;
    let kernel_id = r.kernel_id.clone().or(image.kernel_id.clone());
    let ramdisk_id = r.ramdisk_id.clone().or(image.ramdisk_id.clone());
    if let Some(kernel) = &kernel_id {
        usable(c, r, kernel, ImageType::Kernel)?;
    }
    if let Some(ramdisk) = &ramdisk_id {
        usable(c, r, ramdisk, ImageType::Ramdisk)?;
    }
    let key = match &r.key_name {
        None => None,
        Some(name) => {
            let row = db::keypairs::by_name(c, &r.account, &r.region, name)?
                .ok_or_else(|| Error::KeyNotFound(name.clone()))?;
            Some(Key { name: row.name, public_key: row.public_key })
        }
    };
    let planned = disks::plan(c, r, &image)?;
    let root_volume = image.root_volume().is_some();
    let root_bytes = match planned.iter().find(|p| p.is_root(&image)) {
        Some(root) => root.figures.gib as u64 * GIB,
        None => root_bytes(r, &image)?,
    };
    let mut options = r.options.clone();
    let account = defaults::metadata(c, &r.account, &r.region)?;
    options.metadata = r.metadata.over(&account.over(&metadata_of(&image)));
    if let Some(size) = types::find(&r.instance_type).filter(|size| size.family.burstable && options.credits.is_none())
    {
        options.credits = Some(defaults::credits(c, &r.account, &r.region, &size.family.name)?);
    }
    if let (Some(cpu), Some(size)) = (options.cpu, types::find(&r.instance_type))
        && !cpu.fits(size)
    {
        let instance_type = r.instance_type.clone();
        return Err(Error::NoSuchCores { cores: cpu.cores, threads: cpu.threads, instance_type });
    }
    if let Some(wish) = &r.placement {
        options.placement = Some(placement::enter(c, &r.account, &r.region, wish, &r.instance_type)?);
    }
    let spec = Spec {
        image_id: image.id,
        kernel_id,
        ramdisk_id,
        architecture: image.architecture,
        platform: image.platform,
        key,
        user_data: r.user_data.clone(),
        root_bytes,
        root_volume,
        root_device_name: image.root_device_name,
        image_location: image.location,
        mappings: image.mappings.into_iter().map(|m| (m.virtual_name, m.device)).collect(),
        bases: Vec::new(),
        redefine: false,
        profile: None,
        options,
    };
    Ok((spec, planned))
}

/// Metadata options of an image's instances, when the launch says nothing.
fn metadata_of(image: &Image) -> MetadataOptions {
    match image.details.imds_v2 {
        // As on AWS: one hop more, so that containers still get there.
        true => MetadataOptions { tokens_required: true, hop_limit: 2, ..MetadataOptions::default() },
        false => MetadataOptions::default(),
    }
}

const GIB: u64 = 1 << 30;

/// The root disk's size: what the request says, else what the type says, else the image's own. Never less than the image.
fn root_bytes(r: &LaunchRequest, image: &Image) -> Result<u64, Error> {
    let image_bytes = image.file.as_ref().map_or(0, |f| f.virtual_size);
    let image_gib = image_bytes.div_ceil(GIB);
    if let Some(wanted_gib) = disks::root_gib(r, image)? {
        if wanted_gib * GIB < image_bytes {
            return Err(Error::RootTooSmall { image: image.id.clone(), wanted_gib, image_gib });
        }
        return Ok(wanted_gib * GIB);
    }
    let type_gib = types::find(&r.instance_type).map_or(0, |t| t.disk_gib);
    if type_gib == 0 {
        return Ok(image_bytes);
    }
    if type_gib * GIB < image_bytes {
        let (image, instance_type) = (image.id.clone(), r.instance_type.clone());
        return Err(Error::TypeTooSmall { image, image_gib, instance_type, type_gib });
    }
    Ok(type_gib * GIB)
}

/// An image that the caller may launch now.
fn usable(c: &Conn, r: &LaunchRequest, image_id: &str, as_type: ImageType) -> Result<Image, Error> {
    let not_found = || Error::ImageNotFound(image_id.to_owned());
    let image = db::images::get(c, image_id)?.ok_or_else(not_found)?;
    if !image.may_launch(&r.account) || !image.is_in(&r.region) || image.state == db::images::State::Deregistered {
        return Err(not_found());
    }
    if !allowed::allowed(c, &r.account, &r.region)?.lets(&image, &r.account, clock::now_ms()) {
        return Err(not_found());
    }
    if image.image_type != as_type {
        return Err(Error::WrongImageType(image.id, image.image_type.as_str(), as_type.as_str()));
    }
    if image.state != db::images::State::Available {
        return Err(Error::ImageUnavailable(image.id, image.state.as_str()));
    }
    Ok(image)
}
