//! Have new volumes be encrypted unasked. As with all encryption of volumes, it is what they say of themselves.

use super::get_ebs_encryption_by_default::{Output, set};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::wire::query::Params;

pub struct EnableEbsEncryptionByDefault;

impl Action for EnableEbsEncryptionByDefault {
    const NAME: &'static str = "EnableEbsEncryptionByDefault";
    type Output = Output;

    fn read(_: &Params<'_>) -> Result<Self, Error> {
        Ok(EnableEbsEncryptionByDefault)
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        set(cx, true).await
    }
}
