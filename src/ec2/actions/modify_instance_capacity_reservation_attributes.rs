//! Say into which capacity reservation a stopped instance is to go when it starts.

use crate::compute::{Edit, ReservationWish};
use crate::ec2::capacity::{self, PARAMETER};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error};
use crate::id::Kind;
use crate::wire::query::{self, Params};

pub struct ModifyInstanceCapacityReservationAttributes {
    id: String,
    wish: ReservationWish,
}

impl Action for ModifyInstanceCapacityReservationAttributes {
    const NAME: &'static str = "ModifyInstanceCapacityReservationAttributes";
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let wish = p.nested(PARAMETER).ok_or_else(|| query::Error::Missing(PARAMETER.into()))?;
        let id = p.id("InstanceId", Kind::Instance)?.to_owned();
        Ok(ModifyInstanceCapacityReservationAttributes { id, wish: capacity::wish(&wish)? })
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        let edit = Edit::Capacity(self.wish);
        cx.cloud.compute.edit(&cx.caller.account, &cx.region, vec![self.id], edit).await?;
        Ok(Done::YES)
    }
}
