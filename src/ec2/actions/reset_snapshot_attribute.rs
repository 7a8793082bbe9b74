//! Make a snapshot its owner's alone again.

use crate::db::Conn;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error, attribute};
use crate::id::Kind;
use crate::volumes::sharing::{self, Sharing};
use crate::volumes::snapshots;
use crate::wire::query::Params;

pub struct ResetSnapshotAttribute {
    id: String,
}

impl Action for ResetSnapshotAttribute {
    const NAME: &'static str = "ResetSnapshotAttribute";
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        match p.req("Attribute")? {
            "createVolumePermission" => {
                Ok(ResetSnapshotAttribute { id: p.id("SnapshotId", Kind::Snapshot)?.to_owned() })
            }
            other => Err(attribute::unknown(other)),
        }
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            let snapshot = snapshots::need(c, account, region, &self.id)?;
            let nobody = Sharing { public: Some(false), remove: snapshot.shared_with.clone(), ..Sharing::default() };
            Ok(sharing::share(c, &snapshot, &nobody)?)
        };
        cx.change(job).await?;
        Ok(Done::YES)
    }
}
