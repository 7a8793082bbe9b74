//! What reverse lookups of the caller's Elastic IP addresses are to give.

use crate::ec2::addresses::ReverseName;
use crate::ec2::page::Page;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error, attribute, describe};
use crate::id::Kind;
use crate::network::elastic;
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeAddressesAttribute {
    ids: Vec<String>,
    page: Page,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    address_set: Vec<ReverseName>,
    next_token: Option<String>,
}

impl Action for DescribeAddressesAttribute {
    const NAME: &'static str = "DescribeAddressesAttribute";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        if let Some(other) = p.opt("Attribute").filter(|name| !["", "domain-name"].contains(name)) {
            return Err(attribute::unknown(other));
        }
        let ids = p.ids("AllocationId", Kind::ElasticAddress)?.into_iter().map(str::to_owned).collect();
        Ok(DescribeAddressesAttribute { ids, page: Page::within(p, None, 1..=1000)? })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let all = cx.look(|c, account, region| Ok(elastic::all(c, account, region)?)).await?;
        let all = describe::pick(Kind::ElasticAddress, &self.ids, all, |a| &a.id)?;
        let names = all.into_iter().map(ReverseName::from).collect();
        let (address_set, next_token) = self.page.cut(names, |name: &ReverseName| name.public_ip.clone());
        Ok(Output { address_set, next_token })
    }
}
