//! Delete an egress-only internet gateway. Routes that lead to it stay, and lead nowhere.

use crate::db::Conn;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::network::gateways::EgressOnlyGateway;
use crate::network::records;
use crate::wire::query::Params;
use serde::Serialize;

pub struct DeleteEgressOnlyInternetGateway {
    id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    return_code: bool,
}

impl Action for DeleteEgressOnlyInternetGateway {
    const NAME: &'static str = "DeleteEgressOnlyInternetGateway";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let id = p.id("EgressOnlyInternetGatewayId", Kind::EgressOnlyGateway)?.to_owned();
        Ok(DeleteEgressOnlyInternetGateway { id })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            let gateway = records::need::<EgressOnlyGateway>(c, account, region, &self.id)?;
            records::delete(c, &gateway.id)?;
            Ok(Output { return_code: true })
        };
        cx.change(job).await
    }
}
