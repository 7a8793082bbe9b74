//! Say which key new encrypted volumes of the account name when they are not told which.

use super::get_ebs_default_kms_key_id::{Output, set};
use crate::ec2::registry::Action;
use crate::ec2::volumes::kms_key;
use crate::ec2::{Cx, Error};
use crate::wire::query::Params;

pub struct ModifyEbsDefaultKmsKeyId {
    key: String,
}

impl Action for ModifyEbsDefaultKmsKeyId {
    const NAME: &'static str = "ModifyEbsDefaultKmsKeyId";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(ModifyEbsDefaultKmsKeyId { key: p.req("KmsKeyId")?.to_owned() })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let kms_key_id = kms_key(cx, &self.key);
        set(cx, Some(kms_key_id.clone())).await?;
        Ok(Output { kms_key_id })
    }
}
