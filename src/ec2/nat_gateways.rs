//! NAT gateways as answers write them.

use super::filter::{Filtered, Values};
use crate::clock;
use crate::db::tags::Tag;
use crate::network::nat_gateways::NatGateway;
use crate::network::records::Kept;
use crate::wire::ec2_xml::Time;
use serde::Serialize;

/// One gateway.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NatItem {
    pub nat_gateway_id: String,
    vpc_id: String,
    subnet_id: String,
    state: &'static str,
    connectivity_type: &'static str,
    availability_mode: &'static str,
    failure_code: Option<String>,
    failure_message: Option<String>,
    nat_gateway_address_set: Vec<NatAddressItem>,
    create_time: Time,
    delete_time: Option<Time>,
    tag_set: Vec<Tag>,
}

/// One of its addresses.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NatAddressItem {
    allocation_id: Option<String>,
    association_id: Option<String>,
    public_ip: Option<String>,
    network_interface_id: Option<String>,
    private_ip: Option<String>,
    is_primary: Option<bool>,
    status: Option<&'static str>,
}

/// What the calls that change a gateway's addresses answer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Addresses {
    nat_gateway_id: String,
    nat_gateway_address_set: Vec<NatAddressItem>,
}

impl From<Kept<NatGateway>> for Addresses {
    fn from(gateway: Kept<NatGateway>) -> Addresses {
        Addresses { nat_gateway_address_set: addresses(&gateway.it), nat_gateway_id: gateway.id }
    }
}

fn addresses(gateway: &NatGateway) -> Vec<NatAddressItem> {
    let works = gateway.failure.is_none();
    let item = |(n, address): (usize, &crate::network::nat_gateways::NatAddress)| NatAddressItem {
        allocation_id: address.public.as_ref().map(|p| p.allocation.clone()),
        association_id: address.public.as_ref().and_then(|p| p.association.clone()),
        public_ip: address.public.as_ref().map(|p| p.ip.to_string()),
        network_interface_id: works.then(|| gateway.interface.clone()),
        private_ip: address.private_ip.map(|ip| ip.to_string()),
        is_primary: Some(n == 0),
        status: Some(if works { "succeeded" } else { "failed" }),
    };
    gateway.addresses.iter().enumerate().map(item).collect()
}

impl NatItem {
    /// A gateway with its tags.
    pub fn new(gateway: Kept<NatGateway>, tags: Vec<Tag>) -> NatItem {
        let it = gateway.it;
        let (failure_code, failure_message) = it.failure.clone().unzip();
        NatItem {
            state: it.state(),
            connectivity_type: if it.public { "public" } else { "private" },
            availability_mode: "zonal",
            failure_code,
            failure_message,
            nat_gateway_address_set: addresses(&it),
            create_time: Time(clock::from_ms(it.created_at)),
            delete_time: it.deleted_at.map(|at| Time(clock::from_ms(at))),
            tag_set: tags,
            nat_gateway_id: gateway.id,
            vpc_id: it.vpc,
            subnet_id: it.subnet,
        }
    }

    /// The same as the call that makes it answers: nothing is done yet.
    pub fn pending(mut self) -> NatItem {
        self.state = "pending";
        (self.failure_code, self.failure_message, self.delete_time) = (None, None, None);
        for address in &mut self.nat_gateway_address_set {
            let allocation_id = address.allocation_id.take();
            *address = NatAddressItem {
                allocation_id,
                association_id: None,
                public_ip: None,
                network_interface_id: None,
                private_ip: None,
                is_primary: None,
                status: None,
            };
        }
        self.nat_gateway_address_set.retain(|address| address.allocation_id.is_some());
        self
    }
}

impl Filtered for NatItem {
    const FILTERS: &'static [(&'static str, Values<Self>)] = &[
        ("nat-gateway-id", |n| vec![n.nat_gateway_id.as_str().into()]),
        ("state", |n| vec![n.state.into()]),
        ("subnet-id", |n| vec![n.subnet_id.as_str().into()]),
        ("vpc-id", |n| vec![n.vpc_id.as_str().into()]),
    ];
    const TAGGED: bool = true;
    fn tags(&self) -> Option<&[Tag]> {
        Some(&self.tag_set)
    }
}
