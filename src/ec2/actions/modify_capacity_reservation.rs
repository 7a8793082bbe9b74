//! Give a capacity reservation another size, another end, or other instances that go into it.

use crate::clock;
use crate::compute::capacity::{self, ReservationEdit};
use crate::ec2::capacity::end;
use crate::ec2::launch::one_of;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error};
use crate::id::Kind;
use crate::wire::query::Params;

pub struct ModifyCapacityReservation {
    id: String,
    edit: ReservationEdit,
}

impl Action for ModifyCapacityReservation {
    const NAME: &'static str = "ModifyCapacityReservation";
    const IGNORED: &'static [&'static str] = &["Accept", "AcceptModificationTerms", "AdditionalInfo"];
    const REFUSED: &'static [&'static str] = &["QuoteId", "StartDate"];
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let edit = ReservationEdit {
            count: p.opt_int("InstanceCount", 0..=1000)?.map(|n| n as u32),
            ends_at: end(p, clock::now_ms())?,
            targeted: one_of(p, "InstanceMatchCriteria", "targeted", "open")?,
        };
        let id = p.id("CapacityReservationId", Kind::CapacityReservation)?.to_owned();
        match edit.count.is_none() && edit.ends_at.is_none() && edit.targeted.is_none() {
            true => Err(Error::MissingEither("The request must contain an attribute to change".into())),
            false => Ok(ModifyCapacityReservation { id, edit }),
        }
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        cx.change(move |c, account, region| {
            capacity::modify(c, account, region, &self.id, &self.edit)?;
            Ok(Done::YES)
        })
        .await
    }
}
