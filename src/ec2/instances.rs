//! An instance as EC2 writes it, in reservations.

use super::filter::{Filtered, Values, flag, maybe};
use super::images::{StateReason, platform_details, root_device_type};
use super::interfaces::{Address, Association, Interface, Operator};
use super::profiles::ProfileItem;
use super::zone;
use crate::clock;
use crate::compute::state::State;
use crate::compute::{Cpu, Instance, MetadataOptions};
use crate::db::tags::Tag;
use crate::db::volumes::AttachmentRow;
use crate::network::groups::GroupRef;
use crate::network::{Nic, public_dns_name};
use crate::wire::ec2_xml::Time;
use serde::Serialize;
use std::borrow::Cow;
use std::collections::HashMap;

/// One launch: what RunInstances answers and DescribeInstances lists.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reservation {
    reservation_id: String,
    owner_id: String,
    /// Groups of reservations are EC2-Classic's; instances have theirs.
    group_set: Vec<GroupItem>,
    instances_set: Vec<InstanceItem>,
}

impl Reservation {
    /// Instances into their reservations, in the order in which reservations first come.
    pub fn group(items: Vec<InstanceItem>) -> Vec<Reservation> {
        let mut all: Vec<Reservation> = Vec::new();
        let mut place: HashMap<String, usize> = HashMap::new();
        for item in items {
            let at = *place.entry(item.reservation_id.clone()).or_insert(all.len());
            if at == all.len() {
                all.push(Reservation {
                    reservation_id: item.reservation_id.clone(),
                    owner_id: item.owner_id.clone(),
                    group_set: Vec::new(),
                    // Most have one, and items are large.
                    instances_set: Vec::with_capacity(1),
                });
            }
            all[at].instances_set.push(item);
        }
        all
    }
}

/// A state with its code.
#[derive(Serialize)]
pub struct StateItem {
    code: u16,
    name: &'static str,
}

impl From<State> for StateItem {
    fn from(state: State) -> StateItem {
        StateItem { code: state.code(), name: state.text() }
    }
}

#[derive(Serialize, Clone)]
#[serde(rename_all = "camelCase")]
pub struct GroupItem {
    pub group_id: String,
    pub group_name: String,
}

impl From<&GroupRef> for GroupItem {
    fn from(group: &GroupRef) -> GroupItem {
        GroupItem { group_id: group.id.clone(), group_name: group.name.clone() }
    }
}

/// One `<item>` of `instancesSet`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InstanceItem {
    #[serde(skip)]
    reservation_id: String,
    #[serde(skip)]
    owner_id: String,
    pub instance_id: String,
    image_id: String,
    instance_state: StateItem,
    private_dns_name: String,
    dns_name: String,
    reason: String,
    key_name: Option<String>,
    ami_launch_index: i64,
    product_codes: Vec<String>,
    instance_type: String,
    launch_time: Time,
    placement: Placement,
    kernel_id: Option<String>,
    ramdisk_id: Option<String>,
    platform: Option<String>,
    platform_details: &'static str,
    monitoring: Monitoring,
    subnet_id: Option<String>,
    vpc_id: Option<String>,
    private_ip_address: Option<String>,
    ip_address: Option<String>,
    source_dest_check: Option<bool>,
    group_set: Vec<GroupItem>,
    state_reason: Option<StateReason>,
    architecture: String,
    root_device_type: &'static str,
    root_device_name: String,
    block_device_mapping: Vec<BlockDevice>,
    virtualization_type: &'static str,
    client_token: String,
    iam_instance_profile: Option<ProfileItem>,
    instance_lifecycle: Option<&'static str>,
    spot_instance_request_id: Option<String>,
    tag_set: Vec<Tag>,
    hypervisor: &'static str,
    network_interface_set: Vec<Interface>,
    ebs_optimized: bool,
    ena_support: bool,
    cpu_options: CpuOptions,
    capacity_reservation_specification: CapacityReservation,
    hibernation_options: HibernationOptions,
    metadata_options: MetadataItem,
    enclave_options: EnclaveOptions,
    boot_mode: &'static str,
    current_instance_boot_mode: &'static str,
    usage_operation: &'static str,
    usage_operation_update_time: Time,
    private_dns_name_options: Option<DnsOptions>,
    maintenance_options: MaintenanceOptions,
    network_performance_options: NetworkPerformance,
    operator: Operator,
}

