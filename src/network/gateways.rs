//! Internet gateways.

use super::Error;
use super::records::{self, Kept, Record};
use super::routes::{RouteTable, Target};
use crate::db::Conn;
use crate::id::Kind;
use serde::{Deserialize, Serialize};

/// An internet gateway, in a VPC or in none.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct InternetGateway {
    pub vpc: String,
}

impl Record for InternetGateway {
    const KIND: Kind = Kind::InternetGateway;

    fn vpc(&self) -> &str {
        &self.vpc
    }
}

/// Attach a gateway to a VPC that has none.
pub fn attach(c: &Conn, mut gateway: Kept<InternetGateway>, vpc: &str) -> Result<(), Error> {
    if !gateway.it.vpc.is_empty() {
        return Err(Error::GatewayAttached { id: gateway.id, vpc: gateway.it.vpc });
    }
    if !records::in_vpc::<InternetGateway>(c, vpc)?.is_empty() {
        return Err(Error::HasGateway(vpc.to_owned()));
    }
    gateway.it.vpc = vpc.to_owned();
    records::update(c, &gateway)
}

/// Detach a gateway from its VPC. Routes that lead to it stay, and lead nowhere.
pub fn detach(c: &Conn, mut gateway: Kept<InternetGateway>, vpc: &str) -> Result<(), Error> {
    if gateway.it.vpc != vpc {
        return Err(Error::GatewayNotAttached { id: gateway.id, vpc: vpc.to_owned() });
    }
    gateway.it.vpc.clear();
    records::update(c, &gateway)
}

/// Delete a gateway that is in no VPC.
pub fn delete(c: &Conn, gateway: &Kept<InternetGateway>) -> Result<(), Error> {
    if !gateway.it.vpc.is_empty() {
        return Err(Error::GatewayBusy(gateway.id.clone()));
    }
    records::delete(c, &gateway.id)
}

/// Whether a route of this table leads somewhere: `active`, else `blackhole`.
pub fn is_active(gateways: &[Kept<InternetGateway>], table: &RouteTable, target: &Target) -> bool {
    match target {
        Target::Gateway(id) => gateways.iter().any(|g| g.id == *id && g.it.vpc == table.vpc),
        Target::Local | Target::Interface { .. } => true,
    }
}
