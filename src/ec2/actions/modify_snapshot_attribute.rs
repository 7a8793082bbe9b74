//! Say who may make volumes of a snapshot.

use crate::db::Conn;
use crate::ec2::registry::Action;
use crate::ec2::sharing::Sharing;
use crate::ec2::volumes::own_key;
use crate::ec2::{Cx, Done, Error};
use crate::id::Kind;
use crate::volumes::{sharing, snapshots};
use crate::wire::query::Params;

pub struct ModifySnapshotAttribute {
    id: String,
    sharing: Sharing,
}

impl Action for ModifySnapshotAttribute {
    const NAME: &'static str = "ModifySnapshotAttribute";
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let id = p.id("SnapshotId", Kind::Snapshot)?.to_owned();
        let sharing = Sharing::read(p, "CreateVolumePermission", &[])?;
        let sharing = sharing.ok_or_else(|| Error::ParameterCombination("No attributes specified.".into()))?;
        Ok(ModifySnapshotAttribute { id, sharing })
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        let Sharing { public, add, remove } = self.sharing;
        let sharing = sharing::Sharing { public, add, remove, own_key: own_key(cx) };
        let job = move |c: &Conn, account: &str, region: &str| {
            let snapshot = snapshots::need(c, account, region, &self.id)?;
            Ok(sharing::share(c, &snapshot, &sharing)?)
        };
        cx.change(job).await?;
        Ok(Done::YES)
    }
}

#[cfg(test)]
mod tests {
    use crate::ec2::tests::Bench;

    async fn snapshot(bench: &Bench, encryption: &str) -> String {
        let volume =
            bench.call(&format!("Action=CreateVolume&AvailabilityZone=us-east-1a&Size=1&Encrypted={encryption}")).await;
        let volume = volume.get("volumeId").unwrap_or_else(|| panic!("{}", volume.xml));
        let made = bench.call(&format!("Action=CreateSnapshot&VolumeId={volume}")).await;
        made.get("snapshotId").unwrap().to_owned()
    }

    #[tokio::test]
    async fn what_is_encrypted_is_never_everybodys_and_by_the_own_key_nobodys_else() {
        let bench = Bench::new();
        let key = "true&KmsKeyId=1234abcd-12ab-34cd-56ef-1234567890ab";
        for (encryption, some, all) in [
            ("false", "true", "true"),
            ("true", "OperationNotPermitted", "OperationNotPermitted"),
            (key, "true", "OperationNotPermitted"),
        ] {
            let id = snapshot(&bench, encryption).await;
            let add = format!("Action=ModifySnapshotAttribute&SnapshotId={id}&CreateVolumePermission.Add.1");
            for (whom, outcome) in [("UserId=210987654321", some), ("Group=all", all)] {
                let answer = bench.call(&format!("{add}.{whom}")).await;
                assert_eq!(answer.get("return").unwrap_or(answer.code()), outcome, "{encryption}: {}", answer.xml);
            }
            let image = format!(
                "Action=RegisterImage&Name=image{}&RootDeviceName=/dev/xvda&BlockDeviceMapping.1.DeviceName=/dev/xvda\
                 &BlockDeviceMapping.1.Ebs.SnapshotId={id}",
                encryption.len()
            );
            let made = bench.call(&image).await;
            let share = format!(
                "Action=ModifyImageAttribute&ImageId={}&LaunchPermission.Add.1",
                made.get("imageId").unwrap_or_else(|| panic!("{}", made.xml))
            );
            let some = if some == "true" { some } else { "InvalidParameter" };
            let all = if all == "true" { all } else { "UnsupportedOperation" };
            for (whom, outcome) in [("UserId=210987654321", some), ("Group=all", all)] {
                let answer = bench.call(&format!("{share}.{whom}")).await;
                assert_eq!(answer.get("return").unwrap_or(answer.code()), outcome, "{encryption}: {}", answer.xml);
            }
        }
    }
}
