//! An image as EC2 writes it.

use super::filter::{Filtered, Values, flag, maybe};
use crate::clock;
use crate::db::tags::Tag;
use crate::images::{Image, ImageType, ImageVolume, Mapping, Protection};
use crate::wire::ec2_xml::Time;
use crate::wire::timestamp;
use serde::Serialize;
use std::borrow::Cow;

/// One `<item>` of `imagesSet`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageItem {
    pub image_id: String,
    image_location: String,
    image_state: &'static str,
    image_owner_id: String,
    creation_date: String,
    is_public: bool,
    product_codes: Vec<String>,
    architecture: String,
    image_type: &'static str,
    kernel_id: Option<String>,
    ramdisk_id: Option<String>,
    platform: Option<String>,
    platform_details: &'static str,
    usage_operation: &'static str,
    state_reason: Option<StateReason>,
    image_owner_alias: Option<&'static str>,
    name: Option<String>,
    description: Option<String>,
    /// Whether it meets what the caller allows itself; absent while that is not asked.
    image_allowed: Option<bool>,
    root_device_type: &'static str,
    root_device_name: String,
    block_device_mapping: Vec<MappingItem>,
    virtualization_type: &'static str,
    ena_support: bool,
    sriov_net_support: Option<&'static str>,
    hypervisor: &'static str,
    boot_mode: Option<String>,
    deprecation_time: Option<String>,
    imds_support: Option<&'static str>,
    source_instance_id: Option<String>,
    source_image_id: Option<String>,
    source_image_region: Option<String>,
    /// For the owner only, like the next one.
    deregistration_protection: Option<&'static str>,
    last_launched_time: Option<String>,
    tag_set: Vec<Tag>,
}

/// A code with its sentence.
#[derive(Serialize)]
pub struct StateReason<S = String> {
    pub code: S,
    pub message: S,
}

/// A device of the image's instances.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MappingItem {
    device_name: String,
    virtual_name: Option<String>,
    ebs: Option<VolumeItem>,
}

/// A volume of the image's instances.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct VolumeItem {
    delete_on_termination: bool,
    iops: Option<i64>,
    snapshot_id: Option<String>,
    volume_size: i64,
    volume_type: String,
    throughput: Option<i64>,
    encrypted: bool,
}

/// The devices that an image says something of: its volumes first.
pub fn mapping(volumes: Vec<ImageVolume>, ephemeral: Vec<Mapping>) -> Vec<MappingItem> {
    let of_volume = |v: ImageVolume| MappingItem {
        device_name: v.device,
        virtual_name: None,
        ebs: Some(VolumeItem {
            delete_on_termination: v.delete_too,
            iops: v.iops,
            snapshot_id: v.snapshot,
            volume_size: v.gib,
            volume_type: v.kind,
            throughput: v.throughput,
            encrypted: v.encrypted,
        }),
    };
    let of_disk = |m: Mapping| MappingItem { device_name: m.device, virtual_name: Some(m.virtual_name), ebs: None };
    volumes.into_iter().map(of_volume).chain(ephemeral.into_iter().map(of_disk)).collect()
}

/// AWS's word for what an image's, or an instance's, root disk is.
pub fn root_device_type(is_volume: bool) -> &'static str {
    if is_volume { "ebs" } else { "instance-store" }
}

/// `Linux/UNIX` or `Windows`, and the operation that AWS would bill.
pub fn platform_details(platform: Option<&str>) -> (&'static str, &'static str) {
    match platform {
        Some(p) if p.eq_ignore_ascii_case("windows") => ("Windows", "RunInstances:0002"),
        _ => ("Linux/UNIX", "RunInstances"),
    }
}

/// AWS's word for whether an image may be deregistered.
pub fn protection(protection: Protection) -> &'static str {
    match protection {
        Protection::Off | Protection::Until(_) => "disabled",
        Protection::On { cooldown: false } => "enabled-without-cooldown",
        Protection::On { cooldown: true } => "enabled-with-cooldown",
    }
}

/// AWS's word for images whose instances have session tokens required.
pub const IMDS_V2: &str = "v2.0";

/// AWS's word for images whose machines share their network hardware.
pub const SRIOV: &str = "simple";

/// AWS's word for images with a kernel beside the disk.
pub const PARAVIRTUAL: &str = "paravirtual";

/// When an image was launched last, as EC2 writes it: to the second. `ms` is since the epoch.
pub fn launched(ms: i64) -> String {
    timestamp::iso8601(clock::from_ms(ms))
}

/// A time in milliseconds since the epoch as EC2 writes it.
fn time(ms: i64) -> String {
    Time(clock::from_ms(ms)).to_string()
}

