//! Whether an instance was launched with a product code of the caller's: there is no marketplace, so it was not.

use super::describe_instances::find;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::wire::query::Params;
use serde::Serialize;

pub struct ConfirmProductInstance {
    id: String,
}

#[derive(Serialize)]
pub struct Output {
    r#return: bool,
}

impl Action for ConfirmProductInstance {
    const NAME: &'static str = "ConfirmProductInstance";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        p.req("ProductCode")?;
        Ok(ConfirmProductInstance { id: p.id("InstanceId", Kind::Instance)?.to_owned() })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        find(cx, &[self.id])?;
        Ok(Output { r#return: false })
    }
}
