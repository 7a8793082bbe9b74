//! Reservations of dedicated hosts: none can be bought. Always empty.

use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeHostReservations;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    host_reservation_set: [(); 0],
}

impl Action for DescribeHostReservations {
    const NAME: &'static str = "DescribeHostReservations";
    /// Of nothing, any part is nothing.
    const IGNORED: &'static [&'static str] = &["Filter", "HostReservationIdSet", "MaxResults", "NextToken"];
    type Output = Output;

    fn read(_: &Params<'_>) -> Result<Self, Error> {
        Ok(DescribeHostReservations)
    }

    async fn run(self, _: &Cx) -> Result<Output, Error> {
        Ok(Output { host_reservation_set: [] })
    }
}
