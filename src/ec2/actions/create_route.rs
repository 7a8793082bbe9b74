//! Add a route to a route table: to a gateway, a NAT gateway, a peering or an interface. It is a record: guests' packets do not follow it yet.

use crate::ec2::registry::Action;
use crate::ec2::route_tables::WantedRoute;
use crate::ec2::{Cx, Done, Error};
use crate::wire::query::Params;

pub struct CreateRoute(WantedRoute);

impl Action for CreateRoute {
    const NAME: &'static str = "CreateRoute";
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(CreateRoute(WantedRoute::read(p)?))
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        self.0.write(cx, |table, destination, target| table.it.add(destination, target)).await
    }
}
