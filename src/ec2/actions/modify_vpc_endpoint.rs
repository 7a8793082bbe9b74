//! Change an endpoint's policy, route tables, subnets and security groups. Like the endpoint all of it is a record.

use crate::db::Conn;
use crate::ec2::endpoints::{self, EVERYTHING};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error};
use crate::id::Kind;
use crate::network::endpoints::{EndpointKind, VpcEndpoint};
use crate::network::{self, groups, records};
use crate::wire::query::Params;
use std::net::Ipv4Addr;

pub struct ModifyVpcEndpoint {
    id: String,
    policy: Option<String>,
    add_tables: Vec<String>,
    remove_tables: Vec<String>,
    add_subnets: Vec<(String, Option<Ipv4Addr>)>,
    remove_subnets: Vec<String>,
    add_groups: Vec<String>,
    remove_groups: Vec<String>,
    private_dns: Option<bool>,
}

impl Action for ModifyVpcEndpoint {
    const NAME: &'static str = "ModifyVpcEndpoint";
    /// Names are not resolved yet.
    const IGNORED: &'static [&'static str] = &["DnsOptions"];
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        endpoints::check_ipv4(p)?;
        let owned = |name, kind| -> Result<Vec<String>, Error> {
            Ok(p.ids(name, kind)?.into_iter().map(str::to_owned).collect())
        };
        let reset = p.opt_bool("ResetPolicy")?.unwrap_or(false);
        let policy = endpoints::policy(p)?;
        if reset && policy.is_some() {
            return Err(Error::ParameterCombination("A policy is either set or reset".into()));
        }
        Ok(ModifyVpcEndpoint {
            id: p.id("VpcEndpointId", Kind::VpcEndpoint)?.to_owned(),
            policy: if reset { Some(EVERYTHING.into()) } else { policy },
            add_tables: owned("AddRouteTableId", Kind::RouteTable)?,
            remove_tables: owned("RemoveRouteTableId", Kind::RouteTable)?,
            add_subnets: endpoints::subnets(p, "AddSubnetId")?,
            remove_subnets: owned("RemoveSubnetId", Kind::Subnet)?,
            add_groups: owned("AddSecurityGroupId", Kind::SecurityGroup)?,
            remove_groups: owned("RemoveSecurityGroupId", Kind::SecurityGroup)?,
            private_dns: p.opt_bool("PrivateDnsEnabled")?,
        })
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            let mut endpoint = records::need::<VpcEndpoint>(c, account, region, &self.id)?;
            let of_interface = !self.add_subnets.is_empty()
                || !self.remove_subnets.is_empty()
                || !self.add_groups.is_empty()
                || !self.remove_groups.is_empty()
                || self.private_dns == Some(true);
            let of_gateway = !self.add_tables.is_empty() || !self.remove_tables.is_empty();
            let wrong = match endpoint.it.kind {
                EndpointKind::Gateway => of_interface,
                EndpointKind::Interface => of_gateway,
            };
            if wrong {
                let kind = endpoint.it.kind.text();
                return Err(Error::Parameter(format!("The request is not supported for {kind} endpoints")));
            }
            endpoint.it.policy = self.policy.unwrap_or(endpoint.it.policy);
            endpoint.it.private_dns = self.private_dns.unwrap_or(endpoint.it.private_dns);
            records::update(c, &endpoint)?;
            for table in &self.remove_tables {
                network::endpoints::leave_table(c, &mut endpoint, table)?;
            }
            for table in &self.add_tables {
                network::endpoints::enter_table(c, &mut endpoint, table)?;
            }
            if !(self.add_groups.is_empty() && self.remove_groups.is_empty()) {
                let mut ids: Vec<String> = endpoint.it.groups.iter().map(|g| g.id.clone()).collect();
                ids.retain(|id| !self.remove_groups.contains(id));
                ids.extend(self.add_groups);
                let chosen = groups::choose(c, account, region, &endpoint.it.vpc, &ids, &[])?;
                network::endpoints::regroup(c, &mut endpoint, chosen)?;
            }
            for subnet in &self.remove_subnets {
                network::endpoints::leave_subnet(c, &mut endpoint, subnet)?;
            }
            for (subnet, ip) in &self.add_subnets {
                network::endpoints::enter_subnet(c, &mut endpoint, subnet, *ip)?;
            }
            Ok(Done::YES)
        };
        cx.change(job).await
    }
}
