//! Store an image of one's own as one object of a bucket, out of which it can be restored. Of an image on volumes that is its root
//! disk, and what is restored has a file.

use super::describe_images::image_id;
use crate::db::Conn;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::images;
use crate::images::tasks::{self, Object, Wanted};
use crate::wire::query::Params;
use serde::Serialize;

pub struct CreateStoreImageTask {
    image: String,
    to: Object,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    object_key: String,
}

impl Action for CreateStoreImageTask {
    const NAME: &'static str = "CreateStoreImageTask";
    const REFUSED: &'static [&'static str] = &["S3ObjectTag"];
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let image = image_id(p.req("ImageId")?)?;
        let to = Object { bucket: p.req("Bucket")?.to_owned(), key: format!("{image}.bin") };
        Ok(CreateStoreImageTask { image, to })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        cx.cloud.images.own_available(&cx.caller.account, &cx.region, &self.image)?;
        check_target(cx, self.to.clone()).await?;
        let object_key = self.to.key.clone();
        let job = move |c: &Conn, account: &str, region: &str| {
            tasks::begin(c, account, region, Wanted::StoreImage { image: self.image, to: self.to })?;
            Ok(Output { object_key })
        };
        let made = cx.change(job).await?;
        cx.cloud.images.wake();
        Ok(made)
    }
}

/// Whether the caller may put an object there.
pub(super) async fn check_target(cx: &Cx, to: Object) -> Result<(), Error> {
    let (images, account) = (cx.cloud.images.clone(), cx.caller.account.clone());
    blocking(move || images.check_target(&account, &to)).await
}

/// Do something with buckets, which blocks for a moment.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, images::Error> + Send + 'static,
) -> Result<T, Error> {
    let done = tokio::task::spawn_blocking(work).await.map_err(|e| Error::Internal(e.to_string()))?;
    Ok(done?)
}
