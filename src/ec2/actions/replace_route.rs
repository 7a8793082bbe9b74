//! Lead a destination that has a route somewhere else.

use crate::db::Conn;
use crate::ec2::registry::Action;
use crate::ec2::route_tables::{self, WantedTarget};
use crate::ec2::{Cx, Done, Error};
use crate::id::Kind;
use crate::network::records;
use crate::network::routes::RouteTable;
use crate::wire::query::Params;

pub struct ReplaceRoute {
    table: String,
    destination: String,
    target: WantedTarget,
}

impl Action for ReplaceRoute {
    const NAME: &'static str = "ReplaceRoute";
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(ReplaceRoute {
            table: p.id("RouteTableId", Kind::RouteTable)?.to_owned(),
            destination: route_tables::destination(p)?,
            target: WantedTarget::read(p)?,
        })
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            let mut table = records::need::<RouteTable>(c, account, region, &self.table)?;
            route_tables::check_destination(c, &table, &self.destination)?;
            let target = self.target.resolve(c, &table, &self.destination)?;
            table.it.replace(&self.table, &self.destination, target)?;
            records::update(c, &table)?;
            Ok(Done::YES)
        };
        cx.change(job).await
    }
}
