//! Give an interface more addresses. They are records: a guest's packets from them are not let through yet.

use crate::db::Conn;
use crate::ec2::interfaces::{addresses, check_count};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::network::{interfaces, secondary};
use crate::wire::query::Params;
use serde::Serialize;
use std::net::Ipv4Addr;

pub struct AssignPrivateIpAddresses {
    id: String,
    addresses: Vec<Ipv4Addr>,
    more: u32,
    may_move: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    network_interface_id: String,
    assigned_private_ip_addresses_set: Vec<Assigned>,
    assigned_ipv4_prefix_set: Vec<()>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Assigned {
    private_ip_address: String,
}

impl Action for AssignPrivateIpAddresses {
    const NAME: &'static str = "AssignPrivateIpAddresses";
    const REFUSED: &'static [&'static str] = &["Ipv4Prefix", "Ipv4PrefixCount"];
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let read = AssignPrivateIpAddresses {
            id: p.id("NetworkInterfaceId", Kind::NetworkInterface)?.to_owned(),
            addresses: addresses(p, "PrivateIpAddress")?,
            more: p.opt_int("SecondaryPrivateIpAddressCount", 1..=255)?.unwrap_or(0) as u32,
            may_move: p.opt_bool("AllowReassignment")?.unwrap_or(false),
        };
        if read.addresses.is_empty() == (read.more == 0) {
            return Err(Error::ParameterCombination(
                "Either a list of private IP addresses or their number must be specified".into(),
            ));
        }
        Ok(read)
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            let mut nic = interfaces::need_own(c, account, region, &self.id)?;
            let got = secondary::assign(c, &mut nic, &self.addresses, self.more, self.may_move)?;
            check_count(c, &nic)?;
            Ok(Output {
                network_interface_id: nic.eni_id,
                assigned_private_ip_addresses_set: got
                    .into_iter()
                    .map(|ip| Assigned { private_ip_address: ip.to_string() })
                    .collect(),
                assigned_ipv4_prefix_set: Vec::new(),
            })
        };
        cx.change(job).await
    }
}
