//! The instance types on offer, with AWS's figures.

use crate::compute::types::{self, InstanceType};
use crate::ec2::filter::{Filtered, Filters, Values, flag};
use crate::ec2::page::Page;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::wire::query::Params;
use serde::Serialize;
use std::borrow::Cow;

pub struct DescribeInstanceTypes {
    names: Vec<String>,
    filters: Filters<Item>,
    page: Page,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    instance_type_set: Vec<Item>,
    /// As Eucalyptus answered before AWS had the action; only for a request of that time's version.
    instance_type_details: Option<Vec<Detail>>,
    next_token: Option<String>,
}

/// A type as Eucalyptus tells of it (its `VmTypeDetails`); its tools print this and nothing else.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Detail {
    name: &'static str,
    cpu: u32,
    /// GiB
    disk: u64,
    /// MiB
    memory: u64,
    network_interfaces: u32,
}

/// The first version of EC2's API in which AWS had this action.
const SINCE: &str = "2016-11-15";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    instance_type: &'static str,
    current_generation: bool,
    free_tier_eligible: bool,
    supported_usage_classes: [&'static str; 1],
    supported_root_device_types: [&'static str; 2],
    supported_virtualization_types: [&'static str; 2],
    bare_metal: bool,
    hypervisor: &'static str,
    processor_info: Processor,
    v_cpu_info: VCpu,
    memory_info: Memory,
    instance_storage_supported: bool,
    instance_storage_info: Option<Storage>,
    ebs_info: EbsInfo,
    network_info: Network,
    placement_group_info: Placement,
    hibernation_supported: bool,
    burstable_performance_supported: bool,
    dedicated_hosts_supported: bool,
    auto_recovery_supported: bool,
    supported_boot_modes: &'static [String],
    nitro_enclaves_support: &'static str,
    nitro_tpm_support: &'static str,
    phc_support: &'static str,
    reboot_migration_support: &'static str,
    supported_in_region: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Processor {
    supported_architectures: &'static [String],
    sustained_clock_speed_in_ghz: f64,
    manufacturer: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct VCpu {
    #[serde(rename = "defaultVCpus")]
    default_vcpus: u32,
    default_cores: u32,
    default_threads_per_core: u32,
    valid_cores: &'static [u32],
    valid_threads_per_core: Vec<u32>,
}

#[derive(Serialize)]
struct Memory {
    #[serde(rename = "sizeInMiB")]
    size_in_mib: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Storage {
    #[serde(rename = "totalSizeInGB")]
    total_size_in_gb: u64,
    disks: [Disk; 1],
    nvme_support: &'static str,
    encryption_support: &'static str,
}

#[derive(Serialize)]
struct Disk {
    #[serde(rename = "sizeInGB")]
    size_in_gb: u64,
    count: u32,
    r#type: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EbsInfo {
    ebs_optimized_support: &'static str,
    encryption_support: &'static str,
    ebs_optimized_info: Option<EbsOptimized>,
    nvme_support: &'static str,
    maximum_ebs_attachments: u32,
    attachment_limit_type: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EbsOptimized {
    baseline_bandwidth_in_mbps: u32,
    #[serde(rename = "baselineThroughputInMBps")]
    baseline_throughput: f64,
    baseline_iops: u32,
    maximum_bandwidth_in_mbps: u32,
    #[serde(rename = "maximumThroughputInMBps")]
    maximum_throughput: f64,
    maximum_iops: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Network {
    network_performance: &'static str,
    maximum_network_interfaces: u32,
    maximum_network_cards: u32,
    default_network_card_index: u32,
    network_cards: [Card; 1],
    ipv4_addresses_per_interface: u32,
    ipv6_addresses_per_interface: u32,
    ipv6_supported: bool,
    ena_support: &'static str,
    efa_supported: bool,
    encryption_in_transit_supported: bool,
    ena_srd_supported: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Card {
    network_card_index: u32,
    network_performance: &'static str,
    maximum_network_interfaces: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Placement {
    supported_strategies: &'static [String],
}

impl Item {
    fn new(t: &'static InstanceType) -> Item {
        let family = &*t.family;
        let nitro = family.hypervisor == "nitro";
        let supported = |yes| if yes { "supported" } else { "unsupported" };
        let mbytes = |mbits: u32| f64::from(mbits) / 8.0;
        Item {
            instance_type: &t.name,
            current_generation: family.current,
            free_tier_eligible: matches!(t.name.as_str(), "t2.micro" | "t3.micro"),
            supported_usage_classes: ["on-demand"],
            supported_root_device_types: ["ebs", "instance-store"],
            supported_virtualization_types: ["hvm", "paravirtual"],
            bare_metal: false,
            hypervisor: &family.hypervisor,
            processor_info: Processor {
                supported_architectures: &family.architectures,
                sustained_clock_speed_in_ghz: family.clock_ghz,
                manufacturer: "Intel",
            },
            v_cpu_info: VCpu {
                default_vcpus: t.vcpus,
                default_cores: t.vcpus / family.threads_per_core,
                default_threads_per_core: family.threads_per_core,
                valid_cores: &t.cores,
                valid_threads_per_core: (1..=family.threads_per_core).collect(),
            },
            memory_info: Memory { size_in_mib: t.memory_mib },
            instance_storage_supported: t.disk_gib > 0,
            instance_storage_info: (t.disk_gib > 0).then_some(Storage {
                total_size_in_gb: t.disk_gib,
                disks: [Disk { size_in_gb: t.disk_gib, count: 1, r#type: "hdd" }],
                nvme_support: "unsupported",
                encryption_support: "unsupported",
            }),
            ebs_info: EbsInfo {
                ebs_optimized_support: if t.ebs.is_some() { "default" } else { "unsupported" },
                encryption_support: "supported",
                ebs_optimized_info: t.ebs.map(|e| EbsOptimized {
                    baseline_bandwidth_in_mbps: e.baseline_mbps,
                    baseline_throughput: mbytes(e.baseline_mbps),
                    baseline_iops: e.baseline_iops,
                    maximum_bandwidth_in_mbps: e.maximum_mbps,
                    maximum_throughput: mbytes(e.maximum_mbps),
                    maximum_iops: e.maximum_iops,
                }),
                nvme_support: if nitro { "required" } else { "unsupported" },
                maximum_ebs_attachments: family.attachments,
                attachment_limit_type: "shared",
            },
            network_info: Network {
                network_performance: &t.network,
                maximum_network_interfaces: t.interfaces,
                maximum_network_cards: 1,
                default_network_card_index: 0,
                network_cards: [Card {
                    network_card_index: 0,
                    network_performance: &t.network,
                    maximum_network_interfaces: t.interfaces,
                }],
                ipv4_addresses_per_interface: t.addresses,
                ipv6_addresses_per_interface: 0,
                ipv6_supported: false,
                ena_support: &family.ena,
                efa_supported: false,
                encryption_in_transit_supported: false,
                ena_srd_supported: false,
            },
            placement_group_info: Placement { supported_strategies: &family.placement },
            hibernation_supported: false,
            burstable_performance_supported: family.burstable,
            dedicated_hosts_supported: false,
            auto_recovery_supported: false,
            supported_boot_modes: &family.boot_modes,
            nitro_enclaves_support: supported(false),
            nitro_tpm_support: supported(false),
            phc_support: supported(false),
            reboot_migration_support: supported(false),
            supported_in_region: true,
        }
    }
}

impl Detail {
    fn new(item: &Item) -> Detail {
        Detail {
            name: item.instance_type,
            cpu: item.v_cpu_info.default_vcpus,
            disk: item.instance_storage_info.as_ref().map_or(0, |storage| storage.total_size_in_gb),
            memory: item.memory_info.size_in_mib,
            network_interfaces: item.network_info.maximum_network_interfaces,
        }
    }
}

fn number<'a>(n: impl std::fmt::Display) -> Vec<Cow<'a, str>> {
    vec![n.to_string().into()]
}

fn each(texts: &[String]) -> Vec<Cow<'_, str>> {
    texts.iter().map(|t| t.as_str().into()).collect()
}

impl Filtered for Item {
    const FILTERS: &'static [(&'static str, Values<Self>)] = &[
        ("auto-recovery-supported", |t| flag(t.auto_recovery_supported)),
        ("bare-metal", |t| flag(t.bare_metal)),
        ("burstable-performance-supported", |t| flag(t.burstable_performance_supported)),
        ("current-generation", |t| flag(t.current_generation)),
        ("dedicated-hosts-supported", |t| flag(t.dedicated_hosts_supported)),
        ("ebs-info.ebs-optimized-support", |t| vec![t.ebs_info.ebs_optimized_support.into()]),
        ("ebs-info.encryption-support", |t| vec![t.ebs_info.encryption_support.into()]),
        ("ebs-info.nvme-support", |t| vec![t.ebs_info.nvme_support.into()]),
        ("free-tier-eligible", |t| flag(t.free_tier_eligible)),
        ("hibernation-supported", |t| flag(t.hibernation_supported)),
        ("hypervisor", |t| vec![t.hypervisor.into()]),
        ("instance-storage-info.disk.type", |t| t.instance_storage_info.iter().map(|_| "hdd".into()).collect()),
        ("instance-storage-supported", |t| flag(t.instance_storage_supported)),
        ("instance-type", |t| vec![t.instance_type.into()]),
        ("memory-info.size-in-mib", |t| number(t.memory_info.size_in_mib)),
        ("network-info.efa-supported", |t| flag(t.network_info.efa_supported)),
        ("network-info.ena-support", |t| vec![t.network_info.ena_support.into()]),
        ("network-info.ipv4-addresses-per-interface", |t| number(t.network_info.ipv4_addresses_per_interface)),
        ("network-info.ipv6-addresses-per-interface", |t| number(t.network_info.ipv6_addresses_per_interface)),
        ("network-info.ipv6-supported", |t| flag(t.network_info.ipv6_supported)),
        ("network-info.maximum-network-cards", |t| number(t.network_info.maximum_network_cards)),
        ("network-info.maximum-network-interfaces", |t| number(t.network_info.maximum_network_interfaces)),
        ("network-info.network-performance", |t| vec![t.network_info.network_performance.into()]),
        ("nitro-enclaves-support", |t| vec![t.nitro_enclaves_support.into()]),
        ("nitro-tpm-support", |t| vec![t.nitro_tpm_support.into()]),
        ("processor-info.supported-architecture", |t| each(t.processor_info.supported_architectures)),
        ("processor-info.sustained-clock-speed-in-ghz", |t| number(t.processor_info.sustained_clock_speed_in_ghz)),
        ("supported-boot-mode", |t| each(t.supported_boot_modes)),
        ("supported-root-device-type", |t| t.supported_root_device_types.iter().map(|d| (*d).into()).collect()),
        ("supported-usage-class", |t| t.supported_usage_classes.iter().map(|c| (*c).into()).collect()),
        ("supported-virtualization-type", |t| t.supported_virtualization_types.iter().map(|v| (*v).into()).collect()),
        ("vcpu-info.default-cores", |t| number(t.v_cpu_info.default_cores)),
        ("vcpu-info.default-threads-per-core", |t| number(t.v_cpu_info.default_threads_per_core)),
        ("vcpu-info.default-vcpus", |t| number(t.v_cpu_info.default_vcpus)),
        ("vcpu-info.valid-cores", |t| t.v_cpu_info.valid_cores.iter().map(|c| c.to_string().into()).collect()),
        ("vcpu-info.valid-threads-per-core", |t| {
            t.v_cpu_info.valid_threads_per_core.iter().map(|c| c.to_string().into()).collect()
        }),
    ];
}

impl Action for DescribeInstanceTypes {
    const NAME: &'static str = "DescribeInstanceTypes";
    /// Every type is in every region; `Availability` is what Eucalyptus' tools add.
    const IGNORED: &'static [&'static str] = &["IncludeUnsupportedInRegion", "Availability"];
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(DescribeInstanceTypes {
            names: p.list("InstanceType").into_iter().map(str::to_owned).collect(),
            filters: Filters::read(p)?,
            page: Page::within(p, None, 5..=100)?,
        })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        if let Some(name) = self.names.iter().find(|name| types::find(name).is_none()) {
            return Err(Error::InstanceType(name.clone()));
        }
        let items = types::all()
            .iter()
            .filter(|t| self.names.is_empty() || self.names.contains(&t.name))
            .map(Item::new)
            .filter(|item| self.filters.accept(item))
            .collect();
        let (instance_type_set, next_token) = self.page.cut(items, |t| t.instance_type.to_owned());
        let details = |items: &[Item]| items.iter().map(Detail::new).collect();
        let instance_type_details = (cx.version.as_str() < SINCE).then(|| details(&instance_type_set));
        Ok(Output { instance_type_set, instance_type_details, next_token })
    }
}

#[cfg(test)]
mod tests {
    use crate::ec2::tests::Bench;

    #[tokio::test]
    async fn types_are_found_by_name_and_by_what_they_can() {
        let bench = Bench::new();
        let t3 = bench.call("Action=DescribeInstanceTypes&InstanceType.1=t3.micro").await;
        assert_eq!((t3.get("defaultVCpus"), t3.get("sizeInMiB")), (Some("2"), Some("1024")));
        assert_eq!(
            bench.call("Action=DescribeInstanceTypes&InstanceType.1=t9.none").await.code(),
            "InvalidInstanceType"
        );
        let filter = "Filter.1.Name=instance-type&Filter.1.Value.1=m1.*&Filter.2.Name=memory-info.size-in-mib&Filter.2.Value.1=512";
        assert_eq!(
            bench.call(&format!("Action=DescribeInstanceTypes&{filter}")).await.all("instanceType"),
            ["m1.tiny"]
        );
        assert_eq!(bench.call("Action=DescribeInstanceTypes&MaxResults=101").await.code(), "InvalidParameterValue");
    }
}
