//! An instance as EC2 writes it, in reservations.

use super::filter::{Filtered, Values, flag};
use super::images::{StateReason, platform_details, root_device_type};
use super::interfaces::{Address, Association, Interface, Operator};
use super::profiles::ProfileItem;
use super::zone;
use crate::clock;
use crate::compute::capacity::Wish;
use crate::compute::state::State;
use crate::compute::{Cpu, Instance, MetadataOptions};
use crate::db::tags::Tag;
use crate::db::volumes::AttachmentRow;
use crate::network::groups::GroupRef;
use crate::network::{Nic, PrivateName, PublicName};
use crate::wire::ec2_xml::{Text, Time};
use serde::Serialize;
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::{self, Display};
use std::net::Ipv4Addr;

/// An instance with its tags. What an answer shows of it ([`InstanceItem`]) is made where it is written, and borrows from it.
pub struct Shown {
    instance: Instance,
    tags: Vec<Tag>,
}

impl Serialize for Shown {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        self.item().serialize(s)
    }
}

/// One launch: what RunInstances answers and DescribeInstances lists.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reservation {
    reservation_id: String,
    owner_id: String,
    /// Groups of reservations are EC2-Classic's; instances have theirs.
    group_set: [(); 0],
    instances_set: Vec<Shown>,
}

impl Reservation {
    /// Instances into their reservations, in the order in which reservations first come.
    pub fn group(all: Vec<Shown>) -> Vec<Reservation> {
        let mut reservations: Vec<Reservation> = Vec::new();
        let mut place: HashMap<String, usize> = HashMap::new();
        for shown in all {
            let row = &shown.instance.row;
            let at = match place.get(&row.reservation_id) {
                Some(at) => *at,
                None => {
                    place.insert(row.reservation_id.clone(), reservations.len());
                    reservations.push(Reservation {
                        reservation_id: row.reservation_id.clone(),
                        owner_id: row.account.clone(),
                        group_set: [],
                        // Most have one, and instances are large.
                        instances_set: Vec::with_capacity(1),
                    });
                    reservations.len() - 1
                }
            };
            reservations[at].instances_set.push(shown);
        }
        reservations
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
pub struct GroupItem<S = String> {
    pub group_id: S,
    pub group_name: S,
}

impl<'a> From<&'a GroupRef> for GroupItem<&'a str> {
    fn from(group: &'a GroupRef) -> GroupItem<&'a str> {
        GroupItem { group_id: &group.id, group_name: &group.name }
    }
}

impl From<&GroupRef> for GroupItem {
    fn from(group: &GroupRef) -> GroupItem {
        GroupItem { group_id: group.id.clone(), group_name: group.name.clone() }
    }
}

/// One `<item>` of `instancesSet`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InstanceItem<'a> {
    instance_id: &'a str,
    image_id: &'a str,
    instance_state: StateItem,
    private_dns_name: Text<OrNothing<PrivateName<'a>>>,
    dns_name: Text<OrNothing<PublicName<'a>>>,
    reason: &'a str,
    key_name: Option<&'a str>,
    ami_launch_index: i64,
    product_codes: [(); 0],
    instance_type: &'a str,
    launch_time: Time,
    placement: Placement<'a>,
    kernel_id: Option<&'a str>,
    ramdisk_id: Option<&'a str>,
    platform: Option<&'a str>,
    platform_details: &'static str,
    monitoring: Monitoring,
    subnet_id: Option<&'a str>,
    vpc_id: Option<&'a str>,
    private_ip_address: Option<Ipv4Addr>,
    ip_address: Option<Ipv4Addr>,
    source_dest_check: Option<bool>,
    group_set: Vec<GroupItem<&'a str>>,
    state_reason: Option<StateReason<&'a str>>,
    architecture: &'a str,
    root_device_type: &'static str,
    root_device_name: &'a str,
    block_device_mapping: Vec<BlockDevice<&'a str>>,
    virtualization_type: &'static str,
    client_token: &'a str,
    iam_instance_profile: Option<ProfileItem<&'a str>>,
    instance_lifecycle: Option<&'static str>,
    spot_instance_request_id: Option<&'a str>,
    tag_set: &'a [Tag],
    hypervisor: &'static str,
    network_interface_set: Vec<Interface<'a>>,
    ebs_optimized: bool,
    ena_support: bool,
    cpu_options: CpuOptions,
    capacity_reservation_id: Option<&'a str>,
    capacity_reservation_specification: CapacityReservation<'a>,
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

/// An empty text where there is nothing: the element is there all the same.
struct OrNothing<T>(Option<T>);

impl<T: Display> Display for OrNothing<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|value| value.fmt(f))
    }
}

