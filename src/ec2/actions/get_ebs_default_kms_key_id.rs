//! The key that new encrypted volumes of the account name when they are not told which.

use crate::db::{self, Conn};
use crate::ec2::registry::Action;
use crate::ec2::volumes::OWN_KEY;
use crate::ec2::{Cx, Error};
use crate::wire::query::Params;
use serde::Serialize;

pub struct GetEbsDefaultKmsKeyId;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub kms_key_id: String,
}

/// Say which; none is the account's own.
pub(super) async fn set(cx: &Cx, key: Option<String>) -> Result<(), Error> {
    let job = move |c: &Conn, account: &str, region: &str| {
        let (encrypted, _) = db::volumes::defaults(c, account, region)?;
        Ok(db::volumes::set_defaults(c, account, region, encrypted, key.as_deref())?)
    };
    cx.change(job).await
}

impl Action for GetEbsDefaultKmsKeyId {
    const NAME: &'static str = "GetEbsDefaultKmsKeyId";
    type Output = Output;

    fn read(_: &Params<'_>) -> Result<Self, Error> {
        Ok(GetEbsDefaultKmsKeyId)
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let (_, key) = cx.look(|c, account, region| Ok(db::volumes::defaults(c, account, region)?)).await?;
        Ok(Output { kms_key_id: key.unwrap_or_else(|| OWN_KEY.into()) })
    }
}
