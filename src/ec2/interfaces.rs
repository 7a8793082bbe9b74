//! Network interfaces as requests describe new ones and as answers write them.

use super::filter::{Filtered, Values, flag, maybe};
use super::groups::GroupItem;
use super::{Error, zone};
use crate::clock;
use crate::compute::types;
use crate::db::tags::Tag;
use crate::db::{self, Conn};
use crate::id::Kind;
use crate::network::groups::GroupRef;
use crate::network::{self, Mac, Nic, PrivateName, PublicName, Service};
use crate::wire::ec2_xml::{Each, OrNothing, Text, Time};
use crate::wire::query::Params;
use serde::Serialize;
use std::borrow::Cow;
use std::fmt;
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
pub struct Address<'a> {
    pub private_ip_address: Ipv4Addr,
    private_dns_name: Option<Text<PrivateName<'a>>>,
    pub primary: bool,
    pub association: Option<Association<'a>>,
}

/// The public address that leads to an interface's address.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Association<'a> {
    pub public_ip: Ipv4Addr,
    pub public_dns_name: Text<OrNothing<PublicName<'a>>>,
    pub ip_owner_id: &'a str,
    /// An instance shows neither this nor the next.
    allocation_id: Option<&'a str>,
    association_id: Option<&'a str>,
}

/// What leads to an address of an interface, as the interface itself shows it or (without `ids`) its instance.
fn association(nic: &Nic, ip: Ipv4Addr, ids: bool) -> Option<Association<'_>> {
    nic.public_of(ip).map(|public| Association {
        public_ip: public.ip,
        public_dns_name: Text(OrNothing(nic.public_name(public.ip))),
        // An address that comes and goes with the run is Amazon's, and has no ids.
        ip_owner_id: public.elastic.as_ref().map_or("amazon", |_| &nic.account),
        allocation_id: public.elastic.as_ref().filter(|_| ids).map(|(allocation, _)| allocation.as_str()),
        association_id: public.elastic.as_ref().filter(|_| ids).map(|(_, association)| association.as_str()),
    })
}

/// The addresses of an interface, as the interface itself shows them or (without `ids`) its instance.
#[derive(Clone, Copy)]
pub struct Addresses<'a> {
    nic: &'a Nic,
    ids: bool,
}

impl<'a> Addresses<'a> {
    pub fn iter(self) -> impl Iterator<Item = Address<'a>> {
        let Addresses { nic, ids } = self;
        nic.addresses().map(move |ip| Address {
            private_ip_address: ip,
            private_dns_name: private_name(nic, ip),
            primary: ip == nic.private_ip,
            association: association(nic, ip, ids),
        })
    }
}

impl Serialize for Addresses<'_> {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq(self.iter())
    }
}

fn private_name(nic: &Nic, ip: Ipv4Addr) -> Option<Text<PrivateName<'_>>> {
    nic.private_name(ip).map(Text)
}

/// An interface as its instance shows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Interface<'a> {
    pub network_interface_id: &'a str,
    pub subnet_id: &'a str,
    pub vpc_id: &'a str,
    pub description: &'a str,
    pub owner_id: &'a str,
    pub status: &'static str,
    pub mac_address: Text<Mac>,
    pub private_ip_address: Ipv4Addr,
    pub private_dns_name: Option<Text<PrivateName<'a>>>,
    pub source_dest_check: bool,
    pub group_set: Each<'a, GroupRef, GroupItem<&'a str>>,
    pub attachment: OwnAttachment<'a>,
    pub association: Option<Association<'a>>,
    pub private_ip_addresses_set: Addresses<'a>,
    ipv6_addresses_set: [(); 0],
    interface_type: &'static str,
    pub operator: Operator,
}

/// An attachment as its instance shows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OwnAttachment<'a> {
    pub attachment_id: Text<AttachmentId<'a>>,
    pub device_index: u32,
    network_card_index: u32,
    pub status: &'static str,
    attach_time: Time,
    pub delete_on_termination: bool,
}

/// The id of an interface's attachment, which follows from the interface's.
#[derive(Clone, Copy)]
pub struct AttachmentId<'a> {
    prefix: &'static str,
    eni: &'a str,
}

impl fmt::Display for AttachmentId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.prefix)?;
        f.write_str(self.eni.strip_prefix(Kind::NetworkInterface.prefix()).unwrap_or(self.eni))
    }
}

impl OwnAttachment<'_> {
    fn new(nic: &Nic) -> OwnAttachment<'_> {
        OwnAttachment {
            attachment_id: Text(AttachmentId { prefix: Kind::Attachment.prefix(), eni: &nic.eni_id }),
            device_index: nic.device_index.unwrap_or(0),
            network_card_index: 0,
            status: "attached",
            attach_time: Time(clock::from_ms(nic.attached_at())),
            delete_on_termination: nic.details.delete_on_termination,
        }
    }
}

