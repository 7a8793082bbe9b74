//! Whether new volumes are encrypted unasked: they are not.

use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::wire::query::Params;
use serde::Serialize;

pub struct GetEbsEncryptionByDefault;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    ebs_encryption_by_default: bool,
}

impl Action for GetEbsEncryptionByDefault {
    const NAME: &'static str = "GetEbsEncryptionByDefault";
    type Output = Output;

    fn read(_: &Params<'_>) -> Result<Self, Error> {
        Ok(GetEbsEncryptionByDefault)
    }

    async fn run(self, _: &Cx) -> Result<Output, Error> {
        Ok(Output { ebs_encryption_by_default: false })
    }
}
