//! An instance as EC2 writes it, in reservations.

mod filters;

use super::groups::GroupItem;
use super::images::{StateReason, platform_details, root_device_type};
use super::interfaces::{Interface, Operator};
use super::profiles::ProfileItem;
use super::zone;
use crate::clock;
use crate::compute::state::State;
use crate::compute::{Cpu, Instance, MetadataOptions, ReservationWish};
use crate::db::tags::Tag;
use crate::db::volumes::AttachmentRow;
use crate::network::groups::GroupRef;
use crate::network::{Nic, PrivateName, PublicName};
use crate::wire::ec2_xml::{Each, OrNothing, Text, Time};
use serde::Serialize;
use std::collections::HashMap;
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

/// Instances in the launches that they are of: what DescribeInstances lists. Those of one launch are beside each other.
pub struct Reservations(Vec<Shown>);

/// The instances of one launch, at least one: what RunInstances answers.
pub struct Launched(pub Vec<Shown>);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Reservation<'a> {
    reservation_id: &'a str,
    owner_id: &'a str,
    /// Groups of reservations are EC2-Classic's; instances have theirs.
    group_set: [(); 0],
    instances_set: &'a [Shown],
}

impl Reservations {
    /// Instances into their reservations, in the order in which reservations first come.
    pub fn group(mut all: Vec<Shown>) -> Reservations {
        let mut known: HashMap<&str, usize> = HashMap::with_capacity(all.len());
        let place = |shown| {
            let next = known.len();
            *known.entry(Shown::reservation(shown)).or_insert(next)
        };
        let places: Vec<usize> = all.iter().map(place).collect();
        // Who was started again comes later than those that were launched with it.
        if !places.is_sorted() {
            let mut placed: Vec<(usize, Shown)> = places.into_iter().zip(all).collect();
            placed.sort_by_key(|(place, _)| *place);
            all = placed.into_iter().map(|(_, shown)| shown).collect();
        }
        Reservations(all)
    }
}

impl<'a> Reservation<'a> {
    fn of(instances_set: &'a [Shown]) -> Reservation<'a> {
        let row = &instances_set[0].instance.row;
        Reservation { reservation_id: &row.reservation_id, owner_id: &row.account, group_set: [], instances_set }
    }
}

impl Serialize for Reservations {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq(self.0.chunk_by(|a, b| a.reservation() == b.reservation()).map(Reservation::of))
    }
}

impl Serialize for Launched {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        Reservation::of(&self.0).serialize(s)
    }
}

/// A state with its code.
#[derive(Serialize)]
pub struct StateItem {
    code: u16,
    name: &'static str,
}

impl StateItem {
    pub fn name(&self) -> &'static str {
        self.name
    }
}

impl From<State> for StateItem {
    fn from(state: State) -> StateItem {
        StateItem { code: state.code(), name: state.text() }
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
    group_set: Each<'a, GroupRef, GroupItem<&'a str>>,
    state_reason: Option<StateReason<&'a str>>,
    architecture: &'a str,
    root_device_type: &'static str,
    root_device_name: &'a str,
    block_device_mapping: Each<'a, AttachmentRow, BlockDevice<&'a str>>,
    virtualization_type: &'static str,
    client_token: &'a str,
    iam_instance_profile: Option<ProfileItem<&'a str>>,
    instance_lifecycle: Option<&'static str>,
    spot_instance_request_id: Option<&'a str>,
    tag_set: &'a [Tag],
    hypervisor: &'static str,
    network_interface_set: Each<'a, Nic, Interface<'a>>,
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

impl<'a> From<&'a ReservationWish> for CapacityReservation<'a> {
    fn from(wish: &'a ReservationWish) -> CapacityReservation<'a> {
        let (preference, target) = match wish {
            ReservationWish::Open => (Some("open"), None),
            ReservationWish::None => (Some("none"), None),
            ReservationWish::Only => (Some("capacity-reservations-only"), None),
            ReservationWish::Target(id) => (None, Some(CapacityTarget { capacity_reservation_id: id })),
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

/// What hosts are called, of an instance, or of those of a subnet.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DnsOptions {
    hostname_type: &'static str,
    enable_resource_name_dns_a_record: bool,
    #[serde(rename = "enableResourceNameDnsAAAARecord")]
    enable_resource_name_dns_aaaa_record: bool,
}

impl DnsOptions {
    /// Names by resource rather than by address, and A records for them.
    pub fn new(by_resource: bool, a_record: bool) -> DnsOptions {
        DnsOptions {
            hostname_type: if by_resource { "resource-name" } else { "ip-name" },
            enable_resource_name_dns_a_record: a_record,
            enable_resource_name_dns_aaaa_record: false,
        }
    }
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

    /// The instance and its tags.
    pub fn parts(self) -> (Instance, Vec<Tag>) {
        (self.instance, self.tags)
    }

    fn reservation(&self) -> &str {
        &self.instance.row.reservation_id
    }

    fn item(&self) -> InstanceItem<'_> {
        let Instance { row, spec, state, nics, volumes } = &self.instance;
        let nic = nics.first();
        let public = nic.and_then(|n| n.public_of(n.private_ip)).map(|p| p.ip);
        let public_name = nic.zip(public).and_then(|(nic, ip)| nic.public_name(ip));
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
            dns_name: Text(OrNothing(public_name)),
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
            group_set: Each { of: self.instance.groups(), item: GroupItem::from },
            state_reason: (!row.reason_code.is_empty()).then(reason),
            architecture: &spec.architecture,
            root_device_type: root_device_type(spec.root_volume),
            root_device_name: &spec.root_device_name,
            block_device_mapping: Each { of: volumes, item: BlockDevice::from },
            virtualization_type: if spec.kernel_id.is_some() { "paravirtual" } else { "hvm" },
            client_token: &row.client_token,
            iam_instance_profile: spec.profile.as_ref().map(ProfileItem::from),
            instance_lifecycle: spec.options.spot.as_ref().map(|_| "spot"),
            spot_instance_request_id: spec.options.spot.as_ref().map(|spot| spot.request.as_str()),
            tag_set: &self.tags,
            hypervisor: "xen",
            network_interface_set: Each { of: nics, item: Interface::new },
            ebs_optimized: spec.options.ebs_optimized,
            ena_support: true,
            cpu_options: CpuOptions { core_count: cpu.cores, threads_per_core: cpu.threads },
            capacity_reservation_id: self.instance.reservation(),
            capacity_reservation_specification: (&spec.options.capacity).into(),
            hibernation_options: HibernationOptions { configured: false },
            metadata_options: MetadataItem::new(&spec.options.metadata, "applied"),
            enclave_options: EnclaveOptions { enabled: false },
            boot_mode: "legacy-bios",
            current_instance_boot_mode: "legacy-bios",
            usage_operation,
            usage_operation_update_time: launch_time,
            private_dns_name_options: nic.is_some().then(|| DnsOptions::new(names.by_resource, names.a_record)),
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