impl Interface<'_> {
    pub fn new(nic: &Nic) -> Interface<'_> {
        Interface {
            network_interface_id: &nic.eni_id,
            subnet_id: &nic.subnet.id,
            vpc_id: &nic.subnet.vpc_id,
            description: &nic.details.description,
            owner_id: &nic.account,
            status: "in-use",
            mac_address: Text(nic.mac),
            private_ip_address: nic.private_ip,
            private_dns_name: private_name(nic, nic.private_ip),
            source_dest_check: nic.details.source_dest_check,
            group_set: Each { of: &nic.groups, item: GroupItem::from },
            attachment: OwnAttachment::new(nic),
            association: association(nic, nic.private_ip, false),
            private_ip_addresses_set: Addresses { nic, ids: false },
            ipv6_addresses_set: [],
            interface_type: "interface",
            operator: Operator::NOBODY,
        }
    }
}

/// An attachment as its interface shows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Attachment<'a> {
    #[serde(flatten)]
    own: OwnAttachment<'a>,
    instance_id: Option<&'a str>,
    instance_owner_id: &'a str,
}

impl Attachment<'_> {
    /// `None` for an interface that is attached to nothing.
    fn of(nic: &Nic) -> Option<Attachment<'_>> {
        if nic.details.service.is_some() {
            let mut own = OwnAttachment::new(nic);
            own.attachment_id.0.prefix = "ela-attach";
            own.device_index = 1;
            return Some(Attachment { own, instance_id: None, instance_owner_id: "amazon-aws" });
        }
        nic.instance_id.as_ref().map(|id| Attachment {
            own: OwnAttachment::new(nic),
            instance_id: Some(id),
            instance_owner_id: &nic.account,
        })
    }
}

/// What an interface is attached to, as it shows that itself: nothing if it is attached to nothing.
pub struct AttachmentOf(pub Nic);

impl Serialize for AttachmentOf {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        Attachment::of(&self.0).serialize(s)
    }
}

/// An interface with its tags. What an answer shows of it ([`Item`]) is made where it is written, and borrows from it.
pub struct Shown {
    nic: Nic,
    tags: Vec<Tag>,
    /// It was just made.
    pub fresh: bool,
}

impl Shown {
    pub fn new(nic: Nic, tags: Vec<Tag>) -> Shown {
        Shown { nic, tags, fresh: false }
    }
}

impl Serialize for Shown {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        self.item().serialize(s)
    }
}

/// One interface, by itself.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Item<'a> {
    network_interface_id: &'a str,
    subnet_id: &'a str,
    vpc_id: &'a str,
    availability_zone: &'a str,
    availability_zone_id: Text<zone::Id<'a>>,
    description: &'a str,
    owner_id: &'a str,
    requester_id: Option<&'a str>,
    requester_managed: bool,
    status: &'static str,
    mac_address: Text<Mac>,
    private_ip_address: Ipv4Addr,
    private_dns_name: Option<Text<PrivateName<'a>>>,
    source_dest_check: bool,
    group_set: Each<'a, GroupRef, GroupItem<&'a str>>,
    attachment: Option<Attachment<'a>>,
    association: Option<Association<'a>>,
    tag_set: &'a [Tag],
    private_ip_addresses_set: Addresses<'a>,
    ipv6_addresses_set: [(); 0],
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

impl Shown {
    fn item(&self) -> Item<'_> {
        let nic = &self.nic;
        Item {
            availability_zone_id: Text(zone::Id(&nic.subnet.zone)),
            requester_managed: nic.details.service.is_some(),
            status: match self.fresh {
                true => "pending",
                false if nic.is_used() => "in-use",
                false => "available",
            },
            mac_address: Text(nic.mac),
            private_ip_address: nic.private_ip,
            private_dns_name: private_name(nic, nic.private_ip),
            source_dest_check: nic.details.source_dest_check,
            group_set: Each { of: &nic.groups, item: GroupItem::from },
            attachment: Attachment::of(nic),
            tag_set: &self.tags,
            association: association(nic, nic.private_ip, true),
            private_ip_addresses_set: Addresses { nic, ids: true },
            ipv6_addresses_set: [],
            interface_type: match nic.details.service {
                None => "interface",
                Some(Service::NatGateway) => "nat_gateway",
                Some(Service::VpcEndpoint) => "vpc_endpoint",
            },
            deny_all_igw_traffic: false,
            operator: Operator::NOBODY,
            network_interface_id: &nic.eni_id,
            subnet_id: &nic.subnet.id,
            vpc_id: &nic.subnet.vpc_id,
            availability_zone: &nic.subnet.zone,
            description: &nic.details.description,
            requester_id: nic.details.requester.as_deref(),
            owner_id: &nic.account,
        }
    }
}

