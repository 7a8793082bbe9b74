//! Have a network interface check sources and destinations again: the one attribute that can be reset.

use crate::db::Conn;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error};
use crate::id::Kind;
use crate::network::{self, interfaces};
use crate::wire::query::Params;

pub struct ResetNetworkInterfaceAttribute {
    id: String,
}

impl Action for ResetNetworkInterfaceAttribute {
    const NAME: &'static str = "ResetNetworkInterfaceAttribute";
    /// That it is named says what to reset; its value says nothing. `Attribute` names it in AWS's own example and in euca2ools.
    const IGNORED: &'static [&'static str] = &["SourceDestCheck", "Attribute"];
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(ResetNetworkInterfaceAttribute { id: p.id("NetworkInterfaceId", Kind::NetworkInterface)?.to_owned() })
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            let mut nic = interfaces::need_own(c, account, region, &self.id)?;
            nic.details_mut().source_dest_check = true;
            network::update_nic(c, &nic)?;
            Ok(Done::YES)
        };
        cx.change(job).await
    }
}
