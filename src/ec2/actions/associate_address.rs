//! Have an Elastic IP address lead to an interface, or to an instance's only one. The record is shown everywhere; nothing brings
//! packets to the guest yet.

use crate::compute;
use crate::compute::state::State;
use crate::db::Conn;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error, addresses, interfaces::address};
use crate::id::Kind;
use crate::network::elastic::{self, Name};
use crate::network::{self, interfaces};
use crate::wire::query::{self, Params};
use serde::Serialize;
use std::net::Ipv4Addr;

pub struct AssociateAddress {
    address: Name,
    to: To,
    private_ip: Option<Ipv4Addr>,
    may_move: bool,
}

enum To {
    Instance(String),
    Interface(String),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    #[serde(rename = "return")]
    done: bool,
    association_id: String,
}

impl Action for AssociateAddress {
    const NAME: &'static str = "AssociateAddress";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let instance = p.opt_id("InstanceId", Kind::Instance)?.map(|id| To::Instance(id.to_owned()));
        let interface = p.opt_id("NetworkInterfaceId", Kind::NetworkInterface)?.map(|id| To::Interface(id.to_owned()));
        let to = match (instance, interface) {
            (Some(to), None) | (None, Some(to)) => to,
            (None, None) => return Err(query::Error::Missing("instanceId".into()).into()),
            (Some(_), Some(_)) => {
                return Err(Error::ParameterCombination(
                    "You may specify either an instance ID or a network interface ID, but not both in the same call"
                        .into(),
                ));
            }
        };
        Ok(AssociateAddress {
            address: addresses::named(p)?,
            to,
            private_ip: address(p, "PrivateIpAddress")?,
            // Where there are VPCs only, an address goes where it is sent unless the request forbids it.
            may_move: p.opt_bool("AllowReassociation")?.unwrap_or(true),
        })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let interface = match self.to {
            To::Interface(id) => id,
            To::Instance(id) => only_interface(cx, &id)?,
        };
        let pool = cx.cloud.public_addresses.clone();
        let job = move |c: &Conn, account: &str, region: &str| {
            let address = elastic::need(c, account, region, &self.address)?;
            let nic = interfaces::need_own(c, account, region, &interface)?;
            let association_id = elastic::associate(c, &address, &nic, self.private_ip, self.may_move)?;
            if let Some(before) = &address.leads_to {
                compute::left_by_elastic(c, &pool, &before.interface)?;
            }
            Ok(Output { done: true, association_id })
        };
        cx.change(job).await
    }
}

/// The interface of an instance that has one, and that can have an address lead to it.
fn only_interface(cx: &Cx, id: &str) -> Result<String, Error> {
    let instance = cx.cloud.compute.instance(&cx.caller.account, &cx.region, id)?;
    let instance = instance.ok_or_else(|| Error::no_such(Kind::Instance, id))?;
    match (instance.state, &instance.nics[..]) {
        (State::Pending | State::ShuttingDown | State::Terminated, _) | (_, []) => Err(Error::InstanceId(format!(
            "The {} instance '{id}' is not in a valid state for this operation.",
            instance.state.text()
        ))),
        (State::Running | State::Stopping | State::Stopped, [network::Nic { eni_id, .. }]) => Ok(eni_id.clone()),
        (State::Running | State::Stopping | State::Stopped, _) => Err(Error::InstanceId(format!(
            "There are multiple interfaces attached to instance '{id}'. Please specify an interface ID for the operation instead."
        ))),
    }
}
