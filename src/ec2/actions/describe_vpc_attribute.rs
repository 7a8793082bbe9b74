//! One attribute of a VPC.

use crate::ec2::attribute::{self, Value};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::network::vpcs;
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeVpcAttribute {
    id: String,
    attribute: String,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    vpc_id: String,
    enable_dns_support: Option<Value<bool>>,
    enable_dns_hostnames: Option<Value<bool>>,
    enable_network_address_usage_metrics: Option<Value<bool>>,
}

impl Action for DescribeVpcAttribute {
    const NAME: &'static str = "DescribeVpcAttribute";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let attribute = p.req("Attribute")?.to_owned();
        Ok(DescribeVpcAttribute { id: p.id("VpcId", Kind::Vpc)?.to_owned(), attribute })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let vpc = cx.look(|c, account, region| Ok(vpcs::need(c, account, region, &self.id)?)).await?;
        let mut out = Output { vpc_id: self.id, ..Output::default() };
        match self.attribute.as_str() {
            "enableDnsSupport" => out.enable_dns_support = Value::of(vpc.attributes.dns_support),
            "enableDnsHostnames" => out.enable_dns_hostnames = Value::of(vpc.attributes.dns_hostnames),
            "enableNetworkAddressUsageMetrics" => {
                out.enable_network_address_usage_metrics = Value::of(vpc.attributes.usage_metrics);
            }
            other => return Err(attribute::unknown(other)),
        }
        Ok(out)
    }
}
