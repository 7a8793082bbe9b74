//! Network interfaces as requests describe new ones and as answers write them.

use super::filter::{Filtered, Values, flag, maybe};
use super::instances::GroupItem;
use super::{Error, zone};
use crate::clock;
use crate::compute::types;
use crate::db::tags::Tag;
use crate::db::{self, Conn};
use crate::network::public::Public;
use crate::network::{self, Nic, Service};
use crate::wire::ec2_xml::Time;
use crate::wire::query::Params;
use serde::Serialize;
use std::borrow::Cow;
use std::net::Ipv4Addr;

/// Addresses that a request wants for a new interface.
#[derive(Debug, Clone, Default)]
pub struct WantedAddresses {
    pub first: Option<Ipv4Addr>,
    pub secondary: Vec<Ipv4Addr>,
    /// How many more are to be picked.
    pub more: u32,
}

/// What there is none of here.
pub const NO_IPV6: &[&str] =
    &["Ipv4Prefix", "Ipv4PrefixCount", "Ipv6AddressCount", "Ipv6Addresses", "Ipv6Prefix", "Ipv6PrefixCount"];

impl WantedAddresses {
    /// `PrivateIpAddress`, `PrivateIpAddresses.N` (of which one may be the primary one), `SecondaryPrivateIpAddressCount`.
    pub fn read(p: &Params<'_>) -> Result<WantedAddresses, Error> {
        let mut wanted = WantedAddresses { first: address(p, "PrivateIpAddress")?, ..WantedAddresses::default() };
        for item in p.structs("PrivateIpAddresses") {
            let ip = parse(&item, "PrivateIpAddress", item.req("PrivateIpAddress")?)?;
            match item.opt_bool("Primary")?.unwrap_or(false) {
                false => wanted.secondary.push(ip),
                true if wanted.first.is_none_or(|first| first == ip) => wanted.first = Some(ip),
                true => {
                    return Err(Error::ParameterCombination(
                        "Only one primary private IP address can be specified".into(),
                    ));
                }
            }
        }
        if let Some(n) = p.opt_int("SecondaryPrivateIpAddressCount", 0..=255)? {
            if !wanted.secondary.is_empty() {
                return Err(Error::ParameterCombination(
                    "Secondary private IP addresses are given by a list or by a count, not by both".into(),
                ));
            }
            wanted.more = n as u32;
        }
        Ok(wanted)
    }
}

/// An IPv4 address that may be absent.
pub fn address(p: &Params<'_>, name: &str) -> Result<Option<Ipv4Addr>, Error> {
    p.opt(name).filter(|text| !text.is_empty()).map(|text| parse(p, name, text)).transpose()
}

/// A list of IPv4 addresses.
pub fn addresses(p: &Params<'_>, name: &str) -> Result<Vec<Ipv4Addr>, Error> {
    p.list(name).into_iter().map(|text| parse(p, name, text)).collect()
}

fn parse(p: &Params<'_>, name: &str, text: &str) -> Result<Ipv4Addr, Error> {
    text.parse().map_err(|_| p.invalid(name, text, "Expecting an IPv4 address.").into())
}

/// Most addresses of an interface that is attached to nothing.
const MOST_ADDRESSES: usize = 50;

/// An error if the interface has more addresses than its instance's type allows.
pub fn check_count(c: &Conn, nic: &Nic) -> Result<(), Error> {
    let row = nic.instance_id.as_deref().map(|id| db::instances::get(c, id)).transpose()?.flatten();
    let size = row.and_then(|row| types::find(&row.instance_type));
    let most = size.map_or(MOST_ADDRESSES, |t| t.addresses as usize);
    if nic.addresses().count() > most { Err(network::Error::TooManyAddresses.into()) } else { Ok(()) }
}

/// One address of an interface.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Address {
    pub private_ip_address: String,
    private_dns_name: String,
    pub primary: bool,
    pub association: Option<Association>,
}

/// The public address that leads to an interface's address.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Association {
    pub public_ip: String,
    pub public_dns_name: String,
    pub ip_owner_id: String,
    /// An instance shows neither this nor the next.
    allocation_id: Option<String>,
    association_id: Option<String>,
    #[serde(skip)]
    pub public: Public,
}

/// What leads to an address of an interface, as the interface itself shows it or (without `ids`) its instance.
fn association(nic: &Nic, ip: Ipv4Addr, ids: bool) -> Option<Association> {
    nic.public_of(ip).map(|public| Association {
        public_ip: public.ip.to_string(),
        public_dns_name: network::public_dns_name(&nic.subnet.region, public.ip),
        // An address that comes and goes with the run is Amazon's, and has no ids.
        ip_owner_id: public.elastic.as_ref().map_or("amazon".into(), |_| nic.account.clone()),
        allocation_id: public.elastic.as_ref().filter(|_| ids).map(|(allocation, _)| allocation.clone()),
        association_id: public.elastic.as_ref().filter(|_| ids).map(|(_, association)| association.clone()),
        public: public.clone(),
    })
}

