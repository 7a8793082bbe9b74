//! Delete a snapshot. Its bytes go once no volume and no other snapshot stands on them.

use crate::db::Conn;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error};
use crate::id::Kind;
use crate::volumes::snapshots;
use crate::wire::query::Params;

pub struct DeleteSnapshot {
    id: String,
}

impl Action for DeleteSnapshot {
    const NAME: &'static str = "DeleteSnapshot";
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(DeleteSnapshot { id: p.id("SnapshotId", Kind::Snapshot)?.to_owned() })
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            let snapshot = snapshots::need(c, account, region, &self.id)?;
            Ok(snapshots::delete(c, &snapshot)?)
        };
        cx.change(job).await?;
        cx.cloud.volumes.wake();
        Ok(Done::YES)
    }
}
