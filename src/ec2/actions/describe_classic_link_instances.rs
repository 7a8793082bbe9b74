//! Nothing is linked to EC2-Classic, which AWS retired: the list is empty.

use crate::ec2::filter::{Filtered, Filters, Values};
use crate::ec2::page::Page;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeClassicLinkInstances;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    instances_set: [Item; 0],
    next_token: Option<String>,
}

/// None of them.
#[derive(Serialize)]
pub enum Item {}

impl Filtered for Item {
    const FILTERS: &'static [(&'static str, Values<Self>)] =
        &[("group-id", |_| vec![]), ("instance-id", |_| vec![]), ("vpc-id", |_| vec![])];
    const TAGGED: bool = true;
}

impl Action for DescribeClassicLinkInstances {
    const NAME: &'static str = "DescribeClassicLinkInstances";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Filters::<Item>::read(p)?;
        Page::read(p, None)?;
        p.ids("InstanceId", Kind::Instance)?;
        Ok(DescribeClassicLinkInstances)
    }

    async fn run(self, _: &Cx) -> Result<Output, Error> {
        Ok(Output { instances_set: [], next_token: None })
    }
}
