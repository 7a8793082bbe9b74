//! Have further Elastic IP addresses lead to a public NAT gateway, each to an address of its own there.

use crate::db::Conn;
use crate::ec2::interfaces::addresses;
use crate::ec2::nat_gateways::Addresses;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::network::nat_gateways;
use crate::wire::query::Params;
use std::net::Ipv4Addr;

pub struct AssociateNatGatewayAddress {
    id: String,
    allocations: Vec<String>,
    ips: Vec<Ipv4Addr>,
}

impl Action for AssociateNatGatewayAddress {
    const NAME: &'static str = "AssociateNatGatewayAddress";
    const REFUSED: &'static [&'static str] = &["AvailabilityZone", "AvailabilityZoneId"];
    type Output = Addresses;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let allocations: Vec<String> =
            p.ids("AllocationId", Kind::ElasticAddress)?.into_iter().map(str::to_owned).collect();
        if allocations.is_empty() {
            p.req("AllocationId")?;
        }
        let ips = addresses(p, "PrivateIpAddress")?;
        if ips.len() > allocations.len() {
            return Err(Error::ParameterCombination("There are more private addresses than allocations".into()));
        }
        Ok(AssociateNatGatewayAddress { id: p.id("NatGatewayId", Kind::NatGateway)?.to_owned(), allocations, ips })
    }

    async fn run(self, cx: &Cx) -> Result<Addresses, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            Ok(Addresses::from(nat_gateways::associate(c, account, region, &self.id, &self.allocations, &self.ips)?))
        };
        cx.change(job).await
    }
}
