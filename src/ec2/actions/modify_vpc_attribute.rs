//! Change an attribute of a VPC, one a call. They are records: there is no DNS that they would change.

use crate::db::Conn;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error, attribute};
use crate::id::Kind;
use crate::network::vpcs;
use crate::wire::query::Params;

pub struct ModifyVpcAttribute {
    id: String,
    name: &'static str,
    on: bool,
}

const ATTRIBUTES: &[&str] = &["enableDnsSupport", "enableDnsHostnames", "enableNetworkAddressUsageMetrics"];

impl Action for ModifyVpcAttribute {
    const NAME: &'static str = "ModifyVpcAttribute";
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let id = p.id("VpcId", Kind::Vpc)?.to_owned();
        let named = attribute::new_value(p, ATTRIBUTES)?;
        let (name, value) = named.ok_or_else(|| Error::ParameterCombination("No attributes specified".into()))?;
        Ok(ModifyVpcAttribute { id, name, on: attribute::flag(p, name, value)? })
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            let mut vpc = vpcs::need(c, account, region, &self.id)?;
            match self.name {
                "enableDnsSupport" => vpc.attributes.dns_support = self.on,
                "enableDnsHostnames" => vpc.attributes.dns_hostnames = self.on,
                _ => vpc.attributes.usage_metrics = self.on,
            }
            vpcs::update(c, &vpc)?;
            Ok(Done::YES)
        };
        cx.change(job).await
    }
}
