//! Give a volume another size, type or speed. A running guest sees it grow. AWS lets hours pass between
//! two modifications; here the second waits for the first only.

use crate::db::Conn;
use crate::ec2::registry::Action;
use crate::ec2::volumes::{ModificationItem, wish};
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::volumes::{self, Wish};
use crate::wire::query::Params;
use serde::Serialize;

pub struct ModifyVolume {
    id: String,
    wish: Wish,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    volume_modification: ModificationItem,
}

impl Action for ModifyVolume {
    const NAME: &'static str = "ModifyVolume";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let wish = wish(p, "Size")?;
        if wish == Wish::default() {
            return Err(Error::MissingEither(
                "The request must contain at least one of the parameters size, volumeType, iops, throughput and \
                 multiAttachEnabled"
                    .into(),
            ));
        }
        Ok(ModifyVolume { id: p.id("VolumeId", Kind::Volume)?.to_owned(), wish })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let bytes = cx.cloud.volumes.bytes();
        let job = move |c: &Conn, account: &str, region: &str| {
            let mut volume = volumes::need(c, account, region, &self.id)?;
            let modification = volumes::modify(c, &mut volume, self.wish, bytes)?;
            Ok(Output { volume_modification: ModificationItem::new(self.id, modification).begun() })
        };
        let begun = cx.change(job).await?;
        cx.cloud.volumes.wake();
        cx.cloud.compute.wake();
        Ok(begun)
    }
}
