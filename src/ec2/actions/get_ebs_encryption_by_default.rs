//! Whether new volumes of the account are encrypted unasked.

use crate::db::{self, Conn};
use crate::ec2::registry::Action;
use crate::ec2::volumes::sse_type;
use crate::ec2::{Cx, Error};
use crate::wire::query::Params;
use serde::Serialize;

pub struct GetEbsEncryptionByDefault;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    ebs_encryption_by_default: bool,
    sse_type: Option<&'static str>,
}

/// Say whether they are.
pub(super) async fn set(cx: &Cx, encrypted: bool) -> Result<Output, Error> {
    let job = move |c: &Conn, account: &str, region: &str| {
        let (_, key) = db::volumes::defaults(c, account, region)?;
        Ok(db::volumes::set_defaults(c, account, region, encrypted, key.as_deref())?)
    };
    cx.change(job).await?;
    Ok(Output { ebs_encryption_by_default: encrypted, sse_type: None })
}

impl Action for GetEbsEncryptionByDefault {
    const NAME: &'static str = "GetEbsEncryptionByDefault";
    type Output = Output;

    fn read(_: &Params<'_>) -> Result<Self, Error> {
        Ok(GetEbsEncryptionByDefault)
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let (on, _) = cx.look(|c, account, region| Ok(db::volumes::defaults(c, account, region)?)).await?;
        Ok(Output { ebs_encryption_by_default: on, sse_type: Some(sse_type(on)) })
    }
}
