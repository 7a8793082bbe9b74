//! The password that a Windows guest has left for its owner; guests of other systems leave none.

use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::wire::ec2_xml::Time;
use crate::wire::query::Params;
use serde::Serialize;

pub struct GetPasswordData {
    id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    instance_id: String,
    timestamp: Time,
    password_data: &'static str,
}

impl Action for GetPasswordData {
    const NAME: &'static str = "GetPasswordData";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(GetPasswordData { id: p.id("InstanceId", Kind::Instance)?.to_owned() })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        match cx.cloud.compute.instance(&cx.caller.account, &cx.region, &self.id)? {
            None => Err(Error::no_such(Kind::Instance, self.id)),
            Some(_) => Ok(Output { instance_id: self.id, timestamp: Time(cx.now), password_data: "" }),
        }
    }
}
