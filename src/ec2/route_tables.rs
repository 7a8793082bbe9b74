//! Route tables as requests name their parts and as answers write them.

use super::filter::{Filtered, Values, flag};
use super::{Cx, Done, Error};
use crate::clock;
use crate::db::tags::Tag;
use crate::db::{self, Conn};
use crate::id::Kind;
use crate::network::ends::Ends;
use crate::network::gateways::{EgressOnlyGateway, InternetGateway};
use crate::network::nat_gateways::NatGateway;
use crate::network::records::{self, Kept};
use crate::network::routes::{Route, RouteTable, Target};
use crate::network::{self, peerings, prefix_lists};
use crate::wire::query::{self, Params};
use serde::Serialize;

/// The destination of a route: an IPv4 or an IPv6 range, or a prefix list.
pub fn destination(p: &Params<'_>) -> Result<String, Error> {
    let list = p.opt_id("DestinationPrefixListId", Kind::PrefixList)?;
    let found = [p.opt("DestinationCidrBlock"), p.opt("DestinationIpv6CidrBlock"), list];
    let found = found.into_iter().flatten().find(|text| !text.is_empty());
    Ok(found.ok_or_else(|| query::Error::Missing("destinationCidrBlock".into()))?.to_owned())
}

/// An error unless the account can name the prefix list that a destination is.
fn check_destination(c: &Conn, table: &Kept<RouteTable>, destination: &str) -> Result<(), Error> {
    match Kind::PrefixList.accepts(destination) {
        true => Ok(prefix_lists::check(c, &table.account, &table.region, destination)?),
        false => Ok(()),
    }
}

/// Where a route is to lead.
enum WantedTarget {
    Gateway(String),
    Instance(String),
    Interface(String),
    EgressOnly(String),
    Nat(String),
    Peering(String),
}

/// Targets of which there are none here.
const ELSEWHERE: &[&str] = &[
    "CarrierGatewayId",
    "CoreNetworkArn",
    "LocalGatewayId",
    "LocalTarget",
    "OdbNetworkArn",
    "TransitGatewayId",
    "VpcEndpointId",
];

impl WantedTarget {
    fn read(p: &Params<'_>) -> Result<WantedTarget, Error> {
        if let Some(name) = ELSEWHERE.iter().find(|name| p.opt(name).is_some_and(|text| !text.is_empty())) {
            return Err(Error::Unsupported(format!("routes by {name}")));
        }
        if let Some(id) = p.opt("GatewayId").filter(|id| Kind::VpcEndpoint.accepts(id)) {
            return Err(Error::ParameterValue(format!(
                "Cannot create or replace a prefix list route targeting a VPC Endpoint: {id}"
            )));
        }
        let named = |name, kind, target: fn(String) -> WantedTarget| -> Result<Option<WantedTarget>, Error> {
            Ok(p.opt_id(name, kind)?.map(|id| target(id.to_owned())))
        };
        let found = [
            named("GatewayId", Kind::InternetGateway, WantedTarget::Gateway)?,
            named("InstanceId", Kind::Instance, WantedTarget::Instance)?,
            named("NetworkInterfaceId", Kind::NetworkInterface, WantedTarget::Interface)?,
            named("EgressOnlyInternetGatewayId", Kind::EgressOnlyGateway, WantedTarget::EgressOnly)?,
            named("NatGatewayId", Kind::NatGateway, WantedTarget::Nat)?,
            named("VpcPeeringConnectionId", Kind::PeeringConnection, WantedTarget::Peering)?,
        ];
        let mut found = found.into_iter().flatten();
        match (found.next(), found.next()) {
            (Some(one), None) => Ok(one),
            (None, _) => Err(query::Error::Missing("gatewayId".into()).into()),
            (Some(_), Some(_)) => Err(Error::ParameterCombination("A route has exactly one target".into())),
        }
    }

