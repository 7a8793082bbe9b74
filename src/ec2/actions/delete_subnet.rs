//! Delete a subnet in which no interface is.

use crate::db::Conn;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error};
use crate::id::Kind;
use crate::network::{lifecycle, vpcs};
use crate::wire::query::Params;

pub struct DeleteSubnet {
    id: String,
}

impl Action for DeleteSubnet {
    const NAME: &'static str = "DeleteSubnet";
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(DeleteSubnet { id: p.id("SubnetId", Kind::Subnet)?.to_owned() })
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            lifecycle::delete_subnet(c, &vpcs::need_subnet(c, account, region, &self.id)?)?;
            Ok(Done::YES)
        };
        cx.change(job).await
    }
}
