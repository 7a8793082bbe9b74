//! There are no VPN connections: the list is empty.

use crate::ec2::absent::Absent;
use crate::ec2::filter::{Filtered, Values};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeVpnConnections;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    vpn_connection_set: [Item; 0],
}

/// None of them.
#[derive(Serialize)]
pub enum Item {}

impl Filtered for Item {
    const FILTERS: &'static [(&'static str, Values<Self>)] = &[
        ("bgp-asn", |_| vec![]),
        ("customer-gateway-configuration", |_| vec![]),
        ("customer-gateway-id", |_| vec![]),
        ("option.static-routes-only", |_| vec![]),
        ("route.destination-cidr-block", |_| vec![]),
        ("state", |_| vec![]),
        ("transit-gateway-id", |_| vec![]),
        ("type", |_| vec![]),
        ("vpn-connection-id", |_| vec![]),
        ("vpn-gateway-id", |_| vec![]),
    ];
    const TAGGED: bool = true;
}

const KIND: Absent = Absent {
    ids: "VpnConnectionId",
    prefix: "vpn",
    what: "vpnConnection",
    malformed: "InvalidVpnConnectionID.Malformed",
    missing: "InvalidVpnConnectionID.NotFound",
};

impl Action for DescribeVpnConnections {
    const NAME: &'static str = "DescribeVpnConnections";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        KIND.read::<Item>(p)?;
        Ok(DescribeVpnConnections)
    }

    async fn run(self, _: &Cx) -> Result<Output, Error> {
        Ok(Output { vpn_connection_set: [] })
    }
}
