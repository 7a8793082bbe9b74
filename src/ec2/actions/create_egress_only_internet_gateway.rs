//! Make a gateway that lets a VPC's IPv6 out. It is a record: there is no IPv6 here.

use super::describe_egress_only_internet_gateways::Item;
use crate::db::tags::Tag;
use crate::db::{self, Conn};
use crate::ec2::idempotency::Token;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error, resource, tagging};
use crate::id::Kind;
use crate::network::gateways::EgressOnlyGateway;
use crate::network::vpcs;
use crate::wire::query::Params;
use serde::Serialize;

pub struct CreateEgressOnlyInternetGateway {
    vpc: String,
    token: Token,
    tags: Vec<Tag>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    client_token: Option<String>,
    egress_only_internet_gateway: Item,
}

impl Action for CreateEgressOnlyInternetGateway {
    const NAME: &'static str = "CreateEgressOnlyInternetGateway";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let specifications = tagging::specifications(p, &["egress-only-internet-gateway"])?;
        Ok(CreateEgressOnlyInternetGateway {
            vpc: p.id("VpcId", Kind::Vpc)?.to_owned(),
            token: Token::read(p, Self::NAME)?,
            tags: tagging::of(&specifications, "egress-only-internet-gateway"),
        })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            let made = self.token.once(c, account, region, || {
                let vpc = vpcs::need(c, account, region, &self.vpc)?;
                resource::make(c, account, region, EgressOnlyGateway::new(c, &vpc)?, &self.tags)
            })?;
            let tags = db::tags::of(c, account, &made.id)?;
            Ok(Output { client_token: self.token.text(), egress_only_internet_gateway: Item::new(made, tags) })
        };
        cx.change(job).await
    }
}
