//! The caller's Elastic IP addresses.

use crate::db;
use crate::db::elastic_addresses::AddressRow;
use crate::db::tags::Tag;
use crate::ec2::filter::{Filtered, Filters, Values, maybe};
use crate::ec2::interfaces::addresses;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error, describe};
use crate::id::Kind;
use crate::network::{elastic, interfaces};
use crate::wire::query::Params;
use serde::Serialize;
use std::collections::HashMap;
use std::net::Ipv4Addr;

pub struct DescribeAddresses {
    ids: Vec<String>,
    ips: Vec<Ipv4Addr>,
    filters: Filters<Item>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    addresses_set: Vec<Item>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    public_ip: String,
    allocation_id: String,
    domain: &'static str,
    instance_id: Option<String>,
    association_id: Option<String>,
    network_interface_id: Option<String>,
    network_interface_owner_id: Option<String>,
    private_ip_address: Option<String>,
    tag_set: Vec<Tag>,
    public_ipv4_pool: &'static str,
    network_border_group: String,
}

impl Filtered for Item {
    const FILTERS: &'static [(&'static str, Values<Self>)] = &[
        ("allocation-id", |a| vec![a.allocation_id.as_str().into()]),
        ("association-id", |a| maybe(&a.association_id)),
        ("domain", |a| vec![a.domain.into()]),
        ("instance-id", |a| maybe(&a.instance_id)),
        ("network-border-group", |a| vec![a.network_border_group.as_str().into()]),
        ("network-interface-id", |a| maybe(&a.network_interface_id)),
        ("network-interface-owner-id", |a| maybe(&a.network_interface_owner_id)),
        ("private-ip-address", |a| maybe(&a.private_ip_address)),
        ("public-ip", |a| vec![a.public_ip.as_str().into()]),
    ];
    const TAGGED: bool = true;
    fn tags(&self) -> Option<&[Tag]> {
        Some(&self.tag_set)
    }
}

impl Action for DescribeAddresses {
    const NAME: &'static str = "DescribeAddresses";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(DescribeAddresses {
            ids: p.ids("AllocationId", Kind::ElasticAddress)?.into_iter().map(str::to_owned).collect(),
            ips: addresses(p, "PublicIp")?,
            filters: Filters::read(p)?,
        })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let (all, instances, mut tags) = cx
            .look(|c, account, region| {
                let nics = interfaces::all(c, account, region)?;
                let instances: HashMap<String, Option<String>> =
                    nics.into_iter().map(|nic| (nic.eni_id, nic.instance_id)).collect();
                let tags = db::tags::by_resource(c, account, region, "elastic-ip")?;
                Ok((elastic::all(c, account, region)?, instances, tags))
            })
            .await?;
        let all = describe::pick(Kind::ElasticAddress, &self.ids, all, |a| &a.id)?;
        if let Some(ip) = self.ips.iter().find(|ip| !all.iter().any(|a| a.public_ip == **ip)) {
            return Err(crate::network::Error::NoSuchAddress(*ip).into());
        }
        let item = |a: AddressRow| {
            let to = a.leads_to;
            Item {
                public_ip: a.public_ip.to_string(),
                domain: "vpc",
                instance_id: to.as_ref().and_then(|to| instances.get(&to.interface).cloned().flatten()),
                association_id: to.as_ref().map(|to| to.association.clone()),
                network_interface_owner_id: to.as_ref().map(|_| a.account),
                private_ip_address: to.as_ref().map(|to| to.private_ip.to_string()),
                network_interface_id: to.map(|to| to.interface),
                tag_set: tags.remove(&a.id).unwrap_or_default(),
                public_ipv4_pool: "amazon",
                network_border_group: a.region,
                allocation_id: a.id,
            }
        };
        let addresses_set = all
            .into_iter()
            .filter(|a| self.ips.is_empty() || self.ips.contains(&a.public_ip))
            .map(item)
            .filter(|item| self.filters.accept(item))
            .collect();
        Ok(Output { addresses_set })
    }
}
