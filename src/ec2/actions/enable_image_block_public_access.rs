//! Have no image of the account in the region become public any more. Those that are public stay so.

use crate::db::Conn;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::images::settings::{self, PublicAccess};
use crate::wire::query::Params;
use serde::Serialize;

pub struct EnableImageBlockPublicAccess;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    image_block_public_access_state: &'static str,
}

/// Say it for the caller's account and region.
pub(super) async fn set(cx: &Cx, access: PublicAccess) -> Result<Output, Error> {
    let job = move |c: &Conn, account: &str, region: &str| Ok(settings::set_public_access(c, account, region, access)?);
    cx.change(job).await?;
    Ok(Output { image_block_public_access_state: access.as_str() })
}

impl Action for EnableImageBlockPublicAccess {
    const NAME: &'static str = "EnableImageBlockPublicAccess";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        match p.req("ImageBlockPublicAccessState")? {
            "block-new-sharing" => Ok(EnableImageBlockPublicAccess),
            other => Err(p.invalid("ImageBlockPublicAccessState", other, "Expecting block-new-sharing.").into()),
        }
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        set(cx, PublicAccess::BlockNewSharing).await
    }
}

#[cfg(test)]
mod tests {
    use crate::ec2::tests::Bench;

    #[tokio::test]
    async fn what_is_blocked_becomes_public_only_after_it_is_unblocked() {
        let bench = Bench::new();
        bench.image("ami-12345678").await;
        let state = |answer: crate::ec2::tests::Answer| answer.get("imageBlockPublicAccessState").unwrap().to_owned();
        const GET: &str = "Action=GetImageBlockPublicAccessState";
        const SHARE: &str = "Action=ModifyImageAttribute&ImageId=ami-12345678&LaunchPermission.Add.1";
        assert_eq!(state(bench.call(GET).await), "unblocked");
        let enable = "Action=EnableImageBlockPublicAccess&ImageBlockPublicAccessState=block-new-sharing";
        assert_eq!(state(bench.call(enable).await), "block-new-sharing");
        assert_eq!(state(bench.call(GET).await), "block-new-sharing");
        assert_eq!(state(bench.call_other(GET).await), "unblocked");
        assert_eq!(bench.call(&format!("{SHARE}.Group=all")).await.code(), "OperationNotPermitted");
        assert_eq!(bench.call(&format!("{SHARE}.UserId=210987654321")).await.get("return"), Some("true"));
        assert_eq!(state(bench.call("Action=DisableImageBlockPublicAccess").await), "unblocked");
        assert_eq!(bench.call(&format!("{SHARE}.Group=all")).await.get("return"), Some("true"));
        bench.call(enable).await;
        assert_eq!(bench.call_other("Action=DescribeImages").await.get("isPublic"), Some("true"), "it was so before");
    }
}
