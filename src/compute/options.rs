//! What of an instance can be asked for at its launch and be changed later.

use super::types::{self, InstanceType};
use crate::db::instances::InstanceRow;
use serde::{Deserialize, Serialize};

/// What happens when the guest powers itself off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ShutdownBehavior {
    #[default]
    Stop,
    Terminate,
}

impl ShutdownBehavior {
    /// EC2's word.
    pub fn text(self) -> &'static str {
        match self {
            ShutdownBehavior::Stop => "stop",
            ShutdownBehavior::Terminate => "terminate",
        }
    }

    /// The behaviour of EC2's word.
    pub fn parse(text: &str) -> Option<ShutdownBehavior> {
        [ShutdownBehavior::Stop, ShutdownBehavior::Terminate].into_iter().find(|b| b.text() == text)
    }
}

/// Attributes that RunInstances may set and ModifyInstanceAttribute may change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Options {
    pub shutdown_behavior: ShutdownBehavior,
    pub disable_api_termination: bool,
    pub disable_api_stop: bool,
    pub monitoring: bool,
    pub ebs_optimized: bool,
    /// `default`, `dedicated`, `host`
    pub tenancy: String,
    /// The dedicated host that it is on, or is to be on; of the tenancy `host` only.
    pub host: Option<String>,
    /// It stays on its dedicated host when it is stopped and started.
    pub host_affinity: bool,
    pub placement: Option<InGroup>,
    /// Into which capacity reservations it is to go.
    pub capacity: ReservationWish,
    /// The spot request that launched it.
    pub spot: Option<OfSpot>,
    /// The fleet that launched it.
    pub fleet: Option<String>,
    /// How its processors are counted; `None`: as its type has them.
    pub cpu: Option<Cpu>,
    /// `standard` or `unlimited`, of types that work on credits; nothing comes of it.
    pub credits: Option<String>,
    /// It wants no automatic recovery, and no migration by reboot. Neither is there.
    pub no_auto_recovery: bool,
    pub no_reboot_migration: bool,
    pub dns_names: DnsNames,
    pub metadata: MetadataOptions,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            shutdown_behavior: ShutdownBehavior::Stop,
            disable_api_termination: false,
            disable_api_stop: false,
            monitoring: false,
            ebs_optimized: false,
            tenancy: "default".into(),
            host: None,
            host_affinity: false,
            placement: None,
            capacity: ReservationWish::Open,
            spot: None,
            fleet: None,
            cpu: None,
            credits: None,
            no_auto_recovery: false,
            no_reboot_migration: false,
            dns_names: DnsNames::default(),
            metadata: MetadataOptions::default(),
        }
    }
}

/// Cores and threads of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cpu {
    pub cores: u32,
    pub threads: u32,
}

impl Cpu {
    /// How an instance has them: as it was asked for, or as its type does.
    pub fn of(row: &InstanceRow, options: &Options) -> Cpu {
        options.cpu.unwrap_or_else(|| {
            let threads = types::find(&row.instance_type).map_or(1, |size| size.family.threads_per_core);
            Cpu { cores: (row.vcpus as u32 / threads).max(1), threads }
        })
    }

    pub fn vcpus(self) -> i64 {
        i64::from(self.cores) * i64::from(self.threads)
    }

    /// Whether a type can be had so.
    pub fn fits(self, size: &InstanceType) -> bool {
        let whole = size.vcpus / size.family.threads_per_core;
        (self.cores == whole || size.cores.contains(&self.cores))
            && (1..=size.family.threads_per_core).contains(&self.threads)
    }
}

/// What an instance is to be called in a DNS, which there is none of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DnsNames {
    /// By its id rather than by its address.
    pub by_resource: bool,
    pub a_record: bool,
}

/// How the instance may use the metadata service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MetadataOptions {
    pub enabled: bool,
    /// Session tokens are required (IMDSv2 only).
    pub tokens_required: bool,
    pub hop_limit: u32,
    /// Instance tags are shown.
    pub tags: bool,
}

impl Default for MetadataOptions {
    fn default() -> Self {
        MetadataOptions { enabled: true, tokens_required: false, hop_limit: 1, tags: false }
    }
}

/// Metadata options; what is `None` stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetadataEdit {
    pub enabled: Option<bool>,
    pub tokens_required: Option<bool>,
    pub hop_limit: Option<u32>,
    pub tags: Option<bool>,
}

impl MetadataEdit {
    /// The options as they are after the edit.
    pub(in crate::compute) fn over(&self, now: &MetadataOptions) -> MetadataOptions {
        MetadataOptions {
            enabled: self.enabled.unwrap_or(now.enabled),
            tokens_required: self.tokens_required.unwrap_or(now.tokens_required),
            hop_limit: self.hop_limit.unwrap_or(now.hop_limit),
            tags: self.tags.unwrap_or(now.tags),
        }
    }
}

/// The group that an instance is in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InGroup {
    /// `pg-…`
    pub id: String,
    pub name: String,
    /// Counted from 1.
    pub partition: Option<u32>,
}

/// Into which reservations an instance is to go.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReservationWish {
    /// Into one that takes it unasked, if there is room.
    #[default]
    Open,
    None,
    /// The same as `Open`, but nowhere else.
    Only,
    /// Into this one.
    Target(String),
}

/// What an instance knows of the request that launched it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfSpot {
    /// `sir-…`
    pub request: String,
    pub persistent: bool,
}
