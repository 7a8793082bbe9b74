//! Let a subnet, or the whole VPC with its main association, use another route table.

use crate::db::Conn;
use crate::ec2::registry::Action;
use crate::ec2::route_tables::AssociationState;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::network::routes;
use crate::wire::query::Params;
use serde::Serialize;

pub struct ReplaceRouteTableAssociation {
    association: String,
    table: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    new_association_id: String,
    association_state: AssociationState,
}

impl Action for ReplaceRouteTableAssociation {
    const NAME: &'static str = "ReplaceRouteTableAssociation";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(ReplaceRouteTableAssociation {
            association: p.id("AssociationId", Kind::RouteTableAssociation)?.to_owned(),
            table: p.id("RouteTableId", Kind::RouteTable)?.to_owned(),
        })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            let id = routes::reassociate(c, account, region, &self.association, &self.table)?;
            Ok(Output { new_association_id: id, association_state: AssociationState::ASSOCIATED })
        };
        cx.change(job).await
    }
}
