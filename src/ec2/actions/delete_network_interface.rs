//! Delete a network interface that is attached to nothing.

use crate::db::Conn;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error};
use crate::id::Kind;
use crate::network::interfaces;
use crate::wire::query::Params;

pub struct DeleteNetworkInterface {
    id: String,
}

impl Action for DeleteNetworkInterface {
    const NAME: &'static str = "DeleteNetworkInterface";
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(DeleteNetworkInterface { id: p.id("NetworkInterfaceId", Kind::NetworkInterface)?.to_owned() })
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            interfaces::delete(c, &interfaces::need(c, account, region, &self.id)?)?;
            Ok(Done::YES)
        };
        cx.change(job).await
    }
}
