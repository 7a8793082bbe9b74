//! The caller's network interfaces, those of its instances too.

use crate::ec2::describe::{Listing, Wanted};
use crate::ec2::interfaces::Shown;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::network::interfaces;
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeNetworkInterfaces(Listing<Shown>);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    network_interface_set: Vec<Shown>,
    next_token: Option<String>,
}

impl Action for DescribeNetworkInterfaces {
    const NAME: &'static str = "DescribeNetworkInterfaces";
    /// No service manages interfaces on somebody's behalf here.
    const IGNORED: &'static [&'static str] = &["IncludeManagedResources"];
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let kind = Kind::NetworkInterface;
        Ok(DescribeNetworkInterfaces(Listing::read(p, kind, "NetworkInterfaceId", "networkInterfaceIds")?))
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let (all, tags) = cx
            .look(|c, account, region| {
                // What is asked most is which interfaces an instance has.
                let wanted = match (self.0.wanted(c, account, region)?, self.0.only("attachment.instance-id")) {
                    (Wanted::All, Some(instances)) => Some(&*interfaces::at(c, instances)?).into(),
                    (wanted, _) => wanted,
                };
                let one = |id: &String| interfaces::get(c, account, region, id);
                let all = wanted.read(one, || interfaces::all(c, account, region))?;
                Ok((all, wanted.tags(c, account, region, "network-interface")?))
            })
            .await?;
        let item = |nic, tags| Ok(Shown::new(nic, tags));
        let (network_interface_set, next_token) = self.0.answer(all, tags, |nic| &nic.eni_id, item)?;
        Ok(Output { network_interface_set, next_token })
    }
}
