//! A launch template's data out of an instance: with it another one like it would be launched.

use crate::clock;
use crate::compute::spot::SpotWish;
use crate::compute::{Cpu, Instance, Options, ReservationWish, types};
use crate::db::instances::InstanceRow;
use crate::db::tags::Tag;
use crate::db::volumes::{AttachmentRow, VolumeRow};
use crate::network::Nic;
use crate::wire::query::Tree;
use crate::wire::timestamp;

/// What the data is made of beside the instance.
pub struct Beside {
    /// Its volumes, in the order of its attachments.
    pub volumes: Vec<VolumeRow>,
    pub tags: Vec<Tag>,
    /// What its spot request wanted, if it came by one.
    pub spot: Option<SpotWish>,
}

fn value(text: &str) -> Option<Tree> {
    Some(Tree::Value(text.to_owned()))
}

fn number(n: impl Into<i64>) -> Option<Tree> {
    value(&n.into().to_string())
}

fn flag(on: bool) -> Option<Tree> {
    value(if on { "true" } else { "false" })
}

fn able(on: bool) -> Option<Tree> {
    value(if on { "enabled" } else { "disabled" })
}

fn wanted(on: bool) -> Option<Tree> {
    value(if on { "default" } else { "disabled" })
}

/// Parameters below a name.
fn below<const N: usize>(members: [(&'static str, Option<Tree>); N]) -> Option<Tree> {
    Some(Tree::members(members))
}

/// The data, as a request for a template would carry it.
pub fn data(instance: &Instance, beside: Beside) -> Tree {
    let Instance { row, spec, nics, volumes: attachments, .. } = instance;
    let (options, metadata) = (&spec.options, &spec.options.metadata);
    let disks: Vec<Tree> = attachments.iter().zip(&beside.volumes).map(|(at, volume)| disk(at, volume)).collect();
    let cards = nics.iter().map(|nic| card(nic, nics.len() == 1)).collect();
    let credits = || value(options.credits.as_deref().unwrap_or("unlimited"));
    let burstable = types::find(&row.instance_type).is_some_and(|size| size.family.burstable);
    let cpu = Cpu::of(row, options);
    Tree::members([
        ("ImageId", value(&spec.image_id)),
        ("InstanceType", value(&row.instance_type)),
        ("KernelId", spec.kernel_id.as_deref().and_then(value)),
        ("RamDiskId", spec.ramdisk_id.as_deref().and_then(value)),
        ("KeyName", spec.key.as_ref().and_then(|key| value(&key.name))),
        ("UserData", spec.user_data.as_deref().and_then(value)),
        ("IamInstanceProfile", spec.profile.as_ref().and_then(|profile| below([("Arn", value(&profile.arn))]))),
        ("EbsOptimized", flag(options.ebs_optimized)),
        ("DisableApiStop", flag(options.disable_api_stop)),
        ("DisableApiTermination", flag(options.disable_api_termination)),
        ("InstanceInitiatedShutdownBehavior", value(options.shutdown_behavior.text())),
        ("Monitoring", below([("Enabled", flag(options.monitoring))])),
        ("Placement", placement(row, options)),
        ("CpuOptions", below([("CoreCount", number(cpu.cores)), ("ThreadsPerCore", number(cpu.threads))])),
        ("CreditSpecification", if burstable { below([("CpuCredits", credits())]) } else { None }),
        ("CapacityReservationSpecification", capacity(&options.capacity)),
        ("InstanceMarketOptions", beside.spot.as_ref().and_then(market)),
        (
            "MetadataOptions",
            below([
                ("HttpEndpoint", able(metadata.enabled)),
                ("HttpProtocolIpv6", able(false)),
                ("HttpTokens", value(if metadata.tokens_required { "required" } else { "optional" })),
                ("HttpPutResponseHopLimit", number(metadata.hop_limit)),
                ("InstanceMetadataTags", able(metadata.tags)),
            ]),
        ),
        ("HibernationOptions", below([("Configured", flag(false))])),
        ("EnclaveOptions", below([("Enabled", flag(false))])),
        ("MaintenanceOptions", below([("AutoRecovery", wanted(!options.no_auto_recovery))])),
        (
            "PrivateDnsNameOptions",
            below([
                ("HostnameType", value(if options.dns_names.by_resource { "resource-name" } else { "ip-name" })),
                ("EnableResourceNameDnsARecord", flag(options.dns_names.a_record)),
                ("EnableResourceNameDnsAAAARecord", flag(false)),
            ]),
        ),
        ("BlockDeviceMapping", (!disks.is_empty()).then_some(Tree::List(disks))),
        ("NetworkInterface", Some(Tree::List(cards))),
        ("TagSpecification", tag_specification(&beside.tags)),
    ])
}

fn disk(at: &AttachmentRow, volume: &VolumeRow) -> Tree {
    let chosen = |n: Option<i64>| n.filter(|_| ["gp3", "io1", "io2"].contains(&volume.kind.as_str()));
    let ebs = [
        ("DeleteOnTermination", flag(at.delete_too)),
        ("Encrypted", flag(volume.encrypted)),
        ("KmsKeyId", volume.kms_key.as_deref().and_then(value)),
        ("SnapshotId", volume.snapshot.as_deref().and_then(value)),
        ("VolumeSize", number(volume.gib)),
        ("VolumeType", value(&volume.kind)),
        ("Iops", chosen(volume.iops).and_then(number)),
        ("Throughput", volume.throughput.and_then(number)),
    ];
    Tree::members([("DeviceName", value(&at.device)), ("Ebs", below(ebs))])
}

/// Its addresses are left out: a launch by the data would ask for those of the instance that it describes. `only`: it is the
/// instance's only one, of which alone a public address may be asked.
fn card(nic: &Nic, only: bool) -> Tree {
    let groups = nic.groups.iter().filter_map(|g| value(&g.id)).collect();
    Tree::members([
        ("AssociatePublicIpAddress", if only { flag(nic.details.public_while_running) } else { None }),
        ("DeviceIndex", number(nic.device_index.unwrap_or(0))),
        ("DeleteOnTermination", flag(nic.details.delete_on_termination)),
        ("Description", value(&nic.details.description)),
        ("InterfaceType", value("interface")),
        ("NetworkCardIndex", number(0)),
        ("SecurityGroupId", Some(Tree::List(groups))),
        ("SubnetId", value(&nic.subnet.id)),
    ])
}

fn placement(row: &InstanceRow, options: &Options) -> Option<Tree> {
    let group = options.placement.as_ref();
    let affinity = || value(if options.host_affinity { "host" } else { "default" });
    below([
        ("AvailabilityZone", value(&row.zone)),
        ("GroupName", group.and_then(|p| value(&p.name))),
        ("PartitionNumber", group.and_then(|p| p.partition).and_then(number)),
        ("Tenancy", value(&options.tenancy)),
        ("HostId", options.host.as_deref().and_then(value)),
        ("Affinity", options.host.as_ref().and_then(|_| affinity())),
    ])
}

fn capacity(wish: &ReservationWish) -> Option<Tree> {
    let preference = |text| below([("CapacityReservationPreference", value(text))]);
    match wish {
        ReservationWish::Open => preference("open"),
        ReservationWish::None => preference("none"),
        ReservationWish::Only => preference("capacity-reservations-only"),
        ReservationWish::Target(id) => {
            below([("CapacityReservationTarget", below([("CapacityReservationId", value(id))]))])
        }
    }
}

fn market(spot: &SpotWish) -> Option<Tree> {
    let until = |ms| value(&timestamp::iso8601_ms(clock::from_ms(ms)));
    below([
        ("MarketType", value("spot")),
        (
            "SpotOptions",
            below([
                ("MaxPrice", value(&spot.price)),
                ("SpotInstanceType", value(if spot.persistent { "persistent" } else { "one-time" })),
                ("InstanceInterruptionBehavior", value(spot.interruption.text())),
                ("ValidUntil", spot.valid_until.and_then(until)),
            ]),
        ),
    ])
}

fn tag_specification(tags: &[Tag]) -> Option<Tree> {
    let own = tags.iter().filter(|tag| !tag.key.starts_with("aws:"));
    let tags: Vec<Tree> =
        own.map(|tag| Tree::members([("Key", value(&tag.key)), ("Value", value(&tag.value))])).collect();
    let of_instance = || below([("ResourceType", value("instance")), ("Tag", Some(Tree::List(tags.clone())))]);
    if tags.is_empty() { None } else { of_instance().map(|one| Tree::List(vec![one])) }
}
