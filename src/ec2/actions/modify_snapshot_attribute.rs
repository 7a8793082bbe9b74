//! Say who may make volumes of a snapshot.

use crate::db::Conn;
use crate::ec2::registry::Action;
use crate::ec2::sharing::Sharing;
use crate::ec2::{Cx, Done, Error};
use crate::id::Kind;
use crate::volumes::snapshots;
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
        let sharing = snapshots::Sharing { public, add, remove };
        let job = move |c: &Conn, account: &str, region: &str| {
            let snapshot = snapshots::need(c, account, region, &self.id)?;
            Ok(snapshots::share(c, &snapshot, &sharing)?)
        };
        cx.change(job).await?;
        Ok(Done::YES)
    }
}
