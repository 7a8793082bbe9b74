//! Detach an internet gateway from its VPC; routes that lead to it become black holes.

use crate::ec2::gateways::GatewayAndVpc;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error};
use crate::network::gateways;
use crate::wire::query::Params;

pub struct DetachInternetGateway(GatewayAndVpc);

impl Action for DetachInternetGateway {
    const NAME: &'static str = "DetachInternetGateway";
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(DetachInternetGateway(GatewayAndVpc::read(p)?))
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        self.0.write(cx, gateways::detach).await
    }
}
