//! Lead a destination that has a route somewhere else.

use crate::ec2::registry::Action;
use crate::ec2::route_tables::WantedRoute;
use crate::ec2::{Cx, Done, Error};
use crate::wire::query::Params;

pub struct ReplaceRoute(WantedRoute);

impl Action for ReplaceRoute {
    const NAME: &'static str = "ReplaceRoute";
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(ReplaceRoute(WantedRoute::read(p)?))
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        self.0
            .write(cx, |table, destination, target| {
                let id = table.id.clone();
                table.it.replace(&id, destination, target)
            })
            .await
    }
}
