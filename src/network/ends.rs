//! Where routes end: what an account has that a route can lead to, as it is now.
//!
//! A route names its end and keeps the name when the end goes: it is a black hole from then on.

use super::gateways::{EgressOnlyGateway, InternetGateway};
use super::nat_gateways::NatGateway;
use super::peerings;
use super::routes::Target;
use super::{Error, interfaces, records};
use crate::clock;
use crate::db::Conn;
use std::collections::{HashMap, HashSet};

/// The ends in a region.
#[derive(Debug, Default)]
pub struct Ends {
    /// Gateways and peerings that work, each with a VPC whose routes may lead there.
    open: HashSet<(String, String)>,
    /// The instances of attached interfaces.
    instances: HashMap<String, String>,
}

impl Ends {
    /// Look at all that an account has in a region.
    pub fn of(c: &Conn, account: &str, region: &str) -> Result<Ends, Error> {
        let mut open = HashSet::new();
        for gateway in records::all::<InternetGateway>(c, account, region)? {
            open.insert((gateway.it.vpc, gateway.id));
        }
        for gateway in records::all::<EgressOnlyGateway>(c, account, region)? {
            open.insert((gateway.it.vpc, gateway.id));
        }
        for gateway in records::all::<NatGateway>(c, account, region)? {
            if gateway.it.is_available() {
                open.insert((gateway.it.vpc, gateway.id));
            }
        }
        let now = clock::now_ms();
        for peering in peerings::all(c, account, region, now)? {
            if peering.it.is_active() {
                open.insert((peering.it.requester.vpc, peering.id.clone()));
                open.insert((peering.it.accepter.vpc, peering.id));
            }
        }
        let nics = interfaces::all(c, account, region)?;
        let instances = nics.into_iter().filter_map(|nic| Some((nic.eni_id, nic.instance_id?))).collect();
        Ok(Ends { open, instances })
    }

    /// Whether a route of a VPC's table leads somewhere: `active`, else `blackhole`.
    pub fn is_active(&self, vpc: &str, target: &Target) -> bool {
        match target {
            Target::Local | Target::Endpoint(_) => true,
            Target::Gateway(id) | Target::EgressOnly(id) | Target::Nat(id) | Target::Peering(id) => {
                self.open.contains(&(vpc.to_owned(), id.clone()))
            }
            Target::Interface { eni, .. } => self.instances.contains_key(eni),
        }
    }

    /// The instance that an interface is attached to.
    pub fn instance_of(&self, eni: &str) -> Option<&String> {
        self.instances.get(eni)
    }
}
