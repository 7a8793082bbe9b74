//! Say what an instance is to be called in the VPC's DNS. It is kept: there is no DNS.

use crate::compute::Edit;
use crate::ec2::launch::one_of;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error};
use crate::id::Kind;
use crate::wire::query::Params;

pub struct ModifyPrivateDnsNameOptions {
    id: String,
    by_resource: Option<bool>,
    a_record: Option<bool>,
}

impl Action for ModifyPrivateDnsNameOptions {
    const NAME: &'static str = "ModifyPrivateDnsNameOptions";
    /// There are no IPv6 addresses to be named.
    const IGNORED: &'static [&'static str] = &["EnableResourceNameDnsAAAARecord"];
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(ModifyPrivateDnsNameOptions {
            id: p.id("InstanceId", Kind::Instance)?.to_owned(),
            by_resource: one_of(p, "PrivateDnsHostnameType", "resource-name", "ip-name")?,
            a_record: p.opt_bool("EnableResourceNameDnsARecord")?,
        })
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        let edit = Edit::DnsNames { by_resource: self.by_resource, a_record: self.a_record };
        cx.cloud.compute.edit(&cx.caller.account, &cx.region, vec![self.id], edit).await?;
        Ok(Done::YES)
    }
}