/// A volume of the instance.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BlockDevice<S = String> {
    device_name: S,
    ebs: InstanceVolume<S>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InstanceVolume<S> {
    volume_id: S,
    status: S,
    attach_time: Time,
    delete_on_termination: bool,
    ebs_card_index: u32,
}

impl<'a, S: From<&'a str>> From<&'a AttachmentRow> for BlockDevice<S> {
    fn from(a: &'a AttachmentRow) -> BlockDevice<S> {
        BlockDevice {
            device_name: a.device.as_str().into(),
            ebs: InstanceVolume {
                volume_id: a.volume.as_str().into(),
                status: a.state.as_str().into(),
                attach_time: Time(clock::from_ms(a.attached_at)),
                delete_on_termination: a.delete_too,
                ebs_card_index: 0,
            },
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Placement<'a> {
    affinity: Option<&'static str>,
    availability_zone: &'a str,
    availability_zone_id: Text<zone::Id<'a>>,
    group_name: &'a str,
    group_id: Option<&'a str>,
    partition_number: Option<u32>,
    host_id: Option<&'a str>,
    tenancy: &'a str,
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
struct CapacityReservation<'a> {
    capacity_reservation_preference: Option<&'static str>,
    capacity_reservation_target: Option<CapacityTarget<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CapacityTarget<'a> {
    capacity_reservation_id: &'a str,
}

impl<'a> From<&'a Wish> for CapacityReservation<'a> {
    fn from(wish: &'a Wish) -> CapacityReservation<'a> {
        let (preference, target) = match wish {
            Wish::Open => (Some("open"), None),
            Wish::None => (Some("none"), None),
            Wish::Only => (Some("capacity-reservations-only"), None),
            Wish::Target(id) => (None, Some(CapacityTarget { capacity_reservation_id: id })),
        };
        CapacityReservation { capacity_reservation_preference: preference, capacity_reservation_target: target }
    }
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

impl Shown {
    /// `tags` are the instance's.
    pub fn new(instance: Instance, tags: Vec<Tag>) -> Shown {
        Shown { instance, tags }
    }

    fn item(&self) -> InstanceItem<'_> {
        let Instance { row, spec, state, nics, volumes } = &self.instance;
        let nic = nics.first();
        let public = nic.and_then(|n| n.public_of(n.private_ip)).map(|p| p.ip);
        let launch_time = Time(clock::from_ms(row.launched_at));
        let (platform_details, usage_operation) = platform_details(spec.platform.as_deref());
        let (cpu, names, placed) =
            (Cpu::of(row, &spec.options), &spec.options.dns_names, spec.options.placement.as_ref());
        let affinity = if spec.options.host_affinity { "host" } else { "default" };
        let wanted = |yes| if yes { "default" } else { "disabled" };
        let reason = || StateReason { code: row.reason_code.as_str(), message: row.reason_message.as_str() };
        InstanceItem {
            instance_id: &row.id,
            image_id: &spec.image_id,
            instance_state: (*state).into(),
            private_dns_name: Text(OrNothing(nic.map(|n| PrivateName { region: &n.subnet.region, ip: n.private_ip }))),
            dns_name: Text(OrNothing(public.map(|ip| PublicName { region: &row.region, ip }))),
            reason: &row.transition,
            key_name: spec.key.as_ref().map(|k| k.name.as_str()),
            ami_launch_index: row.launch_index,
            product_codes: [],
            instance_type: &row.instance_type,
            launch_time,
            placement: Placement {
                affinity: spec.options.host.as_ref().map(|_| affinity),
                host_id: spec.options.host.as_deref(),
                availability_zone: &row.zone,
                availability_zone_id: Text(zone::Id(&row.zone)),
                group_name: placed.map_or("", |p| &p.name),
                group_id: placed.map(|p| p.id.as_str()),
                partition_number: placed.and_then(|p| p.partition),
                tenancy: &spec.options.tenancy,
            },
            kernel_id: spec.kernel_id.as_deref(),
            ramdisk_id: spec.ramdisk_id.as_deref(),
            platform: spec.platform.as_deref(),
            platform_details,
            monitoring: Monitoring { state: if spec.options.monitoring { "enabled" } else { "disabled" } },
            subnet_id: nic.map(|n| n.subnet.id.as_str()),
            vpc_id: nic.map(|n| n.subnet.vpc_id.as_str()),
            private_ip_address: nic.map(|n| n.private_ip),
            ip_address: public,
            source_dest_check: nic.map(|n| n.details.source_dest_check),
            // A terminated instance has given its interfaces back, and its groups with them.
            group_set: self.instance.groups().iter().map(GroupItem::from).collect(),
            state_reason: (!row.reason_code.is_empty()).then(reason),
            architecture: &spec.architecture,
            root_device_type: root_device_type(spec.root_volume),
            root_device_name: &spec.root_device_name,
            block_device_mapping: volumes.iter().map(BlockDevice::from).collect(),
            virtualization_type: if spec.kernel_id.is_some() { "paravirtual" } else { "hvm" },
            client_token: spec.client_token.as_deref().unwrap_or_default(),
            iam_instance_profile: spec.profile.as_ref().map(ProfileItem::from),
            instance_lifecycle: spec.options.spot.as_ref().map(|_| "spot"),
            spot_instance_request_id: spec.options.spot.as_ref().map(|spot| spot.request.as_str()),
            tag_set: &self.tags,
            hypervisor: "xen",
            network_interface_set: nics.iter().map(Interface::new).collect(),
            ebs_optimized: spec.options.ebs_optimized,
            ena_support: true,
            cpu_options: CpuOptions { core_count: cpu.cores, threads_per_core: cpu.threads },
            capacity_reservation_id: self.instance.reservation().map(String::as_str),
            capacity_reservation_specification: (&spec.options.capacity).into(),
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
        }
    }

    /// The same as the answer to its launch says it: its volumes are still to come.
    pub fn begun(mut self) -> Shown {
        self.instance.volumes.clear();
        self
    }

    /// Sorts instances as they were launched, which is how their room gives them.
    pub fn key(&self) -> String {
        let row = &self.instance.row;
        let launched = Time(clock::from_ms(row.launched_at));
        format!("{launched} {} {:05}", row.reservation_id, row.launch_index)
    }
}

fn text<'a>(value: &'a str) -> Vec<Cow<'a, str>> {
    vec![value.into()]
}

