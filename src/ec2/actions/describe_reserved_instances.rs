//! Reserved instances: nobody pays here, so nobody has paid ahead. Always empty.

use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeReservedInstances;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    reserved_instances_set: [(); 0],
}

impl Action for DescribeReservedInstances {
    const NAME: &'static str = "DescribeReservedInstances";
    /// Of nothing, any part is nothing.
    const IGNORED: &'static [&'static str] = &["Filter", "OfferingClass", "OfferingType", "ReservedInstancesId"];
    type Output = Output;

    fn read(_: &Params<'_>) -> Result<Self, Error> {
        Ok(DescribeReservedInstances)
    }

    async fn run(self, _: &Cx) -> Result<Output, Error> {
        Ok(Output { reserved_instances_set: [] })
    }
}
