//! Take a route out of a route table.

use crate::db::Conn;
use crate::ec2::registry::Action;
use crate::ec2::route_tables;
use crate::ec2::{Cx, Done, Error};
use crate::id::Kind;
use crate::network::records;
use crate::network::routes::RouteTable;
use crate::wire::query::Params;

pub struct DeleteRoute {
    table: String,
    destination: String,
}

impl Action for DeleteRoute {
    const NAME: &'static str = "DeleteRoute";
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(DeleteRoute {
            table: p.id("RouteTableId", Kind::RouteTable)?.to_owned(),
            destination: route_tables::destination(p)?,
        })
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            let mut table = records::need::<RouteTable>(c, account, region, &self.table)?;
            table.it.remove(&self.table, &self.destination)?;
            records::update(c, &table)?;
            Ok(Done::YES)
        };
        cx.change(job).await
    }
}
