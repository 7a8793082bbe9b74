//! Delete a volume that is attached to nothing. Its snapshots stay.

use crate::db::Conn;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error};
use crate::id::Kind;
use crate::volumes;
use crate::wire::query::Params;

pub struct DeleteVolume {
    id: String,
}

impl Action for DeleteVolume {
    const NAME: &'static str = "DeleteVolume";
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(DeleteVolume { id: p.id("VolumeId", Kind::Volume)?.to_owned() })
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            let volume = volumes::need(c, account, region, &self.id)?;
            Ok(volumes::delete(c, &volume)?)
        };
        cx.change(job).await?;
        cx.cloud.volumes.wake();
        Ok(Done::YES)
    }
}
