//! Whether the account's images in the region may be made public.

use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::images::settings;
use crate::wire::query::Params;
use serde::Serialize;

pub struct GetImageBlockPublicAccessState;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    image_block_public_access_state: &'static str,
    managed_by: &'static str,
}

impl Action for GetImageBlockPublicAccessState {
    const NAME: &'static str = "GetImageBlockPublicAccessState";
    type Output = Output;

    fn read(_: &Params<'_>) -> Result<Self, Error> {
        Ok(GetImageBlockPublicAccessState)
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let access = cx.cloud.db.read(|c| settings::public_access(c, &cx.caller.account, &cx.region))?;
        Ok(Output { image_block_public_access_state: access.as_str(), managed_by: "account" })
    }
}
