//! Have a reverse lookup of an Elastic IP address give nothing again.

use super::modify_address_attribute::{Output, set};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error, attribute};
use crate::id::Kind;
use crate::wire::query::Params;

pub struct ResetAddressAttribute {
    id: String,
}

impl Action for ResetAddressAttribute {
    const NAME: &'static str = "ResetAddressAttribute";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        match p.req("Attribute")? {
            "domain-name" => Ok(ResetAddressAttribute { id: p.id("AllocationId", Kind::ElasticAddress)?.to_owned() }),
            other => Err(attribute::unknown(other)),
        }
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        set(cx, self.id, String::new()).await
    }
}
