//! The instance types on offer, as data: `types.toml` says the figures, this file reads them once.

use serde::Deserialize;
use std::sync::LazyLock;

/// What all sizes of a family share.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Family {
    pub name: String,
    /// Whether AWS calls it a current generation.
    pub current: bool,
    /// Whether its processors work on credits (t2, t3).
    pub burstable: bool,
    pub clock_ghz: f64,
    /// What AWS reports: `nitro` or `xen`. Says nothing of the hypervisor underneath.
    pub hypervisor: String,
    pub architectures: Vec<String>,
    pub boot_modes: Vec<String>,
    /// Placement strategies: `cluster`, `partition`, `spread`.
    pub placement: Vec<String>,
    /// Enhanced networking: `required`, `supported` or `unsupported`.
    pub ena: String,
    pub threads_per_core: u32,
    /// Most volumes and interfaces together.
    pub attachments: u32,
    /// What a dedicated host of the family has; `None`: it has none.
    #[serde(default)]
    pub host: Option<HostSize>,
    sizes: Vec<Size>,
}

/// What a dedicated host has, and what of it is for instances.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(from = "[u32; 4]")]
pub struct HostSize {
    pub sockets: u32,
    pub cores: u32,
    pub vcpus: i64,
    pub memory_mib: i64,
}

impl From<[u32; 4]> for HostSize {
    fn from([sockets, cores, vcpus, memory_gib]: [u32; 4]) -> HostSize {
        HostSize { sockets, cores, vcpus: vcpus.into(), memory_mib: i64::from(memory_gib) << 10 }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Size {
    size: String,
    vcpus: u32,
    memory: u64,
    #[serde(default)]
    disk: u64,
    interfaces: u32,
    addresses: u32,
    network: String,
    ebs: Option<[u32; 4]>,
    #[serde(default)]
    cores: Vec<u32>,
}

/// One instance type, such as `t3.micro`.
#[derive(Debug, Clone)]
pub struct InstanceType {
    pub name: String,
    pub family: std::sync::Arc<Family>,
    pub vcpus: u32,
    pub memory_mib: u64,
    /// Size of the root disk; 0: as large as the image.
    pub disk_gib: u64,
    pub interfaces: u32,
    /// Private IPv4 addresses on each interface.
    pub addresses: u32,
    /// AWS's words: `Up to 5 Gigabit`.
    pub network: String,
    pub ebs: Option<Ebs>,
    /// Core counts that CpuOptions may choose.
    pub cores: Vec<u32>,
}

/// What an EBS-optimized type promises.
#[derive(Debug, Clone, Copy)]
pub struct Ebs {
    pub baseline_mbps: u32,
    pub maximum_mbps: u32,
    pub baseline_iops: u32,
    pub maximum_iops: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    family: Vec<Family>,
}

static ALL: LazyLock<Vec<InstanceType>> =
    LazyLock::new(|| read(include_str!("types.toml")).expect("a unit test reads the same file"));

fn read(text: &str) -> Result<Vec<InstanceType>, toml::de::Error> {
    let file: File = toml::from_str(text)?;
    let sizes_of = |mut family: Family| {
        let sizes = std::mem::take(&mut family.sizes);
        let family = std::sync::Arc::new(family);
        sizes.into_iter().map(move |s| InstanceType {
            name: format!("{}.{}", family.name, s.size),
            family: family.clone(),
            vcpus: s.vcpus,
            memory_mib: s.memory,
            disk_gib: s.disk,
            interfaces: s.interfaces,
            addresses: s.addresses,
            network: s.network,
            ebs: s.ebs.map(|[baseline_mbps, maximum_mbps, baseline_iops, maximum_iops]| Ebs {
                baseline_mbps,
                maximum_mbps,
                baseline_iops,
                maximum_iops,
            }),
            cores: s.cores,
        })
    };
    Ok(file.family.into_iter().flat_map(sizes_of).collect())
}

/// Every type, family by family, small to large.
pub fn all() -> &'static [InstanceType] {
    &ALL
}

/// The types of a family, small to large.
pub fn of_family(name: &str) -> impl Iterator<Item = &'static InstanceType> {
    all().iter().filter(move |t| t.family.name == name)
}

/// The type of that name.
pub fn find(name: &str) -> Option<&'static InstanceType> {
    all().iter().find(|t| t.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_reads_and_its_names_are_unique() {
        let types = read(include_str!("types.toml")).unwrap();
        let names: std::collections::BTreeSet<_> = types.iter().map(|t| &t.name).collect();
        assert_eq!(names.len(), types.len());
        assert!(
            types.iter().all(|t| t.vcpus > 0 && t.memory_mib > 0 && t.vcpus.is_multiple_of(t.family.threads_per_core))
        );
    }

    #[test]
    fn the_small_ones_are_what_people_know_them_for() {
        let t = find("t3.micro").unwrap();
        assert_eq!((t.vcpus, t.memory_mib, t.disk_gib), (2, 1024, 0));
        let m = find("m1.small").unwrap();
        assert_eq!((m.vcpus, m.memory_mib, m.disk_gib), (1, 2048, 20));
        assert!(find("t3.enormous").is_none());
    }
}
