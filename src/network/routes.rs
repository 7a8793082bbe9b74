//! Route tables: a main one for each VPC, others for the subnets that are associated with them.

use super::records::{self, Kept, Record};
use super::vpcs::Vpc;
use super::{Cidr, Error, cidr};
use crate::db::Conn;
use crate::id::{self, Kind};
use serde::{Deserialize, Serialize};

/// Most routes of a table that accounts add.
const MOST_ROUTES: usize = 500;

/// A route table.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RouteTable {
    pub vpc: String,
    /// The association (`rtbassoc-…`) by which this is the main table of its VPC.
    pub main: Option<String>,
    /// Subnets that use this table rather than the main one.
    pub associations: Vec<Association>,
    pub routes: Vec<Route>,
}

/// A subnet that uses a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Association {
    /// `rtbassoc-…` or `aclassoc-…`
    pub id: String,
    pub subnet: String,
}

/// One route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// A canonical IPv4 or IPv6 range, or a prefix list (`pl-…`).
    pub destination: String,
    pub target: Target,
}

/// Where a route leads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// Within the VPC; there from the beginning and for good.
    Local,
    /// An internet gateway.
    Gateway(String),
    /// A gateway endpoint, with which the route comes and goes.
    Endpoint(String),
    EgressOnly(String),
    Nat(String),
    Peering(String),
    Interface {
        eni: String,
        instance: Option<String>,
        owner: String,
    },
}

impl Record for RouteTable {
    const KIND: Kind = Kind::RouteTable;

    fn vpc(&self) -> &str {
        &self.vpc
    }
}

impl RouteTable {
    /// A table with the local routes only.
    pub fn new(vpc: &Vpc) -> RouteTable {
        let routes = vpc.ranges().map(Route::local).collect();
        RouteTable { vpc: vpc.id.clone(), main: None, associations: Vec::new(), routes }
    }

    fn at(&self, destination: &str) -> Option<usize> {
        self.routes.iter().position(|r| r.destination == destination)
    }

    /// Add a route to a destination that has none.
    pub fn add(&mut self, destination: &str, target: Target) -> Result<(), Error> {
        let destination = range(destination)?;
        if self.at(&destination).is_some() {
            return Err(Error::RouteExists(destination));
        }
        if self.routes.len() > MOST_ROUTES {
            return Err(Error::TooManyRoutes);
        }
        self.routes.push(Route { destination, target });
        Ok(())
    }

    /// Lead a destination that has a route somewhere else.
    pub fn replace(&mut self, table: &str, destination: &str, target: Target) -> Result<(), Error> {
        let destination = range(destination)?;
        let at = self.at(&destination).ok_or(Error::NoRouteToReplace(destination))?;
        self.routes[at].check_own(table)?;
        self.routes[at].target = target;
        Ok(())
    }

    /// Take the route of a destination away.
    pub fn remove(&mut self, table: &str, destination: &str) -> Result<(), Error> {
        let destination = range(destination)?;
        let missing = || Error::NoRoute { destination: destination.clone(), table: table.to_owned() };
        let at = self.at(&destination).ok_or_else(missing)?;
        self.routes[at].check_own(table)?;
        self.routes.remove(at);
        Ok(())
    }
}

impl Route {
    fn local(range: Cidr) -> Route {
        Route { destination: range.to_string(), target: Target::Local }
    }

    /// An error if it is not the account's to change.
    fn check_own(&self, table: &str) -> Result<(), Error> {
        match &self.target {
            Target::Local => Err(Error::LocalRoute { destination: self.destination.clone(), table: table.to_owned() }),
            Target::Endpoint(endpoint) => {
                Err(Error::EndpointRoute { endpoint: endpoint.clone(), table: table.to_owned() })
            }
            Target::Gateway(_)
            | Target::EgressOnly(_)
            | Target::Nat(_)
            | Target::Peering(_)
            | Target::Interface { .. } => Ok(()),
        }
    }
}

fn range(text: &str) -> Result<String, Error> {
    if Kind::PrefixList.accepts(text) {
        return Ok(text.to_owned());
    }
    let canonical = cidr::canonical_v4(text).or_else(|| cidr::canonical_v6(text));
    canonical.ok_or_else(|| Error::BadDestination(text.to_owned()))
}

/// Make the main table of a new VPC.
pub(super) fn create_main(c: &Conn, vpc: &Vpc) -> Result<Kept<RouteTable>, Error> {
    let mut table = RouteTable::new(vpc);
    table.main = Some(id::new(Kind::RouteTableAssociation));
    records::keep(c, &vpc.account, &vpc.region, table)
}

/// A VPC has a further range: every table of it leads there.
pub(super) fn add_local(c: &Conn, vpc: &str, range: Cidr) -> Result<(), Error> {
    for mut table in records::in_vpc::<RouteTable>(c, vpc)? {
        let route = Route::local(range);
        table.it.routes.retain(|r| r.destination != route.destination);
        table.it.routes.push(route);
        records::update(c, &table)?;
    }
    Ok(())
}

