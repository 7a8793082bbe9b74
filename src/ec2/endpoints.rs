//! VPC endpoints as requests describe and as answers write them.

use super::Error;
use super::filter::{Filtered, Values};
use super::groups::GroupItem;
use super::interfaces::address;
use crate::clock;
use crate::db::tags::Tag;
use crate::id::Kind;
use crate::network::endpoints::{EndpointKind, VpcEndpoint};
use crate::network::records::Kept;
use crate::wire::ec2_xml::Time;
use crate::wire::query::Params;
use serde::Serialize;
use std::net::Ipv4Addr;

/// What an endpoint lets through when nothing is said.
pub const EVERYTHING: &str =
    r#"{"Version":"2008-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}"#;

/// One endpoint.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EndpointItem {
    pub vpc_endpoint_id: String,
    vpc_endpoint_type: &'static str,
    vpc_id: String,
    service_name: String,
    service_region: String,
    state: &'static str,
    policy_document: String,
    route_table_id_set: Vec<String>,
    subnet_id_set: Vec<String>,
    group_set: Vec<GroupItem>,
    ip_address_type: &'static str,
    dns_options: Option<DnsOptions>,
    private_dns_enabled: bool,
    requester_managed: bool,
    network_interface_id_set: Vec<String>,
    dns_entry_set: Vec<DnsEntry>,
    creation_timestamp: Time,
    tag_set: Vec<Tag>,
    owner_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DnsOptions {
    dns_record_ip_type: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DnsEntry {
    dns_name: String,
    hosted_zone_id: &'static str,
}

/// Names of an interface endpoint: its own, and the service's if it takes that over in the VPC. Nobody answers to them yet.
fn names(id: &str, region: &str, service: &str, private: bool) -> Vec<DnsEntry> {
    const ZONE: &str = "Z00000000000000000000";
    let short = service.rsplit('.').next().unwrap_or_default();
    let own = format!("{id}.{short}.{region}.vpce.amazonaws.com");
    let theirs = private.then(|| format!("{short}.{region}.amazonaws.com"));
    let entry = |dns_name| DnsEntry { dns_name, hosted_zone_id: ZONE };
    std::iter::once(own).chain(theirs).map(entry).collect()
}

impl EndpointItem {
    /// An endpoint with its tags.
    pub fn new(endpoint: Kept<VpcEndpoint>, tag_set: Vec<Tag>) -> EndpointItem {
        let it = endpoint.it;
        let interface = it.kind == EndpointKind::Interface;
        let (subnet_id_set, network_interface_id_set) = it.interfaces.into_iter().unzip();
        EndpointItem {
            vpc_endpoint_type: it.kind.text(),
            state: "available",
            route_table_id_set: it.route_tables,
            subnet_id_set,
            group_set: it.groups.iter().map(GroupItem::from).collect(),
            ip_address_type: "ipv4",
            dns_options: interface.then_some(DnsOptions { dns_record_ip_type: "ipv4" }),
            private_dns_enabled: it.private_dns,
            requester_managed: false,
            network_interface_id_set,
            dns_entry_set: match it.kind {
                EndpointKind::Gateway => Vec::new(),
                EndpointKind::Interface => names(&endpoint.id, &endpoint.region, &it.service, it.private_dns),
            },
            creation_timestamp: Time(clock::from_ms(it.created_at)),
            policy_document: it.policy,
            service_name: it.service,
            vpc_id: it.vpc,
            tag_set,
            owner_id: endpoint.account,
            service_region: endpoint.region,
            vpc_endpoint_id: endpoint.id,
        }
    }

    /// The same as the call that makes it answers.
    pub fn fresh(mut self) -> EndpointItem {
        if self.vpc_endpoint_type == EndpointKind::Interface.text() {
            self.state = "pending";
        }
        self
    }
}

impl Filtered for EndpointItem {
    const FILTERS: &'static [(&'static str, Values<Self>)] = &[
        ("ip-address-type", |e| vec![e.ip_address_type.into()]),
        ("service-name", |e| vec![e.service_name.as_str().into()]),
        ("service-region", |e| vec![e.service_region.as_str().into()]),
        ("vpc-endpoint-id", |e| vec![e.vpc_endpoint_id.as_str().into()]),
        ("vpc-endpoint-state", |e| vec![e.state.into()]),
        ("vpc-endpoint-type", |e| vec![e.vpc_endpoint_type.into()]),
        ("vpc-id", |e| vec![e.vpc_id.as_str().into()]),
    ];
    const ID: &'static str = "vpc-endpoint-id";
    const TAGGED: bool = true;
    fn tags(&self) -> Option<&[Tag]> {
        Some(&self.tag_set)
    }
}

/// A policy that a request has, which must be JSON.
pub fn policy(p: &Params<'_>) -> Result<Option<String>, Error> {
    let Some(text) = p.opt("PolicyDocument").filter(|text| !text.is_empty()) else { return Ok(None) };
    match serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text) {
        Ok(_) => Ok(Some(text.to_owned())),
        Err(_) => Err(Error::PolicyDocument),
    }
}

/// Subnets of `ids`, and those of `SubnetConfiguration.N`, each with the address that is wanted there.
pub fn subnets(p: &Params<'_>, ids: &str) -> Result<Vec<(String, Option<Ipv4Addr>)>, Error> {
    let mut all: Vec<(String, Option<Ipv4Addr>)> =
        p.ids(ids, Kind::Subnet)?.into_iter().map(|id| (id.to_owned(), None)).collect();
    for one in p.structs("SubnetConfiguration") {
        if one.opt("Ipv6").is_some() {
            return Err(Error::Unsupported(one.name("Ipv6")));
        }
        let (id, ip) = (one.id("SubnetId", Kind::Subnet)?, address(&one, "Ipv4")?);
        match all.iter_mut().find(|(there, _)| there == id) {
            Some((_, wanted)) => *wanted = ip,
            None => all.push((id.to_owned(), ip)),
        }
    }
    Ok(all)
}

/// An error for addresses other than IPv4.
pub fn check_ipv4(p: &Params<'_>) -> Result<(), Error> {
    match p.opt("IpAddressType").filter(|kind| !["", "ipv4"].contains(kind)) {
        Some(kind) => Err(Error::Unsupported(format!("the IP address type {kind}"))),
        None => Ok(()),
    }
}
