//! There are no Mac hosts: the list is empty.

use crate::ec2::filter::{Filtered, Filters, Values};
use crate::ec2::page::Page;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeMacHosts;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    mac_host_set: [Item; 0],
    next_token: Option<String>,
}

/// None of them.
#[derive(Serialize)]
pub enum Item {}

impl Filtered for Item {
    const FILTERS: &'static [(&'static str, Values<Self>)] =
        &[("availability-zone", |_| vec![]), ("instance-type", |_| vec![])];
}

impl Action for DescribeMacHosts {
    const NAME: &'static str = "DescribeMacHosts";
    /// Of nothing, any part is nothing.
    const IGNORED: &'static [&'static str] = &["HostId"];
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Filters::<Item>::read(p)?;
        Page::within(p, None, 5..=500)?;
        Ok(DescribeMacHosts)
    }

    async fn run(self, _: &Cx) -> Result<Output, Error> {
        Ok(Output { mac_host_set: [], next_token: None })
    }
}
