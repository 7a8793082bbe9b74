//! The caller's route tables.

use crate::db;
use crate::ec2::filter::Filters;
use crate::ec2::page::Page;
use crate::ec2::registry::Action;
use crate::ec2::route_tables::TableItem;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::network::gateways::InternetGateway;
use crate::network::records;
use crate::network::routes::RouteTable;
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeRouteTables {
    ids: Vec<String>,
    filters: Filters<TableItem>,
    page: Page,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    route_table_set: Vec<TableItem>,
    next_token: Option<String>,
}

impl Action for DescribeRouteTables {
    const NAME: &'static str = "DescribeRouteTables";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let ids: Vec<String> = p.ids("RouteTableId", Kind::RouteTable)?.into_iter().map(str::to_owned).collect();
        let page = Page::read(p, (!ids.is_empty()).then_some("routeTableIds"))?;
        Ok(DescribeRouteTables { ids, filters: Filters::read(p)?, page })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let (all, gateways, mut tags) = cx
            .look(|c, account, region| {
                let all = records::all::<RouteTable>(c, account, region)?;
                let gateways = records::all::<InternetGateway>(c, account, region)?;
                Ok((all, gateways, db::tags::by_resource(c, account, region, "route-table")?))
            })
            .await?;
        let missing: Vec<String> =
            self.ids.iter().filter(|id| !all.iter().any(|one| one.id == **id)).cloned().collect();
        if !missing.is_empty() {
            return Err(Error::NoSuch { kind: Kind::RouteTable, ids: missing });
        }
        let items = all
            .into_iter()
            .filter(|one| self.ids.is_empty() || self.ids.contains(&one.id))
            .map(|it| {
                let tags = tags.remove(&it.id).unwrap_or_default();
                TableItem::new(it, &gateways, tags)
            })
            .filter(|item| self.filters.accept(item))
            .collect();
        let (route_table_set, next_token) = self.page.cut(items, |one| one.route_table_id.clone());
        Ok(Output { route_table_set, next_token })
    }
}
