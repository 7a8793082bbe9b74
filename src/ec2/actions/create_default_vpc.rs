//! Make the default VPC of the region again, after it was deleted, with its subnets, gateway and route.

use super::describe_vpcs::Item;
use crate::db::Conn;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::network;
use crate::wire::query::Params;
use serde::Serialize;

pub struct CreateDefaultVpc;

#[derive(Serialize)]
pub struct Output {
    vpc: Item,
}

impl Action for CreateDefaultVpc {
    const NAME: &'static str = "CreateDefaultVpc";
    type Output = Output;

    fn read(_: &Params<'_>) -> Result<Self, Error> {
        Ok(CreateDefaultVpc)
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let zones = cx.zones();
        let job = move |c: &Conn, account: &str, region: &str| {
            Ok(Output { vpc: Item::new(network::create_default_vpc(c, account, region, &zones)?, Vec::new()) })
        };
        cx.change(job).await
    }
}