/// A volume of the instance.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BlockDevice {
    device_name: String,
    ebs: InstanceVolume,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InstanceVolume {
    volume_id: String,
    status: String,
    attach_time: Time,
    delete_on_termination: bool,
    ebs_card_index: u32,
}

impl BlockDevice {
    pub fn new(a: AttachmentRow) -> BlockDevice {
        BlockDevice {
            device_name: a.device,
            ebs: InstanceVolume {
                volume_id: a.volume,
                status: a.state,
                attach_time: Time(clock::from_ms(a.attached_at)),
                delete_on_termination: a.delete_too,
                ebs_card_index: 0,
            },
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Placement {
    affinity: Option<&'static str>,
    availability_zone: String,
    availability_zone_id: String,
    group_name: String,
    group_id: Option<String>,
    partition_number: Option<u32>,
    host_id: Option<String>,
    tenancy: String,
}

#[derive(Serialize)]
pub struct Monitoring {
    pub state: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CpuOptions {
    core_count: u32,
    threads_per_core: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CapacityReservation {
    capacity_reservation_preference: &'static str,
}

#[derive(Serialize)]
struct HibernationOptions {
    configured: bool,
}

#[derive(Serialize)]
struct EnclaveOptions {
    enabled: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MaintenanceOptions {
    auto_recovery: &'static str,
    reboot_migration: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NetworkPerformance {
    bandwidth_weighting: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DnsOptions {
    hostname_type: &'static str,
    enable_resource_name_dns_a_record: bool,
    #[serde(rename = "enableResourceNameDnsAAAARecord")]
    enable_resource_name_dns_aaaa_record: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MetadataItem {
    state: &'static str,
    http_tokens: &'static str,
    http_put_response_hop_limit: u32,
    http_endpoint: &'static str,
    http_protocol_ipv6: &'static str,
    instance_metadata_tags: &'static str,
}

impl MetadataItem {
    /// `state` is `applied`, or `pending` in the answer to a change.
    pub fn new(options: &MetadataOptions, state: &'static str) -> MetadataItem {
        let able = |on| if on { "enabled" } else { "disabled" };
        MetadataItem {
            state,
            http_tokens: if options.tokens_required { "required" } else { "optional" },
            http_put_response_hop_limit: options.hop_limit,
            http_endpoint: able(options.enabled),
            http_protocol_ipv6: "disabled",
            instance_metadata_tags: able(options.tags),
        }
    }
}

impl InstanceItem {
    /// `tags` are the instance's.
    pub fn new(instance: Instance, tags: Vec<Tag>) -> InstanceItem {
        let Instance { row, spec, state, nics, volumes } = instance;
        let nic = nics.first();
        let public = nic.and_then(|n| n.public_of(n.private_ip)).map(|p| p.ip);
        let launch_time = Time(clock::from_ms(row.launched_at));
        let groups: Vec<GroupItem> = nic.iter().flat_map(|n| &n.groups).map(GroupItem::from).collect();
        let (platform_details, usage_operation) = platform_details(spec.platform.as_deref());
        let source_dest_check = nic.map(|n| n.details.source_dest_check);
        let (cpu, names) = (Cpu::of(&row, &spec.options), spec.options.dns_names.clone());
        let wanted = |yes| if yes { "default" } else { "disabled" };
        let reason = || StateReason { code: row.reason_code.clone(), message: row.reason_message.clone() };
        InstanceItem {
            instance_state: state.into(),
            private_dns_name: nic.map(Nic::private_dns_name).unwrap_or_default(),
            dns_name: public.map(|ip| public_dns_name(&row.region, ip)).unwrap_or_default(),
            ip_address: public.map(|ip| ip.to_string()),
            state_reason: (!row.reason_code.is_empty()).then(reason),
            reason: row.transition,
            key_name: spec.key.map(|k| k.name),
            ami_launch_index: row.launch_index,
            product_codes: Vec::new(),
            launch_time,
            placement: Placement {
                affinity: spec
                    .options
                    .host
                    .as_ref()
                    .map(|_| if spec.options.host_affinity { "host" } else { "default" }),
                host_id: spec.options.host.clone(),
                availability_zone_id: zone::id(&row.zone),
                availability_zone: row.zone,
                group_id: spec.options.placement.as_ref().map(|p| p.id.clone()),
                partition_number: spec.options.placement.as_ref().and_then(|p| p.partition),
                group_name: spec.options.placement.map(|p| p.name).unwrap_or_default(),
                tenancy: spec.options.tenancy.clone(),
            },
            virtualization_type: if spec.kernel_id.is_some() { "paravirtual" } else { "hvm" },
            kernel_id: spec.kernel_id,
            ramdisk_id: spec.ramdisk_id,
            platform: spec.platform,
            platform_details,
            monitoring: Monitoring { state: if spec.options.monitoring { "enabled" } else { "disabled" } },
            subnet_id: nic.map(|n| n.subnet.id.clone()),
            vpc_id: nic.map(|n| n.subnet.vpc_id.clone()),
            private_ip_address: nic.map(|n| n.private_ip.to_string()),
            source_dest_check,
            architecture: spec.architecture,
            root_device_type: root_device_type(spec.root_volume),
            root_device_name: spec.root_device_name,
            block_device_mapping: volumes.into_iter().map(BlockDevice::new).collect(),
            client_token: spec.client_token.unwrap_or_default(),
            instance_lifecycle: spec.options.spot.as_ref().map(|_| "spot"),
            spot_instance_request_id: spec.options.spot.as_ref().map(|spot| spot.request.clone()),
            iam_instance_profile: spec.profile.as_ref().map(ProfileItem::from),
            tag_set: tags,
            hypervisor: "xen",
            network_interface_set: nics.iter().map(Interface::new).collect(),
            // A terminated instance has given its interfaces back, and its groups with them.
            group_set: groups,
            ebs_optimized: spec.options.ebs_optimized,
            ena_support: true,
            cpu_options: CpuOptions { core_count: cpu.cores, threads_per_core: cpu.threads },
            capacity_reservation_specification: CapacityReservation { capacity_reservation_preference: "open" },
            hibernation_options: HibernationOptions { configured: false },
            metadata_options: MetadataItem::new(&spec.options.metadata, "applied"),
            enclave_options: EnclaveOptions { enabled: false },
            boot_mode: "legacy-bios",
            current_instance_boot_mode: "legacy-bios",
            usage_operation,
            usage_operation_update_time: launch_time,
            private_dns_name_options: nic.is_some().then_some(DnsOptions {
                hostname_type: if names.by_resource { "resource-name" } else { "ip-name" },
                enable_resource_name_dns_a_record: names.a_record,
                enable_resource_name_dns_aaaa_record: false,
            }),
            maintenance_options: MaintenanceOptions {
                auto_recovery: wanted(!spec.options.no_auto_recovery),
                reboot_migration: wanted(!spec.options.no_reboot_migration),
            },
            network_performance_options: NetworkPerformance { bandwidth_weighting: "default" },
            operator: Operator::NOBODY,
            reservation_id: row.reservation_id,
            owner_id: row.account,
            instance_id: row.id,
            instance_type: row.instance_type,
            image_id: spec.image_id,
        }
    }

    /// The same as the answer to its launch says it: its volumes are still to come.
    pub fn begun(self) -> InstanceItem {
        InstanceItem { block_device_mapping: Vec::new(), ..self }
    }

    /// Sorts instances as they were launched.
    pub fn key(&self) -> String {
        format!("{} {} {:05}", self.launch_time, self.reservation_id, self.ami_launch_index)
    }
}

fn text<'a>(value: &'a str) -> Vec<Cow<'a, str>> {
    vec![value.into()]
}

fn of_devices<'a>(i: &'a InstanceItem, value: fn(&'a BlockDevice) -> Cow<'a, str>) -> Vec<Cow<'a, str>> {
    i.block_device_mapping.iter().map(value).collect()
}

fn of_interfaces<'a>(i: &'a InstanceItem, value: fn(&'a Interface) -> Cow<'a, str>) -> Vec<Cow<'a, str>> {
    i.network_interface_set.iter().map(value).collect()
}

fn of_addresses<'a>(i: &'a InstanceItem, value: fn(&'a Address) -> Vec<Cow<'a, str>>) -> Vec<Cow<'a, str>> {
    i.network_interface_set.iter().flat_map(|n| &n.private_ip_addresses_set).flat_map(value).collect()
}

fn of_public<'a>(i: &'a InstanceItem, value: fn(&'a Association) -> &'a str) -> Vec<Cow<'a, str>> {
    let addresses = i.network_interface_set.iter().flat_map(|n| &n.private_ip_addresses_set);
    addresses.filter_map(|a| a.association.as_ref()).map(|a| value(a).into()).collect()
}

fn of_elastic<'a>(i: &'a InstanceItem, value: fn(&'a (String, String)) -> &'a str) -> Vec<Cow<'a, str>> {
    let addresses = i.network_interface_set.iter().flat_map(|n| &n.private_ip_addresses_set);
    let associations = addresses.filter_map(|a| a.association.as_ref());
    associations.filter_map(|a| a.public.elastic.as_ref()).map(|ids| value(ids).into()).collect()
}

fn of_groups<'a>(i: &'a InstanceItem, value: fn(&'a GroupItem) -> &'a str) -> Vec<Cow<'a, str>> {
    i.network_interface_set.iter().flat_map(|n| &n.group_set).map(|g| value(g).into()).collect()
}

impl Filtered for InstanceItem {
    const FILTERS: &'static [(&'static str, Values<Self>)] = &[
        ("affinity", |i| i.placement.affinity.iter().map(|a| (*a).into()).collect()),
        ("architecture", |i| text(&i.architecture)),
        ("availability-zone", |i| text(&i.placement.availability_zone)),
        ("availability-zone-id", |i| text(&i.placement.availability_zone_id)),
        ("block-device-mapping.attach-time", |i| of_devices(i, |d| d.ebs.attach_time.to_string().into())),
        ("block-device-mapping.delete-on-termination", |i| {
            i.block_device_mapping.iter().flat_map(|d| flag(d.ebs.delete_on_termination)).collect()
        }),
        ("block-device-mapping.device-name", |i| of_devices(i, |d| d.device_name.as_str().into())),
        ("block-device-mapping.status", |i| of_devices(i, |d| d.ebs.status.as_str().into())),
        ("block-device-mapping.volume-id", |i| of_devices(i, |d| d.ebs.volume_id.as_str().into())),
        ("boot-mode", |i| text(i.boot_mode)),
        ("capacity-reservation-id", |_| vec![]),
        ("capacity-reservation-specification.capacity-reservation-preference", |i| {
            text(i.capacity_reservation_specification.capacity_reservation_preference)
        }),
        ("client-token", |i| text(&i.client_token)),
        ("current-instance-boot-mode", |i| text(i.current_instance_boot_mode)),
        ("dns-name", |i| text(&i.dns_name)),
        ("ebs-optimized", |i| flag(i.ebs_optimized)),
        ("ena-support", |i| flag(i.ena_support)),
        ("enclave-options.enabled", |i| flag(i.enclave_options.enabled)),
        ("group-id", |i| i.group_set.iter().map(|g| g.group_id.as_str().into()).collect()),
        ("group-name", |i| i.group_set.iter().map(|g| g.group_name.as_str().into()).collect()),
        ("hibernation-options.configured", |i| flag(i.hibernation_options.configured)),
        ("host-id", |i| maybe(&i.placement.host_id)),
        ("hypervisor", |i| text(i.hypervisor)),
        ("iam-instance-profile.arn", |i| i.iam_instance_profile.iter().map(|p| p.arn.as_str().into()).collect()),
        ("iam-instance-profile.id", |i| i.iam_instance_profile.iter().map(|p| p.id.as_str().into()).collect()),
        ("image-id", |i| text(&i.image_id)),
        ("instance-id", |i| text(&i.instance_id)),
        ("instance-lifecycle", |i| i.instance_lifecycle.iter().map(|l| (*l).into()).collect()),
        ("instance-state-code", |i| vec![i.instance_state.code.to_string().into()]),
        ("instance-state-name", |i| text(i.instance_state.name)),
        ("instance-type", |i| text(&i.instance_type)),
        ("instance.group-id", |i| i.group_set.iter().map(|g| g.group_id.as_str().into()).collect()),
        ("instance.group-name", |i| i.group_set.iter().map(|g| g.group_name.as_str().into()).collect()),
        ("ip-address", |i| maybe(&i.ip_address)),
        ("ipv6-address", |_| vec![]),
        ("kernel-id", |i| maybe(&i.kernel_id)),
        ("key-name", |i| maybe(&i.key_name)),
        ("launch-index", |i| vec![i.ami_launch_index.to_string().into()]),
        ("launch-time", |i| vec![i.launch_time.to_string().into()]),
        ("maintenance-options.auto-recovery", |i| text(i.maintenance_options.auto_recovery)),
        ("metadata-options.http-endpoint", |i| text(i.metadata_options.http_endpoint)),
        ("metadata-options.http-put-response-hop-limit", |i| {
            vec![i.metadata_options.http_put_response_hop_limit.to_string().into()]
        }),
        ("metadata-options.http-tokens", |i| text(i.metadata_options.http_tokens)),
        ("metadata-options.instance-metadata-tags", |i| text(i.metadata_options.instance_metadata_tags)),
        ("monitoring-state", |i| text(i.monitoring.state)),
        ("network-interface.addresses.association.allocation-id", |i| of_elastic(i, |ids| &ids.0)),
        ("network-interface.addresses.association.association-id", |i| of_elastic(i, |ids| &ids.1)),
        ("network-interface.addresses.association.carrier-ip", |_| vec![]),
        ("network-interface.addresses.association.customer-owned-ip", |_| vec![]),
        ("network-interface.addresses.association.ip-owner-id", |i| of_public(i, |a| &a.ip_owner_id)),
        ("network-interface.addresses.association.public-dns-name", |i| of_public(i, |a| &a.public_dns_name)),
        ("network-interface.addresses.association.public-ip", |i| of_public(i, |a| &a.public_ip)),
        ("network-interface.association.allocation-id", |i| of_elastic(i, |ids| &ids.0)),
        ("network-interface.association.association-id", |i| of_elastic(i, |ids| &ids.1)),
        ("network-interface.association.carrier-ip", |_| vec![]),
        ("network-interface.association.customer-owned-ip", |_| vec![]),
        ("network-interface.association.ip-owner-id", |i| of_public(i, |a| &a.ip_owner_id)),
        ("network-interface.association.public-dns-name", |i| of_public(i, |a| &a.public_dns_name)),
        ("network-interface.association.public-ip", |i| of_public(i, |a| &a.public_ip)),
        ("network-interface.addresses.primary", |i| of_addresses(i, |a| flag(a.primary))),
        ("network-interface.addresses.private-ip-address", |i| of_addresses(i, |a| text(&a.private_ip_address))),
        ("network-interface.attachment.attachment-id", |i| {
            of_interfaces(i, |n| n.attachment.attachment_id.as_str().into())
        }),
        ("network-interface.attachment.delete-on-termination", |i| {
            i.network_interface_set.iter().flat_map(|n| flag(n.attachment.delete_on_termination)).collect()
        }),
        ("network-interface.attachment.device-index", |i| {
            of_interfaces(i, |n| n.attachment.device_index.to_string().into())
        }),
        ("network-interface.attachment.instance-id", |i| text(&i.instance_id)),
        ("network-interface.attachment.status", |i| of_interfaces(i, |n| n.attachment.status.into())),
        ("network-interface.availability-zone", |i| text(&i.placement.availability_zone)),
        ("network-interface.description", |i| of_interfaces(i, |n| n.description.as_str().into())),
        ("network-interface.group-id", |i| of_groups(i, |g| g.group_id.as_str())),
        ("network-interface.group-name", |i| of_groups(i, |g| g.group_name.as_str())),
        ("network-interface.mac-address", |i| of_interfaces(i, |n| n.mac_address.as_str().into())),
        ("network-interface.network-interface-id", |i| of_interfaces(i, |n| n.network_interface_id.as_str().into())),
        ("network-interface.operator.managed", |i| {
            i.network_interface_set.iter().flat_map(|n| flag(n.operator.managed)).collect()
        }),
        ("network-interface.operator.principal", |_| vec![]),
        ("network-interface.owner-id", |i| of_interfaces(i, |n| n.owner_id.as_str().into())),
        ("network-interface.private-dns-name", |i| of_interfaces(i, |n| n.private_dns_name.as_str().into())),
        ("network-interface.source-dest-check", |i| {
            i.network_interface_set.iter().flat_map(|n| flag(n.source_dest_check)).collect()
        }),
        ("network-interface.status", |i| of_interfaces(i, |n| n.status.into())),
        ("network-interface.subnet-id", |i| of_interfaces(i, |n| n.subnet_id.as_str().into())),
        ("network-interface.vpc-id", |i| of_interfaces(i, |n| n.vpc_id.as_str().into())),
        ("network-performance-options.bandwidth-weighting", |i| {
            text(i.network_performance_options.bandwidth_weighting)
        }),
        ("operator.managed", |i| flag(i.operator.managed)),
        ("operator.principal", |_| vec![]),
        ("outpost-arn", |_| vec![]),
        ("owner-id", |i| text(&i.owner_id)),
        ("placement-group-name", |i| text(&i.placement.group_name)),
        ("placement-partition-number", |i| i.placement.partition_number.iter().map(|n| n.to_string().into()).collect()),
        ("platform", |i| maybe(&i.platform)),
        ("platform-details", |i| text(i.platform_details)),
        ("private-dns-name", |i| text(&i.private_dns_name)),
        ("private-dns-name-options.hostname-type", |i| {
            i.private_dns_name_options.iter().map(|o| o.hostname_type.into()).collect()
        }),
        ("private-ip-address", |i| maybe(&i.private_ip_address)),
        ("product-code", |_| vec![]),
        ("product-code.type", |_| vec![]),
        ("ramdisk-id", |i| maybe(&i.ramdisk_id)),
        ("reason", |i| text(&i.reason)),
        ("requester-id", |_| vec![]),
        ("reservation-id", |i| text(&i.reservation_id)),
        ("root-device-name", |i| text(&i.root_device_name)),
        ("root-device-type", |i| text(i.root_device_type)),
        ("source-dest-check", |i| i.source_dest_check.map(flag).unwrap_or_default()),
        ("spot-instance-request-id", |i| maybe(&i.spot_instance_request_id)),
        ("state-reason-code", |i| i.state_reason.iter().map(|r| r.code.as_str().into()).collect()),
        ("state-reason-message", |i| i.state_reason.iter().map(|r| r.message.as_str().into()).collect()),
        ("subnet-id", |i| maybe(&i.subnet_id)),
        ("tenancy", |i| text(&i.placement.tenancy)),
        ("usage-operation", |i| text(i.usage_operation)),
        ("usage-operation-update-time", |i| vec![i.usage_operation_update_time.to_string().into()]),
        ("virtualization-type", |i| text(i.virtualization_type)),
        ("vpc-id", |i| maybe(&i.vpc_id)),
    ];
    const TAGGED: bool = true;
    fn tags(&self) -> Option<&[Tag]> {
        Some(&self.tag_set)
    }
}
