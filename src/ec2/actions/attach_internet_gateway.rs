//! Attach an internet gateway to a VPC that has none. It is a record: no route to the internet follows from it yet.

use crate::ec2::gateways::GatewayAndVpc;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error};
use crate::network::gateways;
use crate::wire::query::Params;

pub struct AttachInternetGateway(GatewayAndVpc);

impl Action for AttachInternetGateway {
    const NAME: &'static str = "AttachInternetGateway";
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(AttachInternetGateway(GatewayAndVpc::read(p)?))
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        self.0.write(cx, gateways::attach).await
    }
}
