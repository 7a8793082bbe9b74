//! An instance's facts, and the document tree made of them (pure).

use crate::network::{Cidr, Mac};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use time::OffsetDateTime;

/// What metadata says of one instance.
#[derive(Debug, Clone)]
pub struct Metadata {
    pub account: String,
    pub region: String,
    /// Full name: `us-east-1a`.
    pub zone: String,
    /// `use1-az1`.
    pub zone_id: String,
    pub instance_id: String,
    pub instance_type: String,
    pub image_id: String,
    pub kernel_id: Option<String>,
    pub ramdisk_id: Option<String>,
    /// `x86_64` or `arm64`.
    pub architecture: String,
    pub reservation_id: String,
    /// Number within the reservation, from 0.
    pub launch_index: u32,
    /// `bucket/name.manifest.xml` for a bundle.
    pub manifest_path: Option<String>,
    /// When the instance became pending.
    pub pending_at: OffsetDateTime,
    /// `ami` -> `sda1`, `root` -> `/dev/sda1`, …
    pub block_devices: BTreeMap<String, String>,
    pub public_keys: Vec<PublicKey>,
    /// Decoded bytes, as the guest shall see them.
    pub user_data: Option<Bytes>,
    /// By device index; the first one is the primary.
    pub interfaces: Vec<Interface>,
    /// `Some` when instance metadata tags are enabled.
    pub tags: Option<BTreeMap<String, String>>,
    /// `HttpTokens=required`: every read needs a token.
    pub tokens_required: bool,
}

/// A key pair's public half.
#[derive(Debug, Clone)]
pub struct PublicKey {
    pub name: String,
    /// One line: `ssh-ed25519 AAAA… name`.
    pub openssh: String,
}

/// A security group of an interface.
#[derive(Debug, Clone)]
pub struct SecurityGroup {
    pub id: String,
    pub name: String,
}

/// One network interface of the instance.
#[derive(Debug, Clone)]
pub struct Interface {
    pub eni_id: String,
    pub mac: Mac,
    pub device_index: u32,
    pub private_ip: Ipv4Addr,
    pub public_ip: Option<Ipv4Addr>,
    pub vpc_id: String,
    pub vpc_cidr: Cidr,
    pub subnet_id: String,
    pub subnet_cidr: Cidr,
    pub security_groups: Vec<SecurityGroup>,
}
