//! Add an entry to a network ACL, under a number that is free.

use crate::db::Conn;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error, acl_entries};
use crate::id::Kind;
use crate::network::acls::{AclEntry, NetworkAcl};
use crate::network::records;
use crate::wire::query::Params;

pub struct CreateNetworkAclEntry {
    acl: String,
    entry: AclEntry,
}

impl Action for CreateNetworkAclEntry {
    const NAME: &'static str = "CreateNetworkAclEntry";
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(CreateNetworkAclEntry {
            acl: p.id("NetworkAclId", Kind::NetworkAcl)?.to_owned(),
            entry: acl_entries::read(p)?,
        })
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            let mut acl = records::need::<NetworkAcl>(c, account, region, &self.acl)?;
            acl.it.add(self.entry)?;
            records::update(c, &acl)?;
            Ok(Done::YES)
        };
        cx.change(job).await
    }
}
