//! Delete an internet gateway that is in no VPC.

use crate::db::Conn;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error};
use crate::id::Kind;
use crate::network::gateways;
use crate::network::records;
use crate::wire::query::Params;

pub struct DeleteInternetGateway {
    id: String,
}

impl Action for DeleteInternetGateway {
    const NAME: &'static str = "DeleteInternetGateway";
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(DeleteInternetGateway { id: p.id("InternetGatewayId", Kind::InternetGateway)?.to_owned() })
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            gateways::delete(c, &records::need(c, account, region, &self.id)?)?;
            Ok(Done::YES)
        };
        cx.change(job).await
    }
}
