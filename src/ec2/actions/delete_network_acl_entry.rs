//! Take an entry out of a network ACL.

use crate::db::Conn;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error, acl_entries};
use crate::id::Kind;
use crate::network::acls::NetworkAcl;
use crate::network::records;
use crate::wire::query::Params;

pub struct DeleteNetworkAclEntry {
    acl: String,
    place: (bool, u32),
}

impl Action for DeleteNetworkAclEntry {
    const NAME: &'static str = "DeleteNetworkAclEntry";
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(DeleteNetworkAclEntry {
            acl: p.id("NetworkAclId", Kind::NetworkAcl)?.to_owned(),
            place: acl_entries::place(p)?,
        })
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            let mut acl = records::need::<NetworkAcl>(c, account, region, &self.acl)?;
            let (egress, number) = self.place;
            acl.it.remove(&self.acl, egress, number)?;
            records::update(c, &acl)?;
            Ok(Done::YES)
        };
        cx.change(job).await
    }
}
