//! The caller's dedicated hosts: what runs on them, and how many instances of each type still fit. A released one is shown for an hour.

use crate::compute::dedicated::{self, DedicatedHost};
use crate::compute::records;
use crate::db;
use crate::ec2::describe::Listing;
use crate::ec2::hosts::Item;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeHosts(Listing<Item>);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    host_set: Vec<Item>,
    next_token: Option<String>,
}

impl Action for DescribeHosts {
    const NAME: &'static str = "DescribeHosts";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(DescribeHosts(Listing::read(p, Kind::DedicatedHost, "HostId", "hostId")?))
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let (hosts, occupants, tags) = cx
            .look(|c, account, region| {
                let hosts = records::all::<DedicatedHost>(c, account, region)?;
                let tags = db::tags::by_resource(c, account, region, "dedicated-host")?;
                Ok((hosts, dedicated::occupants(c, account, region)?, tags))
            })
            .await?;
        let item = |host, tags| Ok(Item::new(host, &occupants, tags));
        let (host_set, next_token) = self.0.answer(hosts, tags, |host| &host.id, item)?;
        Ok(Output { host_set, next_token })
    }
}
