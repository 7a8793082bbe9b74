//! Detach an internet gateway from its VPC; routes that lead to it become black holes.

use crate::db::Conn;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error};
use crate::id::Kind;
use crate::network::gateways;
use crate::network::records;
use crate::network::vpcs;
use crate::wire::query::Params;

pub struct DetachInternetGateway {
    id: String,
    vpc: String,
}

impl Action for DetachInternetGateway {
    const NAME: &'static str = "DetachInternetGateway";
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(DetachInternetGateway {
            id: p.id("InternetGatewayId", Kind::InternetGateway)?.to_owned(),
            vpc: p.id("VpcId", Kind::Vpc)?.to_owned(),
        })
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            let gateway = records::need(c, account, region, &self.id)?;
            let vpc = vpcs::need(c, account, region, &self.vpc)?;
            gateways::detach(c, gateway, &vpc.id)?;
            Ok(Done::YES)
        };
        cx.change(job).await
    }
}
