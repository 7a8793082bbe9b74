//! Internet gateways that come to VPCs and leave them.

use super::{Cx, Done, Error};
use crate::db::Conn;
use crate::id::Kind;
use crate::network;
use crate::network::gateways::InternetGateway;
use crate::network::records::{self, Kept};
use crate::network::vpcs;
use crate::wire::query::Params;
use serde::Serialize;

/// The VPC that a gateway is at.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Attachment {
    pub vpc_id: String,
    pub state: &'static str,
}

/// A gateway and a VPC of the caller, as a request names them.
pub struct GatewayAndVpc {
    gateway: String,
    vpc: String,
}

impl GatewayAndVpc {
    pub fn read(p: &Params<'_>) -> Result<GatewayAndVpc, Error> {
        Ok(GatewayAndVpc {
            gateway: p.id("InternetGatewayId", Kind::InternetGateway)?.to_owned(),
            vpc: p.id("VpcId", Kind::Vpc)?.to_owned(),
        })
    }

    /// Have `change` attach the one to the other, or detach it.
    pub async fn write(
        self,
        cx: &Cx,
        change: fn(&Conn, Kept<InternetGateway>, &str) -> Result<(), network::Error>,
    ) -> Result<Done, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            let gateway = records::need(c, account, region, &self.gateway)?;
            let vpc = vpcs::need(c, account, region, &self.vpc)?;
            change(c, gateway, &vpc.id)?;
            Ok(Done::YES)
        };
        cx.change(job).await
    }
}
