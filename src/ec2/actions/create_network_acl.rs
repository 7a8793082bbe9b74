//! Make a network ACL that lets nothing through. Its entries are records: traffic is not held to them yet.

use super::describe_network_acls::Item;
use crate::db::tags::Tag;
use crate::db::{self, Conn};
use crate::ec2::idempotency::Token;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error, resource, tagging};
use crate::id::Kind;
use crate::network::acls::NetworkAcl;
use crate::network::vpcs;
use crate::wire::query::Params;
use serde::Serialize;

pub struct CreateNetworkAcl {
    vpc: String,
    token: Token,
    tags: Vec<Tag>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    network_acl: Item,
    client_token: Option<String>,
}

impl Action for CreateNetworkAcl {
    const NAME: &'static str = "CreateNetworkAcl";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let specifications = tagging::specifications(p, &["network-acl"])?;
        Ok(CreateNetworkAcl {
            vpc: p.id("VpcId", Kind::Vpc)?.to_owned(),
            token: Token::read(p, Self::NAME)?,
            tags: tagging::of(&specifications, "network-acl"),
        })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            let made = self.token.once(c, account, region, || {
                let vpc = vpcs::need(c, account, region, &self.vpc)?;
                resource::make(c, account, region, NetworkAcl::new(&vpc.id), &self.tags)
            })?;
            let tags = db::tags::of(c, account, &made.id)?;
            Ok(Output { network_acl: Item::new(made, tags), client_token: self.token.text() })
        };
        cx.change(job).await
    }
}
