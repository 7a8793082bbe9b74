//! Changes of reserved instances, of which there are none. Always empty.

use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeReservedInstancesModifications;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    reserved_instances_modifications_set: [(); 0],
}

impl Action for DescribeReservedInstancesModifications {
    const NAME: &'static str = "DescribeReservedInstancesModifications";
    /// Of nothing, any part is nothing.
    const IGNORED: &'static [&'static str] = &["Filter", "NextToken", "ReservedInstancesModificationId"];
    type Output = Output;

    fn read(_: &Params<'_>) -> Result<Self, Error> {
        Ok(DescribeReservedInstancesModifications)
    }

    async fn run(self, _: &Cx) -> Result<Output, Error> {
        Ok(Output { reserved_instances_modifications_set: [] })
    }
}
