//! Groups that serve further VPCs: there are none, so the list is empty.

use crate::ec2::filter::{Filtered, Filters, Values};
use crate::ec2::page::Page;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeSecurityGroupVpcAssociations;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    security_group_vpc_association_set: [Item; 0],
    next_token: Option<String>,
}

/// None of them.
#[derive(Serialize)]
pub enum Item {}

impl Filtered for Item {
    const FILTERS: &'static [(&'static str, Values<Self>)] = &[
        ("group-id", |_| vec![]),
        ("group-owner-id", |_| vec![]),
        ("state", |_| vec![]),
        ("vpc-id", |_| vec![]),
        ("vpc-owner-id", |_| vec![]),
    ];
}

impl Action for DescribeSecurityGroupVpcAssociations {
    const NAME: &'static str = "DescribeSecurityGroupVpcAssociations";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Filters::<Item>::read(p)?;
        Page::read(p, None)?;
        Ok(DescribeSecurityGroupVpcAssociations)
    }

    async fn run(self, _: &Cx) -> Result<Output, Error> {
        Ok(Output { security_group_vpc_association_set: [], next_token: None })
    }
}
