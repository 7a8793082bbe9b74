//! Delete a network ACL that no subnet is in.

use crate::db::Conn;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error};
use crate::id::Kind;
use crate::network::acls;
use crate::network::records;
use crate::wire::query::Params;

pub struct DeleteNetworkAcl {
    id: String,
}

impl Action for DeleteNetworkAcl {
    const NAME: &'static str = "DeleteNetworkAcl";
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(DeleteNetworkAcl { id: p.id("NetworkAclId", Kind::NetworkAcl)?.to_owned() })
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            acls::delete(c, &records::need(c, account, region, &self.id)?)?;
            Ok(Done::YES)
        };
        cx.change(job).await
    }
}
