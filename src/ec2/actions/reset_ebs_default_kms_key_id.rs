//! Have new encrypted volumes name the account's own key again when they are not told which.

use super::get_ebs_default_kms_key_id::{Output, set};
use crate::ec2::registry::Action;
use crate::ec2::volumes::own_key;
use crate::ec2::{Cx, Error};
use crate::wire::query::Params;

pub struct ResetEbsDefaultKmsKeyId;

impl Action for ResetEbsDefaultKmsKeyId {
    const NAME: &'static str = "ResetEbsDefaultKmsKeyId";
    type Output = Output;

    fn read(_: &Params<'_>) -> Result<Self, Error> {
        Ok(ResetEbsDefaultKmsKeyId)
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        set(cx, None).await?;
        Ok(Output { kms_key_id: own_key(cx) })
    }
}