fn addresses_of(nic: &Nic, ids: bool) -> Vec<Address> {
    let item = |ip: Ipv4Addr| Address {
        private_ip_address: ip.to_string(),
        private_dns_name: network::private_dns_name(&nic.subnet.region, ip),
        primary: ip == nic.private_ip,
        association: association(nic, ip, ids),
    };
    nic.addresses().map(item).collect()
}

/// An interface as its instance shows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Interface {
    pub network_interface_id: String,
    pub subnet_id: String,
    pub vpc_id: String,
    pub description: String,
    pub owner_id: String,
    pub status: &'static str,
    pub mac_address: String,
    pub private_ip_address: String,
    pub private_dns_name: String,
    pub source_dest_check: bool,
    pub group_set: Vec<GroupItem>,
    pub attachment: OwnAttachment,
    pub association: Option<Association>,
    pub private_ip_addresses_set: Vec<Address>,
    ipv6_addresses_set: Vec<()>,
    interface_type: &'static str,
    pub operator: Operator,
}

/// An attachment as its instance shows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OwnAttachment {
    pub attachment_id: String,
    pub device_index: u32,
    network_card_index: u32,
    pub status: &'static str,
    attach_time: Time,
    pub delete_on_termination: bool,
}

impl OwnAttachment {
    fn new(nic: &Nic) -> OwnAttachment {
        OwnAttachment {
            attachment_id: nic.attachment_id(),
            device_index: nic.device_index.unwrap_or(0),
            network_card_index: 0,
            status: "attached",
            attach_time: Time(clock::from_ms(nic.attached_at())),
            delete_on_termination: nic.details.delete_on_termination,
        }
    }
}

impl Interface {
    pub fn new(nic: &Nic) -> Interface {
        Interface {
            network_interface_id: nic.eni_id.clone(),
            subnet_id: nic.subnet.id.clone(),
            vpc_id: nic.subnet.vpc_id.clone(),
            description: nic.details.description.clone(),
            owner_id: nic.account.clone(),
            status: "in-use",
            mac_address: nic.mac.to_string(),
            private_ip_address: nic.private_ip.to_string(),
            private_dns_name: nic.private_dns_name(),
            source_dest_check: nic.details.source_dest_check,
            group_set: nic.groups.iter().map(GroupItem::from).collect(),
            attachment: OwnAttachment::new(nic),
            association: association(nic, nic.private_ip, false),
            private_ip_addresses_set: addresses_of(nic, false),
            ipv6_addresses_set: Vec::new(),
            interface_type: "interface",
            operator: Operator::NOBODY,
        }
    }
}

/// An attachment as its interface shows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Attachment {
    #[serde(flatten)]
    own: OwnAttachment,
    instance_id: Option<String>,
    instance_owner_id: String,
}

impl Attachment {
    /// `None` for an interface that is attached to nothing.
    pub fn of(nic: &Nic) -> Option<Attachment> {
        if nic.details.service.is_some() {
            let mut own = OwnAttachment::new(nic);
            own.attachment_id = nic.attachment_id().replacen("eni-", "ela-", 1);
            own.device_index = 1;
            return Some(Attachment { own, instance_id: None, instance_owner_id: "amazon-aws".into() });
        }
        nic.instance_id.as_ref().map(|id| Attachment {
            own: OwnAttachment::new(nic),
            instance_id: Some(id.clone()),
            instance_owner_id: nic.account.clone(),
        })
    }
}

/// One interface, by itself.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    pub network_interface_id: String,
    subnet_id: String,
    vpc_id: String,
    availability_zone: String,
    availability_zone_id: String,
    description: String,
    owner_id: String,
    requester_id: Option<String>,
    requester_managed: bool,
    pub status: &'static str,
    mac_address: String,
    private_ip_address: String,
    private_dns_name: String,
    source_dest_check: bool,
    group_set: Vec<GroupItem>,
    attachment: Option<Attachment>,
    association: Option<Association>,
    tag_set: Vec<Tag>,
    private_ip_addresses_set: Vec<Address>,
    ipv6_addresses_set: Vec<()>,
    interface_type: &'static str,
    deny_all_igw_traffic: bool,
    operator: Operator,
}

/// Who manages an interface or an instance on its owner's behalf.
#[derive(Serialize)]
pub struct Operator {
    pub managed: bool,
}

impl Operator {
    pub const NOBODY: Operator = Operator { managed: false };
}

impl Item {
    /// An interface with its tags.
    pub fn new(nic: Nic, tag_set: Vec<Tag>) -> Item {
        Item {
            availability_zone_id: zone::id(&nic.subnet.zone),
            requester_managed: nic.details.service.is_some(),
            status: if nic.is_used() { "in-use" } else { "available" },
            mac_address: nic.mac.to_string(),
            private_ip_address: nic.private_ip.to_string(),
            private_dns_name: nic.private_dns_name(),
            source_dest_check: nic.details.source_dest_check,
            group_set: nic.groups.iter().map(GroupItem::from).collect(),
            attachment: Attachment::of(&nic),
            tag_set,
            association: association(&nic, nic.private_ip, true),
            private_ip_addresses_set: addresses_of(&nic, true),
            ipv6_addresses_set: Vec::new(),
            interface_type: match nic.details.service {
                None => "interface",
                Some(Service::NatGateway) => "nat_gateway",
                Some(Service::VpcEndpoint) => "vpc_endpoint",
            },
            deny_all_igw_traffic: false,
            operator: Operator::NOBODY,
            network_interface_id: nic.eni_id,
            subnet_id: nic.subnet.id.clone(),
            vpc_id: nic.subnet.vpc_id.clone(),
            availability_zone: nic.subnet.zone.clone(),
            description: nic.details.description,
            requester_id: nic.details.requester,
            owner_id: nic.account,
        }
    }
}

