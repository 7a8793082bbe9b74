//! Nobody brings address ranges of their own; the operator gives the ranges. The list is empty.

use crate::ec2::filter::{Filtered, Filters, Values};
use crate::ec2::page::Page;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribePublicIpv4Pools;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    public_ipv4_pool_set: [Item; 0],
    next_token: Option<String>,
}

/// None of them.
#[derive(Serialize)]
pub enum Item {}

impl Filtered for Item {
    const FILTERS: &'static [(&'static str, Values<Self>)] = &[];
    const TAGGED: bool = true;
}

impl Action for DescribePublicIpv4Pools {
    const NAME: &'static str = "DescribePublicIpv4Pools";
    /// Of nothing, any part is nothing.
    const IGNORED: &'static [&'static str] = &["PoolId"];
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Filters::<Item>::read(p)?;
        Page::within(p, None, 1..=10)?;
        Ok(DescribePublicIpv4Pools)
    }

    async fn run(self, _: &Cx) -> Result<Output, Error> {
        Ok(Output { public_ipv4_pool_set: [], next_token: None })
    }
}