impl ImageItem {
    /// `tags` are those that `caller` put on it, `image_allowed` says whether it meets the caller's criteria.
    pub fn new(image: Image, caller: &str, tags: Vec<Tag>, image_allowed: Option<bool>) -> ImageItem {
        let owner = image.account == caller;
        let amazons = image.is_the_operators();
        let root_device_type = root_device_type(image.root_volume().is_some());
        let (platform_details, usage_operation) = platform_details(image.platform.as_deref());
        let declared = image.details.declared;
        let with_kernel = image.kernel_id.is_some() && image.image_type == ImageType::Machine;
        ImageItem {
            image_id: image.id,
            image_location: image.location,
            image_state: image.state.as_str(),
            image_owner_id: image.account,
            creation_date: time(image.created_at),
            is_public: image.is_public,
            product_codes: Vec::new(),
            architecture: image.architecture,
            image_type: image.image_type.as_str(),
            kernel_id: image.kernel_id,
            ramdisk_id: image.ramdisk_id,
            platform: image.platform,
            platform_details,
            usage_operation,
            state_reason: image.reason.map(|r| StateReason { code: r.code, message: r.message }),
            image_owner_alias: amazons.then_some("amazon"),
            name: image.name,
            description: Some(image.description).filter(|text| !text.is_empty()),
            image_allowed,
            root_device_type,
            root_device_name: image.root_device_name,
            block_device_mapping: mapping(image.volumes, image.mappings),
            virtualization_type: if declared.paravirtual.unwrap_or(with_kernel) { PARAVIRTUAL } else { "hvm" },
            ena_support: declared.ena.unwrap_or(true),
            sriov_net_support: declared.sriov.then_some(SRIOV),
            hypervisor: "xen",
            boot_mode: declared.boot_mode,
            deprecation_time: image.details.deprecated_at.map(time),
            imds_support: image.details.imds_v2.then_some(IMDS_V2),
            source_instance_id: image.details.source_instance,
            source_image_id: image.details.source_image,
            source_image_region: image.details.source_region,
            deregistration_protection: owner.then_some(protection(image.details.protection)),
            last_launched_time: image.last_launched.filter(|_| owner).map(launched),
            tag_set: tags,
        }
    }
}

fn of_volumes<'a>(i: &'a ImageItem, value: fn(&'a VolumeItem) -> Vec<Cow<'a, str>>) -> Vec<Cow<'a, str>> {
    i.block_device_mapping.iter().filter_map(|m| m.ebs.as_ref()).flat_map(value).collect()
}

impl Filtered for ImageItem {
    const FILTERS: &'static [(&'static str, Values<Self>)] = &[
        ("architecture", |i| vec![i.architecture.as_str().into()]),
        ("block-device-mapping.device-name", |i| {
            i.block_device_mapping.iter().map(|m| m.device_name.as_str().into()).collect()
        }),
        ("block-device-mapping.delete-on-termination", |i| of_volumes(i, |v| flag(v.delete_on_termination))),
        ("block-device-mapping.snapshot-id", |i| of_volumes(i, |v| maybe(&v.snapshot_id))),
        ("block-device-mapping.volume-size", |i| of_volumes(i, |v| vec![v.volume_size.to_string().into()])),
        ("block-device-mapping.volume-type", |i| of_volumes(i, |v| vec![v.volume_type.as_str().into()])),
        ("block-device-mapping.encrypted", |i| of_volumes(i, |v| flag(v.encrypted))),
        ("creation-date", |i| vec![i.creation_date.as_str().into()]),
        ("description", |i| maybe(&i.description)),
        ("ena-support", |i| flag(i.ena_support)),
        ("free-tier-eligible", |_| flag(true)),
        ("hypervisor", |i| vec![i.hypervisor.into()]),
        ("image-allowed", |i| flag(i.image_allowed.unwrap_or(true))),
        ("image-id", |i| vec![i.image_id.as_str().into()]),
        ("image-type", |i| vec![i.image_type.into()]),
        ("is-public", |i| flag(i.is_public)),
        ("kernel-id", |i| maybe(&i.kernel_id)),
        ("manifest-location", |i| vec![i.image_location.as_str().into()]),
        ("name", |i| maybe(&i.name)),
        ("owner-alias", |i| i.image_owner_alias.iter().map(|a| (*a).into()).collect()),
        ("owner-id", |i| vec![i.image_owner_id.as_str().into()]),
        ("platform", |i| maybe(&i.platform)),
        ("product-code", |_| vec![]),
        ("product-code.type", |_| vec![]),
        ("ramdisk-id", |i| maybe(&i.ramdisk_id)),
        ("root-device-name", |i| vec![i.root_device_name.as_str().into()]),
        ("root-device-type", |i| vec![i.root_device_type.into()]),
        ("source-image-id", |i| maybe(&i.source_image_id)),
        ("source-image-region", |i| maybe(&i.source_image_region)),
        ("source-instance-id", |i| maybe(&i.source_instance_id)),
        ("state", |i| vec![i.image_state.into()]),
        ("state-reason-code", |i| i.state_reason.iter().map(|r| r.code.as_str().into()).collect()),
        ("state-reason-message", |i| i.state_reason.iter().map(|r| r.message.as_str().into()).collect()),
        ("sriov-net-support", |i| i.sriov_net_support.iter().map(|s| (*s).into()).collect()),
        ("virtualization-type", |i| vec![i.virtualization_type.into()]),
    ];
    const ID: &'static str = "image-id";
    const TAGGED: bool = true;
    fn tags(&self) -> Option<&[Tag]> {
        Some(&self.tag_set)
    }
}