fn of_attachment<'a>(i: &'a Item, value: fn(&'a Attachment) -> Cow<'a, str>) -> Vec<Cow<'a, str>> {
    i.attachment.iter().map(value).collect()
}

fn of_elastic<'a>(i: &'a Item, value: fn(&'a (String, String)) -> &'a str) -> Vec<Cow<'a, str>> {
    let associations = i.private_ip_addresses_set.iter().filter_map(|a| a.association.as_ref());
    associations.filter_map(|a| a.public.elastic.as_ref()).map(|ids| value(ids).into()).collect()
}

fn of_public<'a>(i: &'a Item, value: fn(&'a Association) -> &'a str) -> Vec<Cow<'a, str>> {
    i.private_ip_addresses_set.iter().filter_map(|a| a.association.as_ref()).map(|a| value(a).into()).collect()
}

impl Filtered for Item {
    const FILTERS: &'static [(&'static str, Values<Self>)] = &[
        ("addresses.association.owner-id", |i| of_public(i, |a| &a.ip_owner_id)),
        ("addresses.association.public-ip", |i| of_public(i, |a| &a.public_ip)),
        ("addresses.primary", |i| i.private_ip_addresses_set.iter().flat_map(|a| flag(a.primary)).collect()),
        ("addresses.private-ip-address", |i| {
            i.private_ip_addresses_set.iter().map(|a| a.private_ip_address.as_str().into()).collect()
        }),
        ("association.allocation-id", |i| of_elastic(i, |ids| &ids.0)),
        ("association.association-id", |i| of_elastic(i, |ids| &ids.1)),
        ("association.ip-owner-id", |i| of_public(i, |a| &a.ip_owner_id)),
        ("association.public-dns-name", |i| of_public(i, |a| &a.public_dns_name)),
        ("association.public-ip", |i| of_public(i, |a| &a.public_ip)),
        ("attachment.attach-time", |i| of_attachment(i, |a| a.own.attach_time.to_string().into())),
        ("attachment.attachment-id", |i| of_attachment(i, |a| a.own.attachment_id.as_str().into())),
        ("attachment.delete-on-termination", |i| {
            i.attachment.iter().flat_map(|a| flag(a.own.delete_on_termination)).collect()
        }),
        ("attachment.device-index", |i| of_attachment(i, |a| a.own.device_index.to_string().into())),
        ("attachment.instance-id", |i| i.attachment.iter().flat_map(|a| maybe(&a.instance_id)).collect()),
        ("attachment.instance-owner-id", |i| of_attachment(i, |a| a.instance_owner_id.as_str().into())),
        ("attachment.status", |i| of_attachment(i, |a| a.own.status.into())),
        ("availability-zone", |i| vec![i.availability_zone.as_str().into()]),
        ("availability-zone-id", |i| vec![i.availability_zone_id.as_str().into()]),
        ("description", |i| vec![i.description.as_str().into()]),
        ("group-id", |i| i.group_set.iter().map(|g| g.group_id.as_str().into()).collect()),
        ("group-name", |i| i.group_set.iter().map(|g| g.group_name.as_str().into()).collect()),
        ("interface-type", |i| vec![i.interface_type.into()]),
        ("ipv6-addresses.ipv6-address", |_| vec![]),
        ("mac-address", |i| vec![i.mac_address.as_str().into()]),
        ("network-interface-id", |i| vec![i.network_interface_id.as_str().into()]),
        ("operator.managed", |i| flag(i.operator.managed)),
        ("operator.principal", |_| vec![]),
        ("owner-id", |i| vec![i.owner_id.as_str().into()]),
        ("private-dns-name", |i| vec![i.private_dns_name.as_str().into()]),
        ("private-ip-address", |i| {
            i.private_ip_addresses_set.iter().map(|a| a.private_ip_address.as_str().into()).collect()
        }),
        ("requester-id", |i| i.requester_id.iter().map(|id| id.as_str().into()).collect()),
        ("requester-managed", |i| flag(i.requester_managed)),
        ("source-dest-check", |i| flag(i.source_dest_check)),
        ("status", |i| vec![i.status.into()]),
        ("subnet-id", |i| vec![i.subnet_id.as_str().into()]),
        ("vpc-id", |i| vec![i.vpc_id.as_str().into()]),
    ];
    const TAGGED: bool = true;
    fn tags(&self) -> Option<&[Tag]> {
        Some(&self.tag_set)
    }
}
