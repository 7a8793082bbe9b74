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

#[cfg(test)]
mod tests {
    use crate::db::instances::{HostRow, upsert_host};
    use crate::ec2::tests::Bench;

    #[tokio::test]
    async fn a_reservation_grows_by_the_room_of_its_own_host() {
        let bench = Bench::new();
        // Not much, but more than the first host has.
        let other = HostRow {
            id: "other".into(),
            uri: "simulated:///other".into(),
            zone: String::new(),
            vcpus: 4,
            memory_mib: 1 << 40,
            up: true,
            why_down: String::new(),
        };
        bench.db().write(move |c| upsert_host(c, &other, 0)).await.unwrap();
        let create = "Action=CreateCapacityReservation&InstanceType=t3.micro&InstancePlatform=Linux/UNIX\
                      &AvailabilityZone=us-east-1a&InstanceCount=1";
        let made = bench.call(create).await;
        let id = made.get("capacityReservationId").unwrap();
        let grow =
            |count: u32| format!("Action=ModifyCapacityReservation&CapacityReservationId={id}&InstanceCount={count}");
        assert_eq!(bench.call(&grow(2)).await.get("return"), Some("true"));
        assert_eq!(bench.call(&grow(3)).await.code(), "InsufficientInstanceCapacity");
        // The first host has room for such a one.
        assert_eq!(bench.call(&create.replace("Count=1", "Count=3")).await.status, 200);
    }
}