/// A VPC loses a range.
pub(super) fn remove_local(c: &Conn, vpc: &str, range: Cidr) -> Result<(), Error> {
    for mut table in records::in_vpc::<RouteTable>(c, vpc)? {
        let local = Route::local(range);
        table.it.routes.retain(|r| *r != local);
        records::update(c, &table)?;
    }
    Ok(())
}

/// Let a subnet use a table. One that does already keeps its association.
pub fn associate(c: &Conn, mut table: Kept<RouteTable>, subnet: &str) -> Result<String, Error> {
    for other in records::in_vpc::<RouteTable>(c, &table.it.vpc)? {
        if let Some(there) = other.it.associations.iter().find(|a| a.subnet == subnet) {
            if other.id == table.id {
                return Ok(there.id.clone());
            }
            return Err(Error::SubnetAssociated(there.id.clone(), subnet.to_owned()));
        }
    }
    let association = Association { id: id::new(Kind::RouteTableAssociation), subnet: subnet.to_owned() };
    let id = association.id.clone();
    table.it.associations.push(association);
    records::update(c, &table)?;
    Ok(id)
}

/// The account's table that has an association, main or not.
fn holder(c: &Conn, account: &str, region: &str, association: &str) -> Result<Kept<RouteTable>, Error> {
    let holds =
        |t: &RouteTable| t.main.as_deref() == Some(association) || t.associations.iter().any(|a| a.id == association);
    let found = records::all::<RouteTable>(c, account, region)?.into_iter().find(|t| holds(&t.it));
    found.ok_or_else(|| Error::NoSuch(Kind::RouteTableAssociation, association.to_owned()))
}

/// End an association; the subnet uses the main table from then on.
pub fn disassociate(c: &Conn, account: &str, region: &str, association: &str) -> Result<(), Error> {
    let mut table = holder(c, account, region, association)?;
    if table.it.main.as_deref() == Some(association) {
        return Err(Error::MainAssociation(association.to_owned()));
    }
    table.it.associations.retain(|a| a.id != association);
    records::update(c, &table)
}

/// Let what an association stands for use `table`: a subnet, or the whole VPC if it is the main one. Gives the new id.
pub fn reassociate(c: &Conn, account: &str, region: &str, association: &str, table: &str) -> Result<String, Error> {
    let mut old = holder(c, account, region, association)?;
    let mut new = records::need::<RouteTable>(c, account, region, table)?;
    if new.it.vpc != old.it.vpc {
        return Err(Error::ElsewhereTable(new.id, old.it.vpc));
    }
    if new.id == old.id {
        return Ok(association.to_owned());
    }
    let fresh = id::new(Kind::RouteTableAssociation);
    if old.it.main.as_deref() == Some(association) {
        old.it.main = None;
        new.it.main = Some(fresh.clone());
    } else {
        let at = old.it.associations.iter().position(|a| a.id == association);
        let subnet = at.map(|at| old.it.associations.remove(at).subnet).unwrap_or_default();
        new.it.associations.push(Association { id: fresh.clone(), subnet });
    }
    records::update(c, &old)?;
    records::update(c, &new)?;
    Ok(fresh)
}

/// A subnet goes: end its association.
pub(super) fn leave(c: &Conn, vpc: &str, subnet: &str) -> Result<(), Error> {
    for mut table in records::in_vpc::<RouteTable>(c, vpc)? {
        let before = table.it.associations.len();
        table.it.associations.retain(|a| a.subnet != subnet);
        if table.it.associations.len() < before {
            records::update(c, &table)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_are_one_for_a_destination_and_the_local_one_stays() {
        let local = Route::local("10.0.0.0/16".parse().unwrap());
        let mut table = RouteTable { vpc: "vpc-1".into(), main: None, associations: Vec::new(), routes: vec![local] };
        table.add("0.0.0.0/0", Target::Gateway("igw-1".into())).unwrap();
        assert!(matches!(table.add("0.0.0.0/0", Target::Gateway("igw-2".into())), Err(Error::RouteExists(_))));
        table.replace("rtb-1", "0.0.0.0/0", Target::Gateway("igw-2".into())).unwrap();
        assert_eq!(table.routes[1].target, Target::Gateway("igw-2".into()));
        assert!(matches!(table.remove("rtb-1", "10.0.0.0/16"), Err(Error::LocalRoute { .. })));
        assert!(matches!(table.remove("rtb-1", "10.9.0.0/16"), Err(Error::NoRoute { .. })));
        assert!(matches!(table.add("somewhere", Target::Local), Err(Error::BadDestination(_))));
        table.remove("rtb-1", "0.0.0.0/0").unwrap();
        assert_eq!(table.routes.len(), 1);
    }
}
