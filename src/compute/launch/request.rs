//! What a launch is asked for.

use crate::compute::options::{MetadataEdit, Options};
use crate::compute::placement;
use crate::compute::spot::SpotWish;
use crate::db::tags::Tag;
use crate::volumes::DiskWish;
use serde::{Deserialize, Serialize};
use std::net::Ipv4Addr;

/// What RunInstances asks for; parameters are checked for form, not for existence.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LaunchRequest {
    pub account: String,
    pub region: String,
    /// Every zone of the region; the first is taken when the request names none.
    pub zones: Vec<String>,
    pub zone: Option<String>,
    /// The first one has device index 0.
    pub interfaces: Vec<InterfaceWish>,
    pub image_id: String,
    pub kernel_id: Option<String>,
    pub ramdisk_id: Option<String>,
    pub instance_type: String,
    pub min_count: u32,
    pub max_count: u32,
    pub key_name: Option<String>,
    /// Base64, already checked.
    pub user_data: Option<String>,
    /// What the request says of devices, each at most once.
    pub disks: Vec<DiskWish>,
    /// The ARN of the account's own key for volumes.
    #[serde(default)]
    pub own_key: String,
    /// Its metadata options are not looked at: the next field says them.
    pub options: Options,
    /// What the request says of the metadata service; the rest is the image's, or has a default.
    pub metadata: MetadataEdit,
    /// ARN and id of the instance profile that the instances are to have.
    pub profile: Option<(String, String)>,
    /// The placement group that the instances are to be in.
    pub placement: Option<placement::Wish>,
    /// Instances on spare capacity, each with a request of its own.
    pub spot: Option<SpotWish>,
    /// Tags of the instances, and of the interfaces and volumes that are made for them.
    pub tags: Vec<Tag>,
    pub interface_tags: Vec<Tag>,
    pub volume_tags: Vec<Tag>,
    /// Makes a repeated request answer the first one's reservation.
    pub client_token: Option<String>,
}

/// What a launch says of one interface.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct InterfaceWish {
    /// Its device index: 0 for the first one.
    pub index: u32,
    /// An interface that is there already; the rest then says nothing.
    pub existing: Option<String>,
    /// `None`: the default subnet of the zone.
    pub subnet_id: Option<String>,
    /// Security groups, by id and by name; neither: the default one.
    pub group_ids: Vec<String>,
    pub group_names: Vec<String>,
    pub ip: Option<Ipv4Addr>,
    /// Further addresses, and how many more are to be picked.
    pub secondary: Vec<Ipv4Addr>,
    pub more: u32,
    pub description: String,
    /// It is to outlive the instance.
    pub keep: bool,
    /// Whether it is to have a public address while the instance runs; `None`: as its subnet has it.
    pub public: Option<bool>,
}
