//! VPCs and subnets as accounts make and delete them, and what comes and goes with them.
//!
//! A VPC comes with a default security group, a main route table with the local route, and a default network ACL; a default
//! VPC with an internet gateway and a route to it, too. All of it goes with its VPC, which can go once nobody's things are in it.

use super::acls::{self, NetworkAcl};
use super::endpoints::{self, VpcEndpoint};
use super::gateways::{EgressOnlyGateway, InternetGateway};
use super::groups::{self, Group};
use super::records::{self, Kept};
use super::routes::{self, RouteTable, Target};
use super::vpcs::{SubnetAttributes, Vpc, VpcAttributes, vpc_range};
use super::{Cidr, Error, Subnet, dhcp_options, peerings, reservations};
use crate::clock;
use crate::db::network::{self as rows, SubnetRow, VpcRow};
use crate::db::quotas::{self, Quota};
use crate::db::{self, Conn};
use crate::id::{self, Kind};

/// Make a VPC with all that it begins with.
pub fn create_vpc(c: &Conn, account: &str, region: &str, cidr: &str, tenancy: &str) -> Result<Vpc, Error> {
    let cidr = vpc_range(cidr).ok_or_else(|| Error::BadVpcRange(cidr.to_owned()))?;
    if !quotas::allows(c, account, Quota::Vpcs, rows::vpcs_of(c, account, region)?.len())? {
        return Err(Error::TooManyVpcs);
    }
    insert_vpc(c, account, region, cidr, tenancy, false)
}

/// [`create_vpc`] without the checks; a default VPC gets its gateway.
pub(super) fn insert_vpc(
    c: &Conn,
    account: &str,
    region: &str,
    cidr: Cidr,
    tenancy: &str,
    is_default: bool,
) -> Result<Vpc, Error> {
    let attributes = VpcAttributes {
        tenancy: tenancy.to_owned(),
        dhcp_options: dhcp_options::of_region(c, account, region)?.id,
        dns_support: true,
        dns_hostnames: is_default,
        usage_metrics: false,
        blocks: Vec::new(),
    };
    let row = VpcRow {
        id: id::new(Kind::Vpc),
        account: account.to_owned(),
        region: region.to_owned(),
        cidr: cidr.to_string(),
        is_default,
        attributes: serde_json::to_string(&attributes).expect("plain data becomes JSON"),
        created_at: clock::now_ms(),
    };
    rows::insert_vpc(c, &row)?;
    groups::create_default(c, account, region, &row.id)?;
    let vpc = Vpc::try_from(row)?;
    let mut main = routes::create_main(c, &vpc)?;
    acls::create_default(c, account, region, &vpc.id)?;
    if is_default {
        let gateway = InternetGateway { vpc: vpc.id.clone() };
        if let Some(gateway) = records::insert(c, account, region, gateway)? {
            main.it.add("0.0.0.0/0", Target::Gateway(gateway.id))?;
            records::update(c, &main)?;
        }
    }
    Ok(vpc)
}

/// Delete a VPC in which nothing is but what it began with. A default VPC takes its gateway along only when that is detached.
pub fn delete_vpc(c: &Conn, vpc: &Vpc) -> Result<(), Error> {
    let groups = records::in_vpc::<Group>(c, &vpc.id)?;
    let tables = records::in_vpc::<RouteTable>(c, &vpc.id)?;
    let acls = records::in_vpc::<NetworkAcl>(c, &vpc.id)?;
    let busy = !rows::subnets_of(c, &vpc.id)?.is_empty()
        || !records::in_vpc::<InternetGateway>(c, &vpc.id)?.is_empty()
        || !records::in_vpc::<EgressOnlyGateway>(c, &vpc.id)?.is_empty()
        || !records::in_vpc::<VpcEndpoint>(c, &vpc.id)?.is_empty()
        || !peerings::holding(c, &vpc.id, clock::now_ms())?.is_empty()
        || groups.iter().any(|g| g.it.name != groups::DEFAULT)
        || tables.iter().any(|t| t.it.main.is_none())
        || acls.iter().any(|a| !a.it.is_default);
    if busy {
        return Err(Error::VpcBusy(vpc.id.clone()));
    }
    groups.iter().try_for_each(|g| groups::forget(c, g))?;
    tables.iter().try_for_each(|t| records::delete(c, &t.id))?;
    acls.iter().try_for_each(|a| records::delete(c, &a.id))?;
    rows::delete_vpc(c, &vpc.id)?;
    Ok(db::tags::forget(c, &vpc.id)?)
}

/// Make a subnet of a VPC in a zone.
pub fn create_subnet(c: &Conn, vpc: &Vpc, zone: &str, cidr: &str) -> Result<Subnet, Error> {
    let bad = || Error::BadSubnetRange(cidr.to_owned());
    let inside = |r: &Cidr| vpc.ranges().any(|all| r.prefix() >= all.prefix() && r.overlaps(all));
    let range = vpc_range(cidr).filter(inside).ok_or_else(bad)?;
    let there = rows::subnets_of(c, &vpc.id)?;
    if !quotas::allows(c, &vpc.account, Quota::SubnetsPerVpc, there.len())? {
        return Err(Error::TooManySubnets);
    }
    for other in there {
        let other: Cidr = other.cidr.parse().map_err(db::Error::Damaged)?;
        if other.overlaps(range) {
            return Err(Error::SubnetConflict(range));
        }
    }
    insert_subnet(c, vpc, zone, range, false)
}

/// [`create_subnet`] without the checks. A default subnet gives public addresses, as AWS's do.
pub(super) fn insert_subnet(c: &Conn, vpc: &Vpc, zone: &str, range: Cidr, is_default: bool) -> Result<Subnet, Error> {
    let attributes = SubnetAttributes { map_public_ip: is_default, ..SubnetAttributes::default() };
    let row = SubnetRow {
        id: id::new(Kind::Subnet),
        vpc: vpc.id.clone(),
        vpc_cidr: vpc.cidr.to_string(),
        vpc_attributes: serde_json::to_string(&vpc.attributes).expect("plain data becomes JSON"),
        account: vpc.account.clone(),
        region: vpc.region.clone(),
        zone: zone.to_owned(),
        cidr: range.to_string(),
        is_default,
        attributes: serde_json::to_string(&attributes).expect("plain data becomes JSON"),
    };
    rows::insert_subnet(c, &row, clock::now_ms())?;
    acls::enter(c, &vpc.id, &row.id)?;
    row.try_into()
}

/// Delete a subnet in which no interface is.
pub fn delete_subnet(c: &Conn, row: &SubnetRow) -> Result<(), Error> {
    if rows::addresses_in_use(c, &row.id)? > 0 {
        return Err(Error::SubnetBusy(row.id.clone()));
    }
    reservations::leave(c, &row.vpc, &row.id)?;
    routes::leave(c, &row.vpc, &row.id)?;
    acls::leave(c, &row.vpc, &row.id)?;
    rows::delete_subnet(c, &row.id)?;
    Ok(db::tags::forget(c, &row.id)?)
}

/// Delete a route table that nothing uses.
pub fn delete_route_table(c: &Conn, table: &Kept<RouteTable>) -> Result<(), Error> {
    if table.it.main.is_some() || !table.it.associations.is_empty() {
        return Err(Error::TableBusy(table.id.clone()));
    }
    endpoints::forget_table(c, &table.it.vpc, &table.id)?;
    records::delete(c, &table.id)
}
