//! Delete a security group that no interface and no other group's rule uses.

use crate::db;
use crate::ec2::groups::Named;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::network::groups;
use crate::wire::query::Params;
use serde::Serialize;

pub struct DeleteSecurityGroup {
    group: Named,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    #[serde(rename = "return")]
    done: bool,
    group_id: String,
}

impl Action for DeleteSecurityGroup {
    const NAME: &'static str = "DeleteSecurityGroup";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(DeleteSecurityGroup { group: Named::read(p)? })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let job = move |c: &db::Conn, account: &str, region: &str| {
            let group = self.group.find(c, account, region)?;
            groups::delete(c, &group)?;
            Ok(Output { done: true, group_id: group.id })
        };
        cx.change(job).await
    }
}
