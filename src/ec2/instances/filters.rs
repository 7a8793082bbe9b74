//! What DescribeInstances can filter by.

use super::Shown;
use crate::clock;
use crate::db::tags::Tag;
use crate::db::volumes::AttachmentRow;
use crate::ec2::filter::{Filtered, Values, flag};
use crate::ec2::interfaces::{Address, Association, Interface};
use crate::network::Nic;
use crate::network::groups::GroupRef;
use crate::wire::ec2_xml::Time;
use std::borrow::Cow;
use std::fmt::Display;

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
    interfaces.flat_map(|n| n.private_ip_addresses_set.iter()).flat_map(|a| value(&a)).collect()
}

fn of_public<'a>(i: &'a Shown, value: fn(&Association<'a>) -> Vec<Cow<'a, str>>) -> Vec<Cow<'a, str>> {
    let interfaces = i.instance.nics.iter().map(Interface::new);
    interfaces
        .flat_map(|n| n.private_ip_addresses_set.iter())
        .filter_map(|a| a.association)
        .flat_map(|a| value(&a))
        .collect()
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
        ("network-interface.private-dns-name", |i| {
            of_interfaces(i, |n| n.private_dns_name.into_iter().flat_map(written).collect())
        }),
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
    const ID: &'static str = "instance-id";
    const TAGGED: bool = true;
    fn tags(&self) -> Option<&[Tag]> {
        Some(&self.tags)
    }
}
