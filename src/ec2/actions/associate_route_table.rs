//! Let a subnet use a route table.

use crate::db::Conn;
use crate::ec2::registry::Action;
use crate::ec2::route_tables::AssociationState;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::network::routes::{self, RouteTable};
use crate::network::{self, records, vpcs};
use crate::wire::query::Params;
use serde::Serialize;

pub struct AssociateRouteTable {
    table: String,
    subnet: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    association_id: String,
    association_state: AssociationState,
}

impl Action for AssociateRouteTable {
    const NAME: &'static str = "AssociateRouteTable";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(AssociateRouteTable {
            table: p.id("RouteTableId", Kind::RouteTable)?.to_owned(),
            subnet: p.id("SubnetId", Kind::Subnet)?.to_owned(),
        })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            let table = records::need::<RouteTable>(c, account, region, &self.table)?;
            let subnet = vpcs::need_subnet(c, account, region, &self.subnet)?;
            if subnet.vpc != table.it.vpc {
                return Err(network::Error::ElsewhereTable(table.id, subnet.id).into());
            }
            let id = routes::associate(c, table, &subnet.id)?;
            Ok(Output { association_id: id, association_state: AssociationState::ASSOCIATED })
        };
        cx.change(job).await
    }
}
