//! Make a gateway that lets a VPC's IPv6 out. It is a record: there is no IPv6 here.

use super::describe_egress_only_internet_gateways::Item;
use crate::ec2::registry::Action;
use crate::ec2::resource::InVpc;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::network::gateways::EgressOnlyGateway;
use crate::wire::query::Params;
use serde::Serialize;

pub struct CreateEgressOnlyInternetGateway(InVpc);

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
        Ok(CreateEgressOnlyInternetGateway(InVpc::read(p, Self::NAME, Kind::EgressOnlyGateway)?))
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let (made, tags, client_token) = self.0.make(cx, |c, vpc| Ok(EgressOnlyGateway::new(c, vpc)?)).await?;
        Ok(Output { egress_only_internet_gateway: Item::new(made, tags), client_token })
    }
}
