//! The caller's VPC endpoints.

use crate::ec2::describe::Listing;
use crate::ec2::endpoints::EndpointItem;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeVpcEndpoints(Listing<EndpointItem>);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    vpc_endpoint_set: Vec<EndpointItem>,
    next_token: Option<String>,
}

impl Action for DescribeVpcEndpoints {
    const NAME: &'static str = "DescribeVpcEndpoints";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(DescribeVpcEndpoints(Listing::read(p, Kind::VpcEndpoint, "VpcEndpointId", "vpcEndpointIds")?))
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let (vpc_endpoint_set, next_token) = self.0.of_records(cx, EndpointItem::new).await?;
        Ok(Output { vpc_endpoint_set, next_token })
    }
}
