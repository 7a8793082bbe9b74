//! Have no snapshot of the account in the region become public any more, or none be public at all.

use crate::db::Conn;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::volumes::sharing::{self, PublicAccess};
use crate::wire::query::Params;
use serde::Serialize;

pub struct EnableSnapshotBlockPublicAccess(PublicAccess);

#[derive(Serialize)]
pub struct Output {
    state: &'static str,
}

/// Say it for the caller's account and region.
pub(super) async fn set(cx: &Cx, access: PublicAccess) -> Result<Output, Error> {
    let job = move |c: &Conn, account: &str, region: &str| Ok(sharing::set_public_access(c, account, region, access)?);
    cx.change(job).await?;
    Ok(Output { state: access.text() })
}

impl Action for EnableSnapshotBlockPublicAccess {
    const NAME: &'static str = "EnableSnapshotBlockPublicAccess";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let text = p.req("State")?;
        let access = PublicAccess::parse(text).filter(|access| *access != PublicAccess::Unblocked);
        let wrong = || p.invalid("State", text, "Expecting block-all-sharing or block-new-sharing.");
        Ok(EnableSnapshotBlockPublicAccess(access.ok_or_else(wrong)?))
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        set(cx, self.0).await
    }
}

#[cfg(test)]
mod tests {
    use crate::ec2::tests::Bench;

    #[tokio::test]
    async fn what_is_blocked_is_not_shared_and_what_is_public_may_be_hidden() {
        let bench = Bench::new();
        let volume = bench.call("Action=CreateVolume&AvailabilityZone=us-east-1a&Size=1").await;
        let snapshot = bench.call(&format!("Action=CreateSnapshot&VolumeId={}", volume.get("volumeId").unwrap())).await;
        let id = snapshot.get("snapshotId").unwrap();
        let share = format!("Action=ModifySnapshotAttribute&SnapshotId={id}&CreateVolumePermission.Add.1");
        let enable = "Action=EnableSnapshotBlockPublicAccess&State=block";
        let get = "Action=GetSnapshotBlockPublicAccessState";
        assert_eq!(bench.call(get).await.get("state"), Some("unblocked"));
        assert_eq!(bench.call(&format!("{enable}-new-sharing")).await.get("state"), Some("block-new-sharing"));
        assert_eq!(bench.call(&format!("{share}.Group=all")).await.code(), "OperationNotPermitted");
        assert_eq!(bench.call("Action=DisableSnapshotBlockPublicAccess").await.get("state"), Some("unblocked"));
        assert_eq!(bench.call(&format!("{share}.Group=all")).await.get("return"), Some("true"));

        let theirs = format!("Action=CreateVolume&AvailabilityZone=us-east-1a&SnapshotId={id}");
        let seen = async || bench.call_other("Action=DescribeSnapshots").await.all("snapshotId").len();
        bench.call(&format!("{enable}-new-sharing")).await;
        assert_eq!((seen().await, bench.call_other(&theirs).await.status), (1, 200), "it was public before");
        bench.call(&format!("{enable}-all-sharing")).await;
        assert_eq!(
            (seen().await, bench.call_other(&theirs).await.code().to_owned()),
            (0, "InvalidSnapshot.NotFound".into())
        );
        let attribute = format!("Action=DescribeSnapshotAttribute&SnapshotId={id}&Attribute=createVolumePermission");
        assert_eq!(bench.call(&attribute).await.get("group"), Some("all"), "what was said of it stays");
        assert_eq!(bench.call(&format!("{share}.UserId=210987654321")).await.get("return"), Some("true"));
        assert_eq!(seen().await, 1, "it is shared with this account");
        bench
            .call(
                &share
                    .replace("Add", "Remove")
                    .replace("Permission.Remove.1", "Permission.Remove.1.UserId=210987654321"),
            )
            .await;
        assert_eq!(seen().await, 0);
        bench.call("Action=DisableSnapshotBlockPublicAccess").await;
        assert_eq!(seen().await, 1);
        assert_eq!(bench.call_other(get).await.get("state"), Some("unblocked"), "each account says its own");
        assert_eq!(bench.call(&enable.replace("=block", "=unblocked")).await.code(), "InvalidParameterValue");
    }
}
