//! Delete a placement group in which no instance is.

use crate::compute::placement::{self, Name};
use crate::db::Conn;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error};
use crate::wire::query::Params;

pub struct DeletePlacementGroup {
    name: String,
}

impl Action for DeletePlacementGroup {
    const NAME: &'static str = "DeletePlacementGroup";
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(DeletePlacementGroup { name: p.req("GroupName")?.to_owned() })
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            placement::delete(c, &placement::need(c, account, region, &Name::Name(self.name))?)?;
            Ok(Done::YES)
        };
        cx.change(job).await
    }
}
