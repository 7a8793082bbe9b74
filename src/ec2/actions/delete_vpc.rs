//! Delete a VPC in which nothing is left but what it came with.

use crate::db::Conn;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error};
use crate::id::Kind;
use crate::network::{lifecycle, vpcs};
use crate::wire::query::Params;

pub struct DeleteVpc {
    id: String,
}

impl Action for DeleteVpc {
    const NAME: &'static str = "DeleteVpc";
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(DeleteVpc { id: p.id("VpcId", Kind::Vpc)?.to_owned() })
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            lifecycle::delete_vpc(c, &vpcs::need(c, account, region, &self.id)?)?;
            Ok(Done::YES)
        };
        cx.change(job).await
    }
}