fn of_attachment<'a>(i: &'a Shown, value: fn(&Attachment<'a>) -> Cow<'a, str>) -> Vec<Cow<'a, str>> {
    Attachment::of(&i.nic).iter().map(value).collect()
}

fn of_elastic<'a>(i: &'a Shown, value: fn(&'a (String, String)) -> &'a str) -> Vec<Cow<'a, str>> {
    i.nic.public_in_order().filter_map(|p| p.elastic.as_ref()).map(|ids| value(ids).into()).collect()
}

fn of_public<'a>(i: &'a Shown, value: fn(&Association<'a>) -> Cow<'a, str>) -> Vec<Cow<'a, str>> {
    i.item().private_ip_addresses_set.iter().filter_map(|a| a.association).map(|a| value(&a)).collect()
}

fn private_ips(i: &Shown) -> Vec<Cow<'_, str>> {
    i.nic.addresses().map(|ip| ip.to_string().into()).collect()
}

fn text<'a>(value: &'a str) -> Vec<Cow<'a, str>> {
    vec![value.into()]
}

fn written<'a>(value: impl fmt::Display) -> Vec<Cow<'a, str>> {
    vec![value.to_string().into()]
}

impl Filtered for Shown {
    const FILTERS: &'static [(&'static str, Values<Self>)] = &[
        ("addresses.association.owner-id", |i| of_public(i, |a| a.ip_owner_id.into())),
        ("addresses.association.public-ip", |i| of_public(i, |a| a.public_ip.to_string().into())),
        ("addresses.primary", |i| i.nic.addresses().flat_map(|ip| flag(ip == i.nic.private_ip)).collect()),
        ("addresses.private-ip-address", private_ips),
        ("association.allocation-id", |i| of_elastic(i, |ids| &ids.0)),
        ("association.association-id", |i| of_elastic(i, |ids| &ids.1)),
        ("association.ip-owner-id", |i| of_public(i, |a| a.ip_owner_id.into())),
        ("association.public-dns-name", |i| of_public(i, |a| a.public_dns_name.to_string().into())),
        ("association.public-ip", |i| of_public(i, |a| a.public_ip.to_string().into())),
        ("attachment.attach-time", |i| of_attachment(i, |a| a.own.attach_time.to_string().into())),
        ("attachment.attachment-id", |i| of_attachment(i, |a| a.own.attachment_id.to_string().into())),
        ("attachment.delete-on-termination", |i| {
            Attachment::of(&i.nic).iter().flat_map(|a| flag(a.own.delete_on_termination)).collect()
        }),
        ("attachment.device-index", |i| of_attachment(i, |a| a.own.device_index.to_string().into())),
        ("attachment.instance-id", |i| maybe(&i.nic.instance_id)),
        ("attachment.instance-owner-id", |i| of_attachment(i, |a| a.instance_owner_id.into())),
        ("attachment.status", |i| of_attachment(i, |a| a.own.status.into())),
        ("availability-zone", |i| text(&i.nic.subnet.zone)),
        ("availability-zone-id", |i| written(i.item().availability_zone_id)),
        ("description", |i| text(&i.nic.details.description)),
        ("group-id", |i| i.nic.groups.iter().map(|g| g.id.as_str().into()).collect()),
        ("group-name", |i| i.nic.groups.iter().map(|g| g.name.as_str().into()).collect()),
        ("interface-type", |i| text(i.item().interface_type)),
        ("ipv6-addresses.ipv6-address", |_| vec![]),
        ("mac-address", |i| written(i.nic.mac)),
        ("network-interface-id", |i| text(&i.nic.eni_id)),
        ("operator.managed", |i| flag(i.item().operator.managed)),
        ("operator.principal", |_| vec![]),
        ("owner-id", |i| text(&i.nic.account)),
        ("private-dns-name", |i| i.nic.private_name(i.nic.private_ip).into_iter().flat_map(written).collect()),
        ("private-ip-address", private_ips),
        ("requester-id", |i| maybe(&i.nic.details.requester)),
        ("requester-managed", |i| flag(i.item().requester_managed)),
        ("source-dest-check", |i| flag(i.nic.details.source_dest_check)),
        ("status", |i| text(i.item().status)),
        ("subnet-id", |i| text(&i.nic.subnet.id)),
        ("vpc-id", |i| text(&i.nic.subnet.vpc_id)),
    ];
    const ID: &'static str = "network-interface-id";
    const TAGGED: bool = true;
    fn tags(&self) -> Option<&[Tag]> {
        Some(&self.tags)
    }
}
