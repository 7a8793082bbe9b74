//! Give a private NAT gateway further addresses.

use crate::db::Conn;
use crate::ec2::interfaces::addresses;
use crate::ec2::nat_gateways::Addresses;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::network::nat_gateways;
use crate::wire::query::Params;
use std::net::Ipv4Addr;

pub struct AssignPrivateNatGatewayAddress {
    id: String,
    ips: Vec<Ipv4Addr>,
    more: u32,
}

impl Action for AssignPrivateNatGatewayAddress {
    const NAME: &'static str = "AssignPrivateNatGatewayAddress";
    type Output = Addresses;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let ips = addresses(p, "PrivateIpAddress")?;
        let more = p.opt_int("PrivateIpAddressCount", 1..=31)?.map(|n| n as u32);
        if ips.is_empty() == more.is_none() {
            return Err(Error::ParameterCombination(
                "Exactly one of PrivateIpAddresses and PrivateIpAddressCount must be given".into(),
            ));
        }
        let id = p.id("NatGatewayId", Kind::NatGateway)?.to_owned();
        Ok(AssignPrivateNatGatewayAddress { id, ips, more: more.unwrap_or(0) })
    }

    async fn run(self, cx: &Cx) -> Result<Addresses, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            Ok(Addresses::from(nat_gateways::assign(c, account, region, &self.id, &self.ips, self.more)?))
        };
        cx.change(job).await
    }
}
