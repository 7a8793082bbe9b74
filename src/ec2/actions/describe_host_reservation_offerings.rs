//! Reservations of dedicated hosts on offer: none. Always empty.

use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeHostReservationOfferings;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    offering_set: [(); 0],
}

impl Action for DescribeHostReservationOfferings {
    const NAME: &'static str = "DescribeHostReservationOfferings";
    /// Of nothing, any part is nothing.
    const IGNORED: &'static [&'static str] =
        &["Filter", "MaxDuration", "MaxResults", "MinDuration", "NextToken", "OfferingId"];
    type Output = Output;

    fn read(_: &Params<'_>) -> Result<Self, Error> {
        Ok(DescribeHostReservationOfferings)
    }

    async fn run(self, _: &Cx) -> Result<Output, Error> {
        Ok(Output { offering_set: [] })
    }
}
