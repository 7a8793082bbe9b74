//! Who am I? The one STS action: tools call it before anything else.

use crate::ec2::registry::{Action, Service};
use crate::ec2::{Cx, Error};
use crate::wire::query::Params;
use serde::Serialize;

pub struct GetCallerIdentity;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    arn: String,
    user_id: String,
    account: String,
}

impl Action for GetCallerIdentity {
    const NAME: &'static str = "GetCallerIdentity";
    const SERVICE: Service = Service::Sts;
    type Output = Output;

    fn read(_: &Params<'_>) -> Result<Self, Error> {
        Ok(GetCallerIdentity)
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let account = cx.caller.account.clone();
        Ok(Output { arn: format!("arn:aws:iam::{account}:root"), user_id: account.clone(), account })
    }
}
