//! Make an image again out of an object that an image was stored in. Only what this cloud stored can be read.

use super::create_store_image_task::blocking;
use crate::db::Conn;
use crate::db::tags::Tag;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error, tagging};
use crate::images::tasks::{self, Object, RestoreRequest};
use crate::wire::query::Params;
use serde::Serialize;

pub struct CreateRestoreImageTask {
    from: Object,
    name: Option<String>,
    tags: Option<Vec<Tag>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    image_id: String,
}

impl Action for CreateRestoreImageTask {
    const NAME: &'static str = "CreateRestoreImageTask";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let tags = tagging::of(&tagging::specifications(p, &["image", "snapshot"])?, "image");
        Ok(CreateRestoreImageTask {
            from: Object { bucket: p.req("Bucket")?.to_owned(), key: p.req("ObjectKey")?.to_owned() },
            name: p.opt("Name").filter(|text| !text.is_empty()).map(str::to_owned),
            tags: (!tags.is_empty()).then_some(tags),
        })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let (images, account, from) = (cx.cloud.images.clone(), cx.caller.account.clone(), self.from.clone());
        let said = blocking(move || images.stored_in(&account, &from)).await?;
        let job = move |c: &Conn, account: &str, region: &str| {
            let request = RestoreRequest {
                account: account.to_owned(),
                region: region.to_owned(),
                from: self.from,
                name: self.name,
                tags: self.tags,
            };
            Ok(Output { image_id: tasks::restore(c, request, said)?.id })
        };
        let made = cx.change(job).await?;
        cx.cloud.images.wake();
        Ok(made)
    }
}
