//! VPC endpoints: how a VPC reaches a service without the internet.
//!
//! A gateway endpoint (S3) puts a route to the service's prefix list into its route tables; an interface endpoint has an interface
//! in each of its subnets. The gateway endpoint leads guests to S3 (see `s3_gateway`); the others are records, which guests' packets
//! do not follow yet. Runs inside a caller's transaction.

use super::groups::GroupRef;
use super::records::{self, Kept, Record};
use super::routes::{Route, RouteTable, Target};
use super::{CardRequest, Error, NicDetails, Service, address, amazon};
use crate::db::Conn;
use crate::id::Kind;
use serde::{Deserialize, Serialize};
use std::net::Ipv4Addr;

/// The services that exist here, by their short names.
pub const SERVICES: &[(&str, &[EndpointKind])] = &[
    ("ec2", &[EndpointKind::Interface]),
    ("s3", &[EndpointKind::Gateway, EndpointKind::Interface]),
    ("ssm", &[EndpointKind::Interface]),
    ("sts", &[EndpointKind::Interface]),
];

/// The two kinds of endpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum EndpointKind {
    Gateway,
    Interface,
}

impl EndpointKind {
    /// AWS's word.
    pub fn text(self) -> &'static str {
        match self {
            EndpointKind::Gateway => "Gateway",
            EndpointKind::Interface => "Interface",
        }
    }
}

/// An endpoint.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct VpcEndpoint {
    pub vpc: String,
    /// `com.amazonaws.us-east-1.s3`
    pub service: String,
    pub kind: EndpointKind,
    /// A policy of IAM, as text. A record.
    pub policy: String,
    pub route_tables: Vec<String>,
    /// Each subnet with the endpoint's interface there.
    pub interfaces: Vec<(String, String)>,
    pub groups: Vec<GroupRef>,
    pub private_dns: bool,
    /// Milliseconds since the epoch.
    pub created_at: i64,
}

impl Record for VpcEndpoint {
    const KIND: Kind = Kind::VpcEndpoint;

    fn vpc(&self) -> &str {
        &self.vpc
    }
}

/// `vpce-svc-…`, the same in every run.
pub fn service_id(region: &str, service: &str, kind: EndpointKind) -> String {
    let text = format!("{} {}", amazon::service_name(region, service), kind.text());
    format!("{}-svc-{:017x}", Kind::VpcEndpoint.prefix(), amazon::hash(&text))
}

/// The short name of a service that has endpoints of that kind in a region.
pub fn service(region: &str, name: &str, kind: EndpointKind) -> Result<&'static str, Error> {
    let found = SERVICES.iter().find(|(short, _)| amazon::service_name(region, short) == name);
    let (short, kinds) = found.ok_or_else(|| Error::NoService(name.to_owned()))?;
    if kinds.contains(&kind) { Ok(short) } else { Err(Error::NotThatKind(name.to_owned(), kind.text())) }
}

/// Make an endpoint that is nowhere yet: [`enter_table`] and [`enter_subnet`] follow.
pub fn create(c: &Conn, account: &str, region: &str, endpoint: VpcEndpoint) -> Result<Kept<VpcEndpoint>, Error> {
    service(region, &endpoint.service, endpoint.kind)?;
    records::keep(c, account, region, endpoint)
}

/// Put the endpoint's route into a route table of its VPC.
pub fn enter_table(c: &Conn, endpoint: &mut Kept<VpcEndpoint>, table: &str) -> Result<(), Error> {
    let mut table = table_of(c, endpoint, table)?;
    if endpoint.it.route_tables.contains(&table.id) {
        return Ok(());
    }
    let destination = amazon::prefix_list(&endpoint.region, &[]).id;
    if table.it.routes.iter().any(|r| r.destination == destination) {
        return Err(Error::EndpointRouteExists { table: table.id, list: destination });
    }
    table.it.routes.push(Route { destination, target: Target::Endpoint(endpoint.id.clone()) });
    records::update(c, &table)?;
    endpoint.it.route_tables.push(table.id);
    records::update(c, endpoint)
}