    /// The target of a route to `destination`. It must be there and belong to the table's VPC.
    fn resolve(&self, c: &Conn, table: &Kept<RouteTable>, destination: &str) -> Result<Target, Error> {
        let (account, region) = (&table.account, &table.region);
        let here = |vpc: &str, id: &str| -> Result<String, Error> {
            let elsewhere = || network::Error::ElsewhereTable(table.id.clone(), id.to_owned());
            if vpc == table.it.vpc { Ok(id.to_owned()) } else { Err(elsewhere().into()) }
        };
        let interface = |id: &str| -> Result<Target, Error> {
            let nic = network::nic(c, id)?.filter(|n| n.account == *account && n.subnet.region == *region);
            let nic = nic.ok_or_else(|| Error::no_such(Kind::NetworkInterface, id))?;
            let eni = here(&nic.subnet.vpc_id, &nic.eni_id)?;
            Ok(Target::Interface { eni, instance: nic.instance_id, owner: nic.account })
        };
        match self {
            WantedTarget::Gateway(id) => {
                let gateway = records::need::<InternetGateway>(c, account, region, id)?;
                Ok(Target::Gateway(here(&gateway.it.vpc, id)?))
            }
            WantedTarget::EgressOnly(id) => {
                let gateway = records::need::<EgressOnlyGateway>(c, account, region, id)?;
                if !destination.contains(':') {
                    return Err(network::Error::NotV6(id.clone()).into());
                }
                Ok(Target::EgressOnly(here(&gateway.it.vpc, id)?))
            }
            WantedTarget::Nat(id) => {
                let gateway = records::get::<NatGateway>(c, account, region, id)?.filter(|g| g.it.is_available());
                let gateway = gateway.ok_or_else(|| network::Error::NoNatTarget(id.clone()))?;
                Ok(Target::Nat(here(&gateway.it.vpc, id)?))
            }
            WantedTarget::Peering(id) => {
                let peering = peerings::need(c, account, region, id, clock::now_ms())?.it;
                let end = if peering.accepter.vpc == table.it.vpc { &peering.accepter } else { &peering.requester };
                Ok(Target::Peering(here(&end.vpc, id)?))
            }
            WantedTarget::Interface(id) => interface(id),
            WantedTarget::Instance(id) => {
                let row = db::instances::get(c, id)?.filter(|i| i.account == *account && i.region == *region);
                interface(&row.ok_or_else(|| Error::no_such(Kind::Instance, id))?.eni_id)
            }
        }
    }
}

/// A route that a request describes, in one of the caller's tables.
pub struct WantedRoute {
    table: String,
    destination: String,
    target: WantedTarget,
}

impl WantedRoute {
    pub fn read(p: &Params<'_>) -> Result<WantedRoute, Error> {
        Ok(WantedRoute {
            table: p.id("RouteTableId", Kind::RouteTable)?.to_owned(),
            destination: destination(p)?,
            target: WantedTarget::read(p)?,
        })
    }

    /// Have `put` put its destination and target into the table.
    pub async fn write(
        self,
        cx: &Cx,
        put: fn(&mut Kept<RouteTable>, &str, Target) -> Result<(), network::Error>,
    ) -> Result<Done, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            let mut table = records::need::<RouteTable>(c, account, region, &self.table)?;
            check_destination(c, &table, &self.destination)?;
            let target = self.target.resolve(c, &table, &self.destination)?;
            put(&mut table, &self.destination, target)?;
            records::update(c, &table)?;
            Ok(Done::YES)
        };
        cx.change(job).await
    }
}

/// One route table.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TableItem {
    pub route_table_id: String,
    vpc_id: String,
    owner_id: String,
    route_set: Vec<RouteItem>,
    association_set: Vec<AssociationItem>,
    propagating_vgw_set: Vec<()>,
    tag_set: Vec<Tag>,
}

