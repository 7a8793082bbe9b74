//! Give a VPC another DHCP options set, or with `default` none.

use crate::db::Conn;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error};
use crate::id::Kind;
use crate::network::dhcp_options::DhcpOptions;
use crate::network::{records, vpcs};
use crate::wire::query::Params;

pub struct AssociateDhcpOptions {
    vpc: String,
    set: Option<String>,
}

impl Action for AssociateDhcpOptions {
    const NAME: &'static str = "AssociateDhcpOptions";
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let set = match p.req("DhcpOptionsId")? {
            "default" => None,
            _ => Some(p.id("DhcpOptionsId", Kind::DhcpOptions)?.to_owned()),
        };
        Ok(AssociateDhcpOptions { vpc: p.id("VpcId", Kind::Vpc)?.to_owned(), set })
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            let mut vpc = vpcs::need(c, account, region, &self.vpc)?;
            vpc.attributes.dhcp_options = match &self.set {
                Some(id) => records::need::<DhcpOptions>(c, account, region, id)?.id,
                None => "default".into(),
            };
            vpcs::update(c, &vpc)?;
            Ok(Done::YES)
        };
        cx.change(job).await
    }
}
