//! Take secondary addresses away from an interface.

use crate::db::Conn;
use crate::ec2::interfaces::addresses;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error};
use crate::id::Kind;
use crate::network::{interfaces, secondary};
use crate::wire::query::{self, Params};
use std::net::Ipv4Addr;

pub struct UnassignPrivateIpAddresses {
    id: String,
    addresses: Vec<Ipv4Addr>,
}

impl Action for UnassignPrivateIpAddresses {
    const NAME: &'static str = "UnassignPrivateIpAddresses";
    const REFUSED: &'static [&'static str] = &["Ipv4Prefix"];
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let read = UnassignPrivateIpAddresses {
            id: p.id("NetworkInterfaceId", Kind::NetworkInterface)?.to_owned(),
            addresses: addresses(p, "PrivateIpAddress")?,
        };
        if read.addresses.is_empty() {
            return Err(query::Error::Missing("privateIpAddress".into()).into());
        }
        Ok(read)
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            secondary::unassign(c, &interfaces::need_own(c, account, region, &self.id)?, &self.addresses)?;
            Ok(Done::YES)
        };
        cx.change(job).await
    }
}
