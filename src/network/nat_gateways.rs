//! NAT gateways: an interface of their own in a subnet, and for public ones an Elastic IP address for each of its addresses.
//!
//! They are records: nothing is translated yet. A deleted one is shown for about an hour, as at AWS, and so is one that failed
//! at once. Runs inside a caller's transaction.

use super::elastic::{self, Name};
use super::gateways::InternetGateway;
use super::records::{self, Kept, Record};
use super::{CardRequest, Error, Nic, NicDetails, Service, Subnet, address, interfaces, secondary};
use crate::clock;
use crate::db::Conn;
use crate::id::Kind;
use serde::{Deserialize, Serialize};
use std::net::Ipv4Addr;

/// How long one that ended is shown.
const SEEN_MS: i64 = 3_600_000;
/// AWS's limit for a zone.
const MOST: usize = 5;

/// A NAT gateway.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NatGateway {
    pub vpc: String,
    pub subnet: String,
    pub zone: String,
    /// Whether Elastic IP addresses lead to it.
    pub public: bool,
    /// The interface; empty for one that failed.
    pub interface: String,
    /// The first is the primary one.
    pub addresses: Vec<NatAddress>,
    /// AWS's code and sentence for why it never worked.
    pub failure: Option<(String, String)>,
    /// Milliseconds since the epoch.
    pub created_at: i64,
    pub deleted_at: Option<i64>,
}

/// One of its addresses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NatAddress {
    pub private_ip: Option<Ipv4Addr>,
    pub public: Option<NatPublic>,
}

/// The Elastic IP address that leads to an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NatPublic {
    pub allocation: String,
    pub association: Option<String>,
    pub ip: Ipv4Addr,
}

/// What a new one is to be like.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    pub first: Option<Ipv4Addr>,
    pub secondary: Vec<Ipv4Addr>,
    /// How many more addresses are to be picked.
    pub more: u32,
    /// Elastic IP addresses, the primary one first; none for a private gateway.
    pub allocations: Vec<String>,
}

impl Record for NatGateway {
    const KIND: Kind = Kind::NatGateway;

    fn vpc(&self) -> &str {
        &self.vpc
    }
}

impl NatGateway {
    /// AWS's word for how it stands.
    pub fn state(&self) -> &'static str {
        match (&self.failure, self.deleted_at) {
            (Some(_), _) => "failed",
            (None, Some(_)) => "deleted",
            (None, None) => "available",
        }
    }

    /// Whether routes may lead to it.
    pub fn is_available(&self) -> bool {
        self.state() == "available"
    }

    /// Whether it is shown at `now`.
    pub fn is_seen(&self, now: i64) -> bool {
        self.deleted_at.is_none_or(|at| now < at + SEEN_MS)
    }

    fn read_addresses(&mut self, nic: &Nic) {
        let public = |ip| {
            let public = nic.public_of(ip)?;
            let (allocation, association) = public.elastic.clone()?;
            Some(NatPublic { allocation, association: Some(association), ip: public.ip })
        };
        self.addresses = nic.addresses().map(|ip| NatAddress { private_ip: Some(ip), public: public(ip) }).collect();
    }
}

/// Make one in a subnet. Addresses that lead elsewhere, a VPC without gateway and a full subnet make one that `failed`.
pub fn create(c: &Conn, account: &str, subnet: &Subnet, wanted: Wanted) -> Result<Kept<NatGateway>, Error> {
    let now = clock::now_ms();
    let mut there = 0;
    for old in records::all::<NatGateway>(c, account, &subnet.region)? {
        if !old.it.is_seen(now) {
            records::delete(c, &old.id)?;
        } else if old.it.is_available() && old.it.zone == subnet.zone {
            there += 1;
        }
    }
    if there >= MOST {
        return Err(Error::TooManyNatGateways);
    }
    let mut gateway = NatGateway {
        vpc: subnet.vpc_id.clone(),
        subnet: subnet.id.clone(),
        zone: subnet.zone.clone(),
        public: !wanted.allocations.is_empty(),
        interface: String::new(),
        addresses: Vec::new(),
        failure: None,
        created_at: now,
        deleted_at: None,
    };
    let mut publics = Vec::new();
    for allocation in &wanted.allocations {
        let address = elastic::need(c, account, &subnet.region, &Name::Allocation(allocation.clone()))?;
        if address.leads_to.is_some() {
            let sentence = format!("Elastic IP address [{allocation}] is already associated");
            gateway.failure.get_or_insert(("Resource.AlreadyAssociated".into(), sentence));
        }
        let public = NatPublic { allocation: allocation.clone(), association: None, ip: address.public_ip };
        gateway.addresses.push(NatAddress { private_ip: None, public: Some(public) });
        publics.push(address);
    }
    if gateway.public && records::in_vpc::<InternetGateway>(c, &subnet.vpc_id)?.is_empty() {
        let sentence = format!("Network {} has no Internet gateway attached", subnet.vpc_id);
        gateway.failure.get_or_insert(("Gateway.NotAttached".into(), sentence));
    }
    if gateway.failure.is_some() {
        gateway.deleted_at = Some(now);
        return records::keep(c, account, &subnet.region, gateway);
    }
    let mut made = records::keep(c, account, &subnet.region, gateway)?;
    let card = CardRequest {
        ip: wanted.first,
        more: wanted.more.max(missing(&wanted)),
        secondary: wanted.secondary,
        groups: Vec::new(),
        details: NicDetails {
            description: format!("Interface for NAT Gateway {}", made.id),
            source_dest_check: false,
            delete_on_termination: false,
            requester: Some(account.to_owned()),
            service: Some(Service::NatGateway),
            ..NicDetails::default()
        },
    };
    let nic = address::allocate(c, account, subnet, &card)?;
    for (address, ip) in publics.iter().zip(nic.addresses()) {
        elastic::associate(c, address, &nic, Some(ip), false)?;
    }
    made.it.interface = nic.eni_id;
    refresh(c, &mut made)?;
    Ok(made)
}

