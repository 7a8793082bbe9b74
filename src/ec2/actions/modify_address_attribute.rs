//! Say what a reverse lookup of an Elastic IP address is to give. It is kept and shown; nobody's DNS is told.

use crate::db::{Conn, elastic_addresses};
use crate::ec2::addresses::ReverseName;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::network::elastic::{self, Name};
use crate::wire::query::Params;
use serde::Serialize;

pub struct ModifyAddressAttribute {
    id: String,
    name: String,
}

#[derive(Serialize)]
pub struct Output {
    pub(super) address: ReverseName,
}

impl Action for ModifyAddressAttribute {
    const NAME: &'static str = "ModifyAddressAttribute";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let name = p.req("DomainName")?.trim_end_matches('.');
        let label = |l: &str| {
            (1..=63).contains(&l.len()) && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        };
        if name.len() > 253 || !name.split('.').all(label) {
            return Err(p.invalid("DomainName", name, "Expecting a domain name.").into());
        }
        Ok(ModifyAddressAttribute {
            id: p.id("AllocationId", Kind::ElasticAddress)?.to_owned(),
            name: format!("{name}."),
        })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        set(cx, self.id, self.name).await
    }
}

/// Keep a reverse name; empty takes it away.
pub(super) async fn set(cx: &Cx, id: String, name: String) -> Result<Output, Error> {
    let job = move |c: &Conn, account: &str, region: &str| {
        let mut address = elastic::need(c, account, region, &Name::Allocation(id))?;
        elastic_addresses::set_domain_name(c, &address.id, &name)?;
        address.domain_name = name;
        Ok(Output { address: address.into() })
    };
    cx.change(job).await
}
