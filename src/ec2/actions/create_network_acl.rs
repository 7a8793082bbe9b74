//! Make a network ACL that lets nothing through. Its entries are records: traffic is not held to them yet.

use super::describe_network_acls::Item;
use crate::ec2::registry::Action;
use crate::ec2::resource::InVpc;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::network::acls::NetworkAcl;
use crate::wire::query::Params;
use serde::Serialize;

pub struct CreateNetworkAcl(InVpc);

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
        Ok(CreateNetworkAcl(InVpc::read(p, Self::NAME, Kind::NetworkAcl)?))
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let (made, tags, client_token) = self.0.make(cx, |_, vpc| Ok(NetworkAcl::new(&vpc.id))).await?;
        Ok(Output { network_acl: Item::new(made, tags), client_token })
    }
}
