//! Internet gateways, and those that let IPv6 out only.

use super::records::{self, Kept, Record};
use super::vpcs::Vpc;
use super::{Error, Nic};
use crate::db::{self, Conn};
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

/// An egress-only internet gateway. There is no IPv6 here, so nothing goes through one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EgressOnlyGateway {
    pub vpc: String,
}

impl Record for EgressOnlyGateway {
    const KIND: Kind = Kind::EgressOnlyGateway;

    fn vpc(&self) -> &str {
        &self.vpc
    }
}

impl EgressOnlyGateway {
    /// A gateway of a VPC that has none.
    pub fn new(c: &Conn, vpc: &Vpc) -> Result<EgressOnlyGateway, Error> {
        match records::in_vpc::<EgressOnlyGateway>(c, &vpc.id)?.is_empty() {
            true => Ok(EgressOnlyGateway { vpc: vpc.id.clone() }),
            false => Err(Error::HasGateway(vpc.id.clone())),
        }
    }
}

/// Detach a gateway from its VPC, in which no public address leads anywhere. Routes that lead to it stay, and lead nowhere.
pub fn detach(c: &Conn, mut gateway: Kept<InternetGateway>, vpc: &str) -> Result<(), Error> {
    if gateway.it.vpc != vpc {
        return Err(Error::GatewayNotAttached { id: gateway.id, vpc: vpc.to_owned() });
    }
    let nics = Nic::all(db::network::nics_in_vpc(c, vpc)?)?;
    if nics.iter().any(|nic| !nic.public.is_empty()) {
        return Err(Error::MappedAddresses(vpc.to_owned()));
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
