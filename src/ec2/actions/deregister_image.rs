//! Take an image out of use. Its snapshots stay, unless they are to go with it.

use crate::db::{self, Conn};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error, actions::describe_images::image_id};
use crate::images::{self, Image};
use crate::volumes::{self, snapshots};
use crate::wire::query::Params;
use serde::Serialize;

pub struct DeregisterImage {
    image_id: String,
    with_snapshots: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    r#return: bool,
    delete_snapshot_result_set: Option<Vec<Deleted>>,
}

/// What became of a snapshot.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Deleted {
    snapshot_id: String,
    return_code: &'static str,
}

impl Action for DeregisterImage {
    const NAME: &'static str = "DeregisterImage";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(DeregisterImage {
            image_id: image_id(p.req("ImageId")?)?,
            with_snapshots: p.opt_bool("DeleteAssociatedSnapshots")?.unwrap_or(false),
        })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let before = cx.cloud.images.get(&self.image_id)?;
        cx.cloud.images.deregister(&cx.caller.account, &self.image_id).await?;
        let delete_snapshot_result_set = match before {
            Some(image) if self.with_snapshots => Some(delete_snapshots(cx, &image).await?),
            Some(_) | None => None,
        };
        Ok(Output { r#return: true, delete_snapshot_result_set })
    }
}

/// Delete the snapshots that the image was made of, as far as they can be.
async fn delete_snapshots(cx: &Cx, image: &Image) -> Result<Vec<Deleted>, Error> {
    let ids = images::snapshots_of(image);
    let job = move |c: &Conn, account: &str, region: &str| {
        let delete = |id: String| {
            let deleted = snapshots::need(c, account, region, &id).and_then(|s| snapshots::delete(c, &s));
            let return_code = match deleted {
                Ok(()) => "success",
                Err(volumes::Error::SnapshotInUse { .. }) => "skipped",
                Err(volumes::Error::NoSnapshot(_)) => "missing-permissions",
                Err(volumes::Error::Db(e)) => return Err(e),
                Err(_) => "client-error",
            };
            Ok(Deleted { snapshot_id: id, return_code })
        };
        Ok(ids.into_iter().map(delete).collect::<Result<_, db::Error>>()?)
    };
    let deleted = cx.change(job).await?;
    cx.cloud.volumes.wake();
    Ok(deleted)
}
