//! The caller's capacity reservations, and how much of each is free. What is over is shown for an hour.

use crate::compute::capacity::{self, CapacityReservation};
use crate::compute::records;
use crate::db;
use crate::ec2::capacity::Item;
use crate::ec2::describe::Listing;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeCapacityReservations(Listing<Item>);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    capacity_reservation_set: Vec<Item>,
    next_token: Option<String>,
}

impl Action for DescribeCapacityReservations {
    const NAME: &'static str = "DescribeCapacityReservations";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let listing = Listing::sized(p, Kind::CapacityReservation, "CapacityReservationId", 1..=1000)?;
        Ok(DescribeCapacityReservations(listing))
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let (all, used, tags) = cx
            .look(|c, account, region| {
                let all = records::all::<CapacityReservation>(c, account, region)?;
                let tags = db::tags::by_resource(c, account, region, "capacity-reservation")?;
                Ok((all, capacity::used(c, account, region)?, tags))
            })
            .await?;
        let item = |r: records::Kept<CapacityReservation>, tags| {
            let used = used.get(&r.id).copied().unwrap_or(0);
            Ok(Item::new(r, used, tags))
        };
        let (capacity_reservation_set, next_token) = self.0.answer(all, tags, |r| &r.id, item)?;
        Ok(Output { capacity_reservation_set, next_token })
    }
}
