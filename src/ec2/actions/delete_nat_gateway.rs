//! Delete a NAT gateway: its interface goes, its Elastic IP addresses lead nowhere. It is `deleted` at once.

use crate::db::Conn;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::network::nat_gateways;
use crate::wire::query::Params;
use serde::Serialize;

pub struct DeleteNatGateway {
    id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    nat_gateway_id: String,
}

impl Action for DeleteNatGateway {
    const NAME: &'static str = "DeleteNatGateway";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(DeleteNatGateway { id: p.id("NatGatewayId", Kind::NatGateway)?.to_owned() })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            nat_gateways::delete(c, account, region, &self.id)?;
            Ok(Output { nat_gateway_id: self.id })
        };
        cx.change(job).await
    }
}
