//! Make a route table with its VPC's local route.

use crate::db::Conn;
use crate::db::tags::Tag;
use crate::ec2::registry::Action;
use crate::ec2::route_tables::{Ends, TableItem};
use crate::ec2::{Cx, Error, resource, tagging};
use crate::id::Kind;
use crate::network::routes::RouteTable;
use crate::network::vpcs;
use crate::wire::query::Params;
use serde::Serialize;

pub struct CreateRouteTable {
    vpc: String,
    tags: Vec<Tag>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    route_table: TableItem,
}

impl Action for CreateRouteTable {
    const NAME: &'static str = "CreateRouteTable";
    /// A repeated call makes another table.
    const IGNORED: &'static [&'static str] = &["ClientToken"];
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let specifications = tagging::specifications(p, &["route-table"])?;
        let tags = tagging::of(&specifications, "route-table");
        Ok(CreateRouteTable { vpc: p.id("VpcId", Kind::Vpc)?.to_owned(), tags })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            let vpc = vpcs::need(c, account, region, &self.vpc)?;
            let made = resource::make(c, account, region, RouteTable::new(&vpc.id, vpc.cidr), &self.tags)?;
            Ok(Output { route_table: TableItem::new(made, &Ends::default(), self.tags) })
        };
        cx.change(job).await
    }
}