fn opt(value: Option<&str>) -> Vec<Cow<'_, str>> {
    value.map(Cow::from).into_iter().collect()
}

fn written<'a>(value: impl Display) -> Vec<Cow<'a, str>> {
    vec![value.to_string().into()]
}

fn of_devices<'a>(i: &'a Shown, value: fn(&'a AttachmentRow) -> Vec<Cow<'a, str>>) -> Vec<Cow<'a, str>> {
    i.instance.volumes.iter().flat_map(value).collect()
}

fn of_interfaces<'a>(i: &'a Shown, value: fn(&Interface<'a>) -> Vec<Cow<'a, str>>) -> Vec<Cow<'a, str>> {
    i.instance.nics.iter().map(Interface::new).flat_map(|n| value(&n)).collect()
}

fn of_addresses<'a>(i: &'a Shown, value: fn(&Address<'a>) -> Vec<Cow<'a, str>>) -> Vec<Cow<'a, str>> {
    let interfaces = i.instance.nics.iter().map(Interface::new);
    interfaces.flat_map(|n| n.private_ip_addresses_set).flat_map(|a| value(&a)).collect()
}

fn of_public<'a>(i: &'a Shown, value: fn(&Association<'a>) -> Vec<Cow<'a, str>>) -> Vec<Cow<'a, str>> {
    let interfaces = i.instance.nics.iter().map(Interface::new);
    interfaces.flat_map(|n| n.private_ip_addresses_set).filter_map(|a| a.association).flat_map(|a| value(&a)).collect()
}

fn of_elastic<'a>(i: &'a Shown, value: fn(&'a (String, String)) -> &'a str) -> Vec<Cow<'a, str>> {
    let public = i.instance.nics.iter().flat_map(Nic::public_in_order);
    public.filter_map(|p| p.elastic.as_ref()).map(|ids| value(ids).into()).collect()
}

fn of_groups<'a>(i: &'a Shown, value: fn(&'a GroupRef) -> &'a str) -> Vec<Cow<'a, str>> {
    i.instance.nics.iter().flat_map(|n| n.groups.iter()).map(|g| value(g).into()).collect()
}

