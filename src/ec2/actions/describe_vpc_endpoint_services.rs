//! The services that have endpoints: EC2, S3, SSM and STS, which are here. Accounts offer none of their own.

use crate::ec2::filter::{Filtered, Filters, Values};
use crate::ec2::page::Page;
use crate::ec2::registry::Action;
use crate::ec2::zone;
use crate::ec2::{Cx, Error};
use crate::network;
use crate::network::amazon;
use crate::network::endpoints::{self, EndpointKind, SERVICES};
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeVpcEndpointServices {
    names: Vec<String>,
    filters: Filters<Item>,
    page: Page,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    service_name_set: Vec<String>,
    service_detail_set: Vec<Item>,
    next_token: Option<String>,
}

/// One service with one kind of endpoints.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    service_name: String,
    service_id: String,
    service_type: [Type; 1],
    service_region: String,
    availability_zone_set: Vec<String>,
    availability_zone_id_set: Vec<String>,
    owner: &'static str,
    base_endpoint_dns_name_set: Vec<String>,
    private_dns_name: Option<String>,
    private_dns_name_set: Option<[Name; 1]>,
    vpc_endpoint_policy_supported: bool,
    acceptance_required: bool,
    manages_vpc_endpoints: bool,
    tag_set: Vec<()>,
    private_dns_name_verification_state: Option<&'static str>,
    supported_ip_address_type_set: [&'static str; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Type {
    service_type: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Name {
    private_dns_name: String,
}

impl Item {
    fn new(short: &str, kind: EndpointKind, region: &str, zones: Vec<String>) -> Item {
        let name = format!("{short}.{region}.amazonaws.com");
        let interface = kind == EndpointKind::Interface;
        Item {
            service_name: amazon::service_name(region, short),
            service_id: endpoints::service_id(region, short, kind),
            service_type: [Type { service_type: kind.text() }],
            service_region: region.to_owned(),
            availability_zone_id_set: zones.iter().map(|z| zone::id(z)).collect(),
            availability_zone_set: zones,
            owner: "amazon",
            base_endpoint_dns_name_set: vec![if interface {
                format!("{short}.{region}.vpce.amazonaws.com")
            } else {
                name.clone()
            }],
            private_dns_name: interface.then(|| name.clone()),
            private_dns_name_set: interface.then_some([Name { private_dns_name: name }]),
            vpc_endpoint_policy_supported: true,
            acceptance_required: false,
            manages_vpc_endpoints: false,
            tag_set: Vec::new(),
            private_dns_name_verification_state: interface.then_some("verified"),
            supported_ip_address_type_set: ["ipv4"],
        }
    }
}

impl Filtered for Item {
    const FILTERS: &'static [(&'static str, Values<Self>)] = &[
        ("owner", |s| vec![s.owner.into()]),
        ("service-name", |s| vec![s.service_name.as_str().into()]),
        ("service-region", |s| vec![s.service_region.as_str().into()]),
        ("service-type", |s| vec![s.service_type[0].service_type.into()]),
        ("supported-ip-address-types", |s| vec![s.supported_ip_address_type_set[0].into()]),
    ];
    const TAGGED: bool = true;
    fn tags(&self) -> Option<&[crate::db::tags::Tag]> {
        Some(&[])
    }
}

impl Action for DescribeVpcEndpointServices {
    const NAME: &'static str = "DescribeVpcEndpointServices";
    const REFUSED: &'static [&'static str] = &["ServiceRegion"];
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(DescribeVpcEndpointServices {
            names: p.list("ServiceName").into_iter().map(str::to_owned).collect(),
            filters: Filters::read(p)?,
            page: Page::read(p, None)?,
        })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let kinds = SERVICES.iter().flat_map(|(short, kinds)| kinds.iter().map(move |kind| (short, *kind)));
        let mut items: Vec<Item> = kinds.map(|(short, kind)| Item::new(short, kind, &cx.region, cx.zones())).collect();
        if let Some(name) = self.names.iter().find(|name| !items.iter().any(|one| one.service_name == **name)) {
            return Err(network::Error::NoService(name.clone()).into());
        }
        items.retain(|one| self.names.is_empty() || self.names.contains(&one.service_name));
        items.retain(|one| self.filters.accept(one));
        let (service_detail_set, next_token) =
            self.page.cut(items, |one: &Item| format!("{} {}", one.service_name, one.service_type[0].service_type));
        let mut service_name_set: Vec<String> = service_detail_set.iter().map(|one| one.service_name.clone()).collect();
        service_name_set.dedup();
        Ok(Output { service_name_set, service_detail_set, next_token })
    }
}
