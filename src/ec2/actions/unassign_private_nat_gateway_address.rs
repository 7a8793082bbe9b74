//! Take further addresses away from a private NAT gateway.

use crate::db::Conn;
use crate::ec2::interfaces::addresses;
use crate::ec2::nat_gateways::Addresses;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::network::nat_gateways;
use crate::wire::query::Params;
use std::net::Ipv4Addr;

pub struct UnassignPrivateNatGatewayAddress {
    id: String,
    ips: Vec<Ipv4Addr>,
}

impl Action for UnassignPrivateNatGatewayAddress {
    const NAME: &'static str = "UnassignPrivateNatGatewayAddress";
    /// Nothing goes through it that would have to drain.
    const IGNORED: &'static [&'static str] = &["MaxDrainDurationSeconds"];
    type Output = Addresses;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let ips = addresses(p, "PrivateIpAddress")?;
        if ips.is_empty() {
            p.req("PrivateIpAddress")?;
        }
        Ok(UnassignPrivateNatGatewayAddress { id: p.id("NatGatewayId", Kind::NatGateway)?.to_owned(), ips })
    }

    async fn run(self, cx: &Cx) -> Result<Addresses, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            Ok(Addresses::from(nat_gateways::unassign(c, account, region, &self.id, &self.ips)?))
        };
        cx.change(job).await
    }
}
