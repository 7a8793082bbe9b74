//! Make a route table with its VPC's local route.

use crate::db::tags::Tag;
use crate::db::{self, Conn};
use crate::ec2::idempotency::Token;
use crate::ec2::registry::Action;
use crate::ec2::route_tables::TableItem;
use crate::ec2::{Cx, Error, resource, tagging};
use crate::id::Kind;
use crate::network::ends::Ends;
use crate::network::routes::RouteTable;
use crate::network::vpcs;
use crate::wire::query::Params;
use serde::Serialize;

pub struct CreateRouteTable {
    vpc: String,
    token: Token,
    tags: Vec<Tag>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    route_table: TableItem,
    client_token: Option<String>,
}

impl Action for CreateRouteTable {
    const NAME: &'static str = "CreateRouteTable";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let specifications = tagging::specifications(p, &["route-table"])?;
        let tags = tagging::of(&specifications, "route-table");
        let token = Token::read(p, Self::NAME)?;
        Ok(CreateRouteTable { vpc: p.id("VpcId", Kind::Vpc)?.to_owned(), token, tags })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            let made = self.token.once(c, account, region, || {
                let vpc = vpcs::need(c, account, region, &self.vpc)?;
                resource::make(c, account, region, RouteTable::new(&vpc), &self.tags)
            })?;
            let tags = db::tags::of(c, account, &made.id)?;
            let route_table = TableItem::new(made, &Ends::of(c, account, region)?, tags);
            Ok(Output { route_table, client_token: self.token.text() })
        };
        cx.change(job).await
    }
}
