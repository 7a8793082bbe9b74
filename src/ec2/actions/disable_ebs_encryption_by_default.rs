//! Have new volumes be encrypted only if they are asked to. As with all encryption of volumes, it is what they say of themselves.

use super::get_ebs_encryption_by_default::{Output, set};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::wire::query::Params;

pub struct DisableEbsEncryptionByDefault;

impl Action for DisableEbsEncryptionByDefault {
    const NAME: &'static str = "DisableEbsEncryptionByDefault";
    type Output = Output;

    fn read(_: &Params<'_>) -> Result<Self, Error> {
        Ok(DisableEbsEncryptionByDefault)
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        set(cx, false).await
    }
}
