//! What the account may do here: the limits that old tools ask for, and which VPC is the default one.

use crate::db;
use crate::db::quotas::Quota;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeAccountAttributes {
    names: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    account_attribute_set: Vec<Attribute>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Attribute {
    attribute_name: &'static str,
    attribute_value_set: Vec<Value>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Value {
    attribute_value: String,
}

impl Action for DescribeAccountAttributes {
    const NAME: &'static str = "DescribeAccountAttributes";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(DescribeAccountAttributes { names: p.list("AttributeName").into_iter().map(str::to_owned).collect() })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let look = |c: &db::Conn, account: &str, region: &str| {
            let limit = |quota| db::quotas::limit(c, account, quota).map(|n| n.to_string());
            let limits =
                (limit(Quota::Instances)?, limit(Quota::ElasticAddresses)?, limit(Quota::SecurityGroupsPerInterface)?);
            Ok((db::network::default_vpc(c, account, region)?.map(|v| v.id), limits))
        };
        let (vpc, (instances, addresses, groups)) = cx.look(look).await?;
        let known = [
            ("vpc-max-security-groups-per-interface", groups),
            ("max-instances", instances),
            ("supported-platforms", "VPC".into()),
            ("default-vpc", vpc.unwrap_or_else(|| "none".into())),
            ("max-elastic-ips", addresses.clone()),
            ("vpc-max-elastic-ips", addresses),
        ];
        if let Some(name) = self.names.iter().find(|name| !known.iter().any(|(k, _)| k == name)) {
            return Err(Error::ParameterValue(format!("Value ({name}) for parameter attributeName is invalid.")));
        }
        let account_attribute_set = known
            .into_iter()
            .filter(|(name, _)| self.names.is_empty() || self.names.iter().any(|n| n == name))
            .map(|(attribute_name, attribute_value)| Attribute {
                attribute_name,
                attribute_value_set: vec![Value { attribute_value }],
            })
            .collect();
        Ok(Output { account_attribute_set })
    }
}
