//! End a reservation. Who has an address of it keeps it.

use super::create_subnet_cidr_reservation::Item;
use crate::db::{self, Conn};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::network::records;
use crate::network::reservations::Reservation;
use crate::wire::query::Params;
use serde::Serialize;

pub struct DeleteSubnetCidrReservation {
    id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    deleted_subnet_cidr_reservation: Item,
}

impl Action for DeleteSubnetCidrReservation {
    const NAME: &'static str = "DeleteSubnetCidrReservation";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let id = p.id("SubnetCidrReservationId", Kind::SubnetReservation)?.to_owned();
        Ok(DeleteSubnetCidrReservation { id })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            let gone = records::need::<Reservation>(c, account, region, &self.id)?;
            let tags = db::tags::of(c, account, &self.id)?;
            records::delete(c, &self.id)?;
            Ok(Output { deleted_subnet_cidr_reservation: Item::new(gone, tags) })
        };
        cx.change(job).await
    }
}
