//! Put a subnet into another network ACL.

use crate::db::Conn;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::network::acls;
use crate::wire::query::Params;
use serde::Serialize;

pub struct ReplaceNetworkAclAssociation {
    association: String,
    acl: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    new_association_id: String,
}

impl Action for ReplaceNetworkAclAssociation {
    const NAME: &'static str = "ReplaceNetworkAclAssociation";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(ReplaceNetworkAclAssociation {
            association: p.id("AssociationId", Kind::NetworkAclAssociation)?.to_owned(),
            acl: p.id("NetworkAclId", Kind::NetworkAcl)?.to_owned(),
        })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            let id = acls::reassociate(c, account, region, &self.association, &self.acl)?;
            Ok(Output { new_association_id: id })
        };
        cx.change(job).await
    }
}
