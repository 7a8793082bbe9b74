//! The caller's network interfaces, those of its instances too.

use crate::db;
use crate::ec2::filter::Filters;
use crate::ec2::interfaces::Item;
use crate::ec2::page::Page;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::network::interfaces;
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeNetworkInterfaces {
    ids: Vec<String>,
    filters: Filters<Item>,
    page: Page,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    network_interface_set: Vec<Item>,
    next_token: Option<String>,
}

impl Action for DescribeNetworkInterfaces {
    const NAME: &'static str = "DescribeNetworkInterfaces";
    /// No service manages interfaces on somebody's behalf here.
    const IGNORED: &'static [&'static str] = &["IncludeManagedResources"];
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let ids: Vec<String> =
            p.ids("NetworkInterfaceId", Kind::NetworkInterface)?.into_iter().map(str::to_owned).collect();
        let page = Page::read(p, (!ids.is_empty()).then_some("networkInterfaceIds"))?;
        Ok(DescribeNetworkInterfaces { ids, filters: Filters::read(p)?, page })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let (all, mut tags) = cx
            .look(|c, account, region| {
                let all = interfaces::all(c, account, region)?;
                Ok((all, db::tags::by_resource(c, account, region, "network-interface")?))
            })
            .await?;
        let missing: Vec<String> =
            self.ids.iter().filter(|id| !all.iter().any(|nic| nic.eni_id == **id)).cloned().collect();
        if !missing.is_empty() {
            return Err(Error::NoSuch { kind: Kind::NetworkInterface, ids: missing });
        }
        let items = all
            .into_iter()
            .filter(|nic| self.ids.is_empty() || self.ids.contains(&nic.eni_id))
            .map(|nic| {
                let tags = tags.remove(&nic.eni_id).unwrap_or_default();
                Item::new(nic, tags)
            })
            .filter(|item| self.filters.accept(item))
            .collect();
        let (network_interface_set, next_token) = self.page.cut(items, |item| item.network_interface_id.clone());
        Ok(Output { network_interface_set, next_token })
    }
}
