//! Capacity reservations: none can be made. Always empty.

use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeCapacityReservations;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    capacity_reservation_set: [(); 0],
}

impl Action for DescribeCapacityReservations {
    const NAME: &'static str = "DescribeCapacityReservations";
    /// Of nothing, any part is nothing.
    const IGNORED: &'static [&'static str] = &["CapacityReservationId", "Filter", "MaxResults", "NextToken"];
    type Output = Output;

    fn read(_: &Params<'_>) -> Result<Self, Error> {
        Ok(DescribeCapacityReservations)
    }

    async fn run(self, _: &Cx) -> Result<Output, Error> {
        Ok(Output { capacity_reservation_set: [] })
    }
}