impl Filtered for Shown {
    const FILTERS: &'static [(&'static str, Values<Self>)] = &[
        ("affinity", |i| opt(i.item().placement.affinity)),
        ("architecture", |i| text(i.item().architecture)),
        ("availability-zone", |i| text(i.item().placement.availability_zone)),
        ("availability-zone-id", |i| written(i.item().placement.availability_zone_id)),
        ("block-device-mapping.attach-time", |i| of_devices(i, |d| written(Time(clock::from_ms(d.attached_at))))),
        ("block-device-mapping.delete-on-termination", |i| of_devices(i, |d| flag(d.delete_too))),
        ("block-device-mapping.device-name", |i| of_devices(i, |d| text(&d.device))),
        ("block-device-mapping.status", |i| of_devices(i, |d| text(&d.state))),
        ("block-device-mapping.volume-id", |i| of_devices(i, |d| text(&d.volume))),
        ("boot-mode", |i| text(i.item().boot_mode)),
        ("capacity-reservation-id", |i| opt(i.item().capacity_reservation_id)),
        ("capacity-reservation-specification.capacity-reservation-preference", |i| {
            opt(i.item().capacity_reservation_specification.capacity_reservation_preference)
        }),
        ("client-token", |i| text(i.item().client_token)),
        ("current-instance-boot-mode", |i| text(i.item().current_instance_boot_mode)),
        ("dns-name", |i| written(i.item().dns_name)),
        ("ebs-optimized", |i| flag(i.item().ebs_optimized)),
        ("ena-support", |i| flag(i.item().ena_support)),
        ("enclave-options.enabled", |i| flag(i.item().enclave_options.enabled)),
        ("group-id", |i| i.instance.groups().iter().map(|g| g.id.as_str().into()).collect()),
        ("group-name", |i| i.instance.groups().iter().map(|g| g.name.as_str().into()).collect()),
        ("hibernation-options.configured", |i| flag(i.item().hibernation_options.configured)),
        ("host-id", |i| opt(i.item().placement.host_id)),
        ("hypervisor", |i| text(i.item().hypervisor)),
        ("iam-instance-profile.arn", |i| opt(i.item().iam_instance_profile.map(|p| p.arn))),
        ("iam-instance-profile.id", |i| opt(i.item().iam_instance_profile.map(|p| p.id))),
        ("image-id", |i| text(i.item().image_id)),
        ("instance-id", |i| text(i.item().instance_id)),
        ("instance-lifecycle", |i| opt(i.item().instance_lifecycle)),
        ("instance-state-code", |i| written(i.item().instance_state.code)),
        ("instance-state-name", |i| text(i.item().instance_state.name)),
        ("instance-type", |i| text(i.item().instance_type)),
        ("instance.group-id", |i| i.instance.groups().iter().map(|g| g.id.as_str().into()).collect()),
        ("instance.group-name", |i| i.instance.groups().iter().map(|g| g.name.as_str().into()).collect()),
        ("ip-address", |i| i.item().ip_address.map(written).unwrap_or_default()),
        ("ipv6-address", |_| vec![]),
        ("kernel-id", |i| opt(i.item().kernel_id)),
        ("key-name", |i| opt(i.item().key_name)),
        ("launch-index", |i| written(i.item().ami_launch_index)),
        ("launch-time", |i| written(i.item().launch_time)),
        ("maintenance-options.auto-recovery", |i| text(i.item().maintenance_options.auto_recovery)),
        ("metadata-options.http-endpoint", |i| text(i.item().metadata_options.http_endpoint)),
        ("metadata-options.http-put-response-hop-limit", |i| {
            written(i.item().metadata_options.http_put_response_hop_limit)
        }),
        ("metadata-options.http-tokens", |i| text(i.item().metadata_options.http_tokens)),
        ("metadata-options.instance-metadata-tags", |i| text(i.item().metadata_options.instance_metadata_tags)),
        ("monitoring-state", |i| text(i.item().monitoring.state)),
        ("network-interface.addresses.association.allocation-id", |i| of_elastic(i, |ids| &ids.0)),
        ("network-interface.addresses.association.association-id", |i| of_elastic(i, |ids| &ids.1)),
        ("network-interface.addresses.association.carrier-ip", |_| vec![]),
        ("network-interface.addresses.association.customer-owned-ip", |_| vec![]),
        ("network-interface.addresses.association.ip-owner-id", |i| of_public(i, |a| text(a.ip_owner_id))),
        ("network-interface.addresses.association.public-dns-name", |i| of_public(i, |a| written(a.public_dns_name))),
        ("network-interface.addresses.association.public-ip", |i| of_public(i, |a| written(a.public_ip))),
        ("network-interface.association.allocation-id", |i| of_elastic(i, |ids| &ids.0)),
        ("network-interface.association.association-id", |i| of_elastic(i, |ids| &ids.1)),
        ("network-interface.association.carrier-ip", |_| vec![]),
        ("network-interface.association.customer-owned-ip", |_| vec![]),
        ("network-interface.association.ip-owner-id", |i| of_public(i, |a| text(a.ip_owner_id))),
        ("network-interface.association.public-dns-name", |i| of_public(i, |a| written(a.public_dns_name))),
        ("network-interface.association.public-ip", |i| of_public(i, |a| written(a.public_ip))),
        ("network-interface.addresses.primary", |i| of_addresses(i, |a| flag(a.primary))),
        ("network-interface.addresses.private-ip-address", |i| of_addresses(i, |a| written(a.private_ip_address))),
        ("network-interface.attachment.attachment-id", |i| of_interfaces(i, |n| written(n.attachment.attachment_id))),
        ("network-interface.attachment.delete-on-termination", |i| {
            of_interfaces(i, |n| flag(n.attachment.delete_on_termination))
        }),
        ("network-interface.attachment.device-index", |i| of_interfaces(i, |n| written(n.attachment.device_index))),
        ("network-interface.attachment.instance-id", |i| text(i.item().instance_id)),
        ("network-interface.attachment.status", |i| of_interfaces(i, |n| text(n.attachment.status))),
        ("network-interface.availability-zone", |i| text(i.item().placement.availability_zone)),
        ("network-interface.description", |i| of_interfaces(i, |n| text(n.description))),
        ("network-interface.group-id", |i| of_groups(i, |g| &g.id)),
        ("network-interface.group-name", |i| of_groups(i, |g| &g.name)),
        ("network-interface.mac-address", |i| of_interfaces(i, |n| written(n.mac_address))),
        ("network-interface.network-interface-id", |i| of_interfaces(i, |n| text(n.network_interface_id))),
        ("network-interface.operator.managed", |i| of_interfaces(i, |n| flag(n.operator.managed))),
        ("network-interface.operator.principal", |_| vec![]),
        ("network-interface.owner-id", |i| of_interfaces(i, |n| text(n.owner_id))),
        ("network-interface.private-dns-name", |i| of_interfaces(i, |n| written(n.private_dns_name))),
        ("network-interface.source-dest-check", |i| of_interfaces(i, |n| flag(n.source_dest_check))),
        ("network-interface.status", |i| of_interfaces(i, |n| text(n.status))),
        ("network-interface.subnet-id", |i| of_interfaces(i, |n| text(n.subnet_id))),
        ("network-interface.vpc-id", |i| of_interfaces(i, |n| text(n.vpc_id))),
        ("network-performance-options.bandwidth-weighting", |i| {
            text(i.item().network_performance_options.bandwidth_weighting)
        }),
        ("operator.managed", |i| flag(i.item().operator.managed)),
        ("operator.principal", |_| vec![]),
        ("outpost-arn", |_| vec![]),
        ("owner-id", |i| text(&i.instance.row.account)),
        ("placement-group-name", |i| text(i.item().placement.group_name)),
        ("placement-partition-number", |i| i.item().placement.partition_number.map(written).unwrap_or_default()),
        ("platform", |i| opt(i.item().platform)),
        ("platform-details", |i| text(i.item().platform_details)),
        ("private-dns-name", |i| written(i.item().private_dns_name)),
        ("private-dns-name-options.hostname-type", |i| opt(i.item().private_dns_name_options.map(|o| o.hostname_type))),
        ("private-ip-address", |i| i.item().private_ip_address.map(written).unwrap_or_default()),
        ("product-code", |_| vec![]),
        ("product-code.type", |_| vec![]),
        ("ramdisk-id", |i| opt(i.item().ramdisk_id)),
        ("reason", |i| text(i.item().reason)),
        ("requester-id", |_| vec![]),
        ("reservation-id", |i| text(&i.instance.row.reservation_id)),
        ("root-device-name", |i| text(i.item().root_device_name)),
        ("root-device-type", |i| text(i.item().root_device_type)),
        ("source-dest-check", |i| i.item().source_dest_check.map(flag).unwrap_or_default()),
        ("spot-instance-request-id", |i| opt(i.item().spot_instance_request_id)),
        ("state-reason-code", |i| opt(i.item().state_reason.map(|r| r.code))),
        ("state-reason-message", |i| opt(i.item().state_reason.map(|r| r.message))),
        ("subnet-id", |i| opt(i.item().subnet_id)),
        ("tenancy", |i| text(i.item().placement.tenancy)),
        ("usage-operation", |i| text(i.item().usage_operation)),
        ("usage-operation-update-time", |i| written(i.item().usage_operation_update_time)),
        ("virtualization-type", |i| text(i.item().virtualization_type)),
        ("vpc-id", |i| opt(i.item().vpc_id)),
    ];
    const TAGGED: bool = true;
    fn tags(&self) -> Option<&[Tag]> {
        Some(&self.tags)
    }
}