/// Take the endpoint's route out of a route table.
pub fn leave_table(c: &Conn, endpoint: &mut Kept<VpcEndpoint>, table: &str) -> Result<(), Error> {
    let mut table = table_of(c, endpoint, table)?;
    table.it.routes.retain(|r| r.target != Target::Endpoint(endpoint.id.clone()));
    records::update(c, &table)?;
    endpoint.it.route_tables.retain(|id| *id != table.id);
    records::update(c, endpoint)
}

fn table_of(c: &Conn, endpoint: &Kept<VpcEndpoint>, id: &str) -> Result<Kept<RouteTable>, Error> {
    let table = records::need::<RouteTable>(c, &endpoint.account, &endpoint.region, id)?;
    if table.it.vpc == endpoint.it.vpc {
        Ok(table)
    } else {
        Err(Error::ElsewhereTable(table.id, endpoint.it.vpc.clone()))
    }
}

/// Give the endpoint an interface in a subnet of its VPC, one in each zone; at `ip`, or at a free address.
pub fn enter_subnet(
    c: &Conn,
    endpoint: &mut Kept<VpcEndpoint>,
    subnet: &str,
    ip: Option<Ipv4Addr>,
) -> Result<(), Error> {
    if endpoint.it.interfaces.iter().any(|(there, _)| there == subnet) {
        return Ok(());
    }
    let subnet = address::subnet(c, &endpoint.account, &endpoint.region, subnet)?;
    if subnet.vpc_id != endpoint.it.vpc {
        return Err(Error::ElsewhereTable(subnet.id, endpoint.it.vpc.clone()));
    }
    for (other, _) in &endpoint.it.interfaces {
        if address::subnet(c, &endpoint.account, &endpoint.region, other)?.zone == subnet.zone {
            return Err(Error::EndpointInZone(subnet.zone));
        }
    }
    let card =
        CardRequest { ip, groups: endpoint.it.groups.clone(), details: details(endpoint), ..CardRequest::default() };
    let nic = address::allocate(c, &endpoint.account, &subnet, &card)?;
    endpoint.it.interfaces.push((subnet.id, nic.eni_id));
    records::update(c, endpoint)
}

fn details(endpoint: &Kept<VpcEndpoint>) -> NicDetails {
    NicDetails {
        description: format!("VPC Endpoint Interface {}", endpoint.id),
        delete_on_termination: false,
        requester: Some(endpoint.account.clone()),
        service: Some(Service::VpcEndpoint),
        ..NicDetails::default()
    }
}

/// Take the endpoint's interface in a subnet away.
pub fn leave_subnet(c: &Conn, endpoint: &mut Kept<VpcEndpoint>, subnet: &str) -> Result<(), Error> {
    let at = endpoint.it.interfaces.iter().position(|(there, _)| there == subnet);
    let (_, interface) = endpoint.it.interfaces.remove(at.ok_or_else(|| Error::NoSubnet(subnet.to_owned()))?);
    address::release(c, &interface)?;
    records::update(c, endpoint)
}

/// Put all interfaces of an endpoint into other security groups.
pub fn regroup(c: &Conn, endpoint: &mut Kept<VpcEndpoint>, groups: Vec<GroupRef>) -> Result<(), Error> {
    endpoint.it.groups = groups;
    for (_, interface) in &endpoint.it.interfaces {
        if let Some(mut nic) = address::nic(c, interface)? {
            nic.groups = endpoint.it.groups.as_slice().into();
            address::update_nic(c, &nic)?;
        }
    }
    records::update(c, endpoint)
}

/// Delete an endpoint with its routes and its interfaces.
pub fn delete(c: &Conn, endpoint: &Kept<VpcEndpoint>) -> Result<(), Error> {
    let mut endpoint = endpoint.clone();
    for table in std::mem::take(&mut endpoint.it.route_tables) {
        leave_table(c, &mut endpoint, &table)?;
    }
    endpoint.it.interfaces.iter().try_for_each(|(_, interface)| address::release(c, interface))?;
    records::delete(c, &endpoint.id)
}

/// A route table goes: the endpoints of its VPC are no longer in it.
pub(super) fn forget_table(c: &Conn, vpc: &str, table: &str) -> Result<(), Error> {
    for mut endpoint in records::in_vpc::<VpcEndpoint>(c, vpc)? {
        if endpoint.it.route_tables.iter().any(|id| id == table) {
            endpoint.it.route_tables.retain(|id| id != table);
            records::update(c, &endpoint)?;
        }
    }
    Ok(())
}