#[derive(Serialize, Default)]
#[serde(rename_all = "camelCase")]
struct RouteItem {
    destination_cidr_block: Option<String>,
    destination_ipv6_cidr_block: Option<String>,
    destination_prefix_list_id: Option<String>,
    gateway_id: Option<String>,
    instance_id: Option<String>,
    instance_owner_id: Option<String>,
    network_interface_id: Option<String>,
    egress_only_internet_gateway_id: Option<String>,
    nat_gateway_id: Option<String>,
    vpc_peering_connection_id: Option<String>,
    state: &'static str,
    origin: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AssociationItem {
    route_table_association_id: String,
    route_table_id: String,
    subnet_id: Option<String>,
    main: bool,
    association_state: AssociationState,
}

/// How an association stands.
#[derive(Serialize)]
pub struct AssociationState {
    state: &'static str,
}

impl AssociationState {
    pub const ASSOCIATED: AssociationState = AssociationState { state: "associated" };
}

impl RouteItem {
    fn new(route: &Route, table: &RouteTable, ends: &Ends) -> RouteItem {
        let destination = Some(route.destination.clone());
        let list = Kind::PrefixList.accepts(&route.destination);
        let (v4, v6) = if route.destination.contains(':') { (None, destination) } else { (destination, None) };
        let (list, v4) = if list { (v4, None) } else { (None, v4) };
        let mut item = RouteItem {
            destination_cidr_block: v4,
            destination_ipv6_cidr_block: v6,
            destination_prefix_list_id: list,
            state: if ends.is_active(&table.vpc, &route.target) { "active" } else { "blackhole" },
            origin: "CreateRoute",
            ..RouteItem::default()
        };
        match &route.target {
            Target::Local => (item.gateway_id, item.origin) = (Some("local".into()), "CreateRouteTable"),
            Target::Gateway(id) | Target::Endpoint(id) => item.gateway_id = Some(id.clone()),
            Target::EgressOnly(id) => item.egress_only_internet_gateway_id = Some(id.clone()),
            Target::Nat(id) => item.nat_gateway_id = Some(id.clone()),
            Target::Peering(id) => item.vpc_peering_connection_id = Some(id.clone()),
            Target::Interface { eni, owner, .. } => {
                // As it is now: the interface may have moved to another instance since.
                let instance = ends.instance_of(eni).cloned();
                item.network_interface_id = Some(eni.clone());
                item.instance_owner_id = instance.as_ref().map(|_| owner.clone());
                item.instance_id = instance;
            }
        }
        item
    }
}

impl TableItem {
    /// A table with its tags.
    pub fn new(table: Kept<RouteTable>, ends: &Ends, tags: Vec<Tag>) -> TableItem {
        let it = &table.it;
        let association = |id: &str, subnet_id: Option<String>| AssociationItem {
            route_table_association_id: id.to_owned(),
            route_table_id: table.id.clone(),
            main: subnet_id.is_none(),
            subnet_id,
            association_state: AssociationState::ASSOCIATED,
        };
        let main = it.main.iter().map(|id| association(id, None));
        let others = it.associations.iter().map(|a| association(&a.id, Some(a.subnet.clone())));
        let route = |r: &Route| RouteItem::new(r, it, ends);
        TableItem {
            route_set: it.routes.iter().map(route).collect(),
            association_set: main.chain(others).collect(),
            propagating_vgw_set: Vec::new(),
            vpc_id: it.vpc.clone(),
            tag_set: tags,
            owner_id: table.account,
            route_table_id: table.id,
        }
    }
}

fn routes<'a>(t: &'a TableItem, value: fn(&'a RouteItem) -> Option<&'a str>) -> Vec<std::borrow::Cow<'a, str>> {
    t.route_set.iter().filter_map(value).map(Into::into).collect()
}

impl Filtered for TableItem {
    const FILTERS: &'static [(&'static str, Values<Self>)] = &[
        ("association.gateway-id", |_| vec![]),
        ("association.main", |t| t.association_set.iter().flat_map(|a| flag(a.main)).collect()),
        ("association.route-table-association-id", |t| {
            t.association_set.iter().map(|a| a.route_table_association_id.as_str().into()).collect()
        }),
        ("association.route-table-id", |t| {
            t.association_set.iter().map(|a| a.route_table_id.as_str().into()).collect()
        }),
        ("association.subnet-id", |t| {
            t.association_set.iter().filter_map(|a| a.subnet_id.as_deref()).map(Into::into).collect()
        }),
        ("owner-id", |t| vec![t.owner_id.as_str().into()]),
        ("route-table-id", |t| vec![t.route_table_id.as_str().into()]),
        ("route.destination-cidr-block", |t| routes(t, |r| r.destination_cidr_block.as_deref())),
        ("route.destination-ipv6-cidr-block", |t| routes(t, |r| r.destination_ipv6_cidr_block.as_deref())),
        ("route.destination-prefix-list-id", |t| routes(t, |r| r.destination_prefix_list_id.as_deref())),
        ("route.egress-only-internet-gateway-id", |t| routes(t, |r| r.egress_only_internet_gateway_id.as_deref())),
        ("route.gateway-id", |t| routes(t, |r| r.gateway_id.as_deref())),
        ("route.instance-id", |t| routes(t, |r| r.instance_id.as_deref())),
        ("route.nat-gateway-id", |t| routes(t, |r| r.nat_gateway_id.as_deref())),
        ("route.origin", |t| routes(t, |r| Some(r.origin))),
        ("route.state", |t| routes(t, |r| Some(r.state))),
        ("route.transit-gateway-id", |_| vec![]),
        ("route.vpc-peering-connection-id", |t| routes(t, |r| r.vpc_peering_connection_id.as_deref())),
        ("vpc-id", |t| vec![t.vpc_id.as_str().into()]),
    ];
    const ID: &'static str = "route-table-id";
    const TAGGED: bool = true;
    fn tags(&self) -> Option<&[Tag]> {
        Some(&self.tag_set)
    }
}