/// How many private addresses Elastic IP addresses have not been given yet.
fn missing(wanted: &Wanted) -> u32 {
    (wanted.allocations.len() as u32).saturating_sub(1 + wanted.secondary.len() as u32)
}

/// Keep a gateway with its addresses as they are now.
fn refresh(c: &Conn, gateway: &mut Kept<NatGateway>) -> Result<(), Error> {
    let nic = interfaces::need(c, &gateway.account, &gateway.region, &gateway.it.interface)?;
    gateway.it.read_addresses(&nic);
    records::update(c, gateway)
}

/// The account's gateways that are shown.
pub fn all(c: &Conn, account: &str, region: &str) -> Result<Vec<Kept<NatGateway>>, Error> {
    let mut all = records::all::<NatGateway>(c, account, region)?;
    all.retain(|gateway| gateway.it.is_seen(clock::now_ms()));
    Ok(all)
}

/// The account's gateway of that id, which works, with its interface.
fn need_available(c: &Conn, account: &str, region: &str, id: &str) -> Result<(Kept<NatGateway>, Nic), Error> {
    let gateway = records::need::<NatGateway>(c, account, region, id)?;
    if !gateway.it.is_available() {
        return Err(Error::NatState(id.to_owned()));
    }
    let nic = interfaces::need(c, account, region, &gateway.it.interface)?;
    Ok((gateway, nic))
}

/// Delete one: its interface goes, its Elastic IP addresses lead nowhere. Routes that lead to it stay.
pub fn delete(c: &Conn, account: &str, region: &str, id: &str) -> Result<(), Error> {
    let mut gateway = records::need::<NatGateway>(c, account, region, id)?;
    if gateway.it.deleted_at.is_some() {
        return match gateway.it.failure {
            Some(_) => records::delete(c, id),
            None => Err(Error::NoSuch(Kind::NatGateway, id.to_owned())),
        };
    }
    gateway.it.deleted_at = Some(clock::now_ms());
    address::release(c, &gateway.it.interface)?;
    records::update(c, &gateway)
}

/// Give a private gateway further addresses.
pub fn assign(
    c: &Conn,
    account: &str,
    region: &str,
    id: &str,
    ips: &[Ipv4Addr],
    more: u32,
) -> Result<Kept<NatGateway>, Error> {
    let (mut gateway, mut nic) = need_available(c, account, region, id)?;
    if gateway.it.public {
        return Err(Error::PublicNat(id.to_owned()));
    }
    secondary::assign(c, &mut nic, ips, more, false)?;
    refresh(c, &mut gateway)?;
    Ok(gateway)
}

/// Take further addresses away from a private gateway.
pub fn unassign(c: &Conn, account: &str, region: &str, id: &str, ips: &[Ipv4Addr]) -> Result<Kept<NatGateway>, Error> {
    let (mut gateway, nic) = need_available(c, account, region, id)?;
    if gateway.it.public {
        return Err(Error::PublicNat(id.to_owned()));
    }
    secondary::unassign(c, &nic, ips)?;
    refresh(c, &mut gateway)?;
    Ok(gateway)
}

/// Have Elastic IP addresses lead to further addresses of a public gateway: to these, or to free ones.
pub fn associate(
    c: &Conn,
    account: &str,
    region: &str,
    id: &str,
    allocations: &[String],
    ips: &[Ipv4Addr],
) -> Result<Kept<NatGateway>, Error> {
    let (mut gateway, mut nic) = need_available(c, account, region, id)?;
    if !gateway.it.public {
        return Err(Error::PrivateNat(id.to_owned()));
    }
    let more = allocations.len().saturating_sub(ips.len()) as u32;
    let got = secondary::assign(c, &mut nic, ips, more, false)?;
    for (allocation, ip) in allocations.iter().zip(got) {
        let address = elastic::need(c, account, region, &Name::Allocation(allocation.clone()))?;
        elastic::associate(c, &address, &nic, Some(ip), false)?;
    }
    refresh(c, &mut gateway)?;
    Ok(gateway)
}

/// Have Elastic IP addresses lead elsewhere than to further addresses of a gateway, which lose those addresses.
pub fn disassociate(
    c: &Conn,
    account: &str,
    region: &str,
    id: &str,
    associations: &[String],
) -> Result<Kept<NatGateway>, Error> {
    let (mut gateway, nic) = need_available(c, account, region, id)?;
    for association in associations {
        let address = elastic::need(c, account, region, &Name::Association(association.clone()))?;
        let to = address.leads_to.clone().filter(|to| to.interface == nic.eni_id);
        let to = to.ok_or_else(|| Error::NoSuch(Kind::AddressAssociation, association.clone()))?;
        if to.private_ip == nic.private_ip {
            return Err(Error::PrimaryNatAddress);
        }
        elastic::disassociate(c, &address)?;
        secondary::unassign(c, &nic, &[to.private_ip])?;
    }
    refresh(c, &mut gateway)?;
    Ok(gateway)
}
