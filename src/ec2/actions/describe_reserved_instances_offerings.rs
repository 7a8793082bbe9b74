//! Reserved instances on offer: none. Always empty.

use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeReservedInstancesOfferings;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    reserved_instances_offerings_set: [(); 0],
}

impl Action for DescribeReservedInstancesOfferings {
    const NAME: &'static str = "DescribeReservedInstancesOfferings";
    /// Of nothing, any part is nothing.
    const IGNORED: &'static [&'static str] = &[
        "AvailabilityZone",
        "AvailabilityZoneId",
        "Filter",
        "IncludeMarketplace",
        "InstanceTenancy",
        "InstanceType",
        "MaxDuration",
        "MaxInstanceCount",
        "MaxResults",
        "MinDuration",
        "NextToken",
        "OfferingClass",
        "OfferingType",
        "ProductDescription",
        "ReservedInstancesOfferingId",
    ];
    type Output = Output;

    fn read(_: &Params<'_>) -> Result<Self, Error> {
        Ok(DescribeReservedInstancesOfferings)
    }

    async fn run(self, _: &Cx) -> Result<Output, Error> {
        Ok(Output { reserved_instances_offerings_set: [] })
    }
}
