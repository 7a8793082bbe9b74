//! Keep room no longer. Instances that are in it run on.

use crate::compute::capacity;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error};
use crate::id::Kind;
use crate::wire::query::Params;

pub struct CancelCapacityReservation {
    id: String,
}

impl Action for CancelCapacityReservation {
    const NAME: &'static str = "CancelCapacityReservation";
    const REFUSED: &'static [&'static str] = &["ApplyCancellationCharges", "QuoteId"];
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let id = p.id("CapacityReservationId", Kind::CapacityReservation)?.to_owned();
        Ok(CancelCapacityReservation { id })
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        cx.change(move |c, account, region| {
            capacity::cancel(c, account, region, &self.id)?;
            Ok(Done::YES)
        })
        .await
    }
}
