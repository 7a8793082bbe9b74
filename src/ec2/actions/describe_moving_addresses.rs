//! No address moves between EC2-Classic, which AWS retired, and a VPC: the list is empty.

use crate::ec2::filter::{Filtered, Filters, Values};
use crate::ec2::page::Page;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeMovingAddresses;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    moving_address_status_set: [Item; 0],
    next_token: Option<String>,
}

/// None of them.
#[derive(Serialize)]
pub enum Item {}

impl Filtered for Item {
    const FILTERS: &'static [(&'static str, Values<Self>)] = &[("moving-status", |_| vec![])];
}

impl Action for DescribeMovingAddresses {
    const NAME: &'static str = "DescribeMovingAddresses";
    /// Of nothing, any part is nothing.
    const IGNORED: &'static [&'static str] = &["PublicIp"];
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Filters::<Item>::read(p)?;
        Page::read(p, None)?;
        Ok(DescribeMovingAddresses)
    }

    async fn run(self, _: &Cx) -> Result<Output, Error> {
        Ok(Output { moving_address_status_set: [], next_token: None })
    }
}
