//! Whether the account's snapshots in the region may be made public, and be so.

use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::volumes::sharing;
use crate::wire::query::Params;
use serde::Serialize;

pub struct GetSnapshotBlockPublicAccessState;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    state: &'static str,
    managed_by: &'static str,
}

impl Action for GetSnapshotBlockPublicAccessState {
    const NAME: &'static str = "GetSnapshotBlockPublicAccessState";
    type Output = Output;

    fn read(_: &Params<'_>) -> Result<Self, Error> {
        Ok(GetSnapshotBlockPublicAccessState)
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let access = cx.cloud.db.read(|c| sharing::public_access(c, &cx.caller.account, &cx.region))?;
        Ok(Output { state: access.text(), managed_by: "account" })
    }
}
