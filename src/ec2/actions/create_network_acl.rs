//! Make a network ACL that lets nothing through. Its entries are records: traffic is not held to them yet.

use super::describe_network_acls::Item;
use crate::db::Conn;
use crate::db::tags::Tag;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error, resource, tagging};
use crate::id::Kind;
use crate::network::acls::NetworkAcl;
use crate::network::vpcs;
use crate::wire::query::Params;
use serde::Serialize;

pub struct CreateNetworkAcl {
    vpc: String,
    client_token: Option<String>,
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
    /// The token is answered; a repeated call makes another ACL.
    const IGNORED: &'static [&'static str] = &["ClientToken"];
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let specifications = tagging::specifications(p, &["network-acl"])?;
        Ok(CreateNetworkAcl {
            vpc: p.id("VpcId", Kind::Vpc)?.to_owned(),
            client_token: p.opt("ClientToken").map(str::to_owned),
            tags: tagging::of(&specifications, "network-acl"),
        })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            let vpc = vpcs::need(c, account, region, &self.vpc)?;
            let made = resource::make(c, account, region, NetworkAcl::new(&vpc.id), &self.tags)?;
            Ok(Output { network_acl: Item::new(made, self.tags), client_token: self.client_token })
        };
        cx.change(job).await
    }
}
