//! Name the bucket for the account's data feed of spot usage. It is a record: spot instances cost nothing here, and no file is written.

use super::create_store_image_task::blocking;
use crate::compute::defaults::{self, Datafeed};
use crate::db::Conn;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::images::tasks::Object;
use crate::wire::query::Params;
use serde::Serialize;

pub struct CreateSpotDatafeedSubscription(Datafeed);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    spot_datafeed_subscription: Item,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    bucket: String,
    owner_id: String,
    prefix: String,
    state: &'static str,
}

impl Output {
    pub(super) fn new(owner: &str, feed: Datafeed) -> Output {
        let Datafeed { bucket, prefix } = feed;
        let item = Item { bucket, owner_id: owner.to_owned(), prefix, state: "Active" };
        Output { spot_datafeed_subscription: item }
    }
}

impl Action for CreateSpotDatafeedSubscription {
    const NAME: &'static str = "CreateSpotDatafeedSubscription";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let prefix = p.opt("Prefix").unwrap_or_default().to_owned();
        Ok(CreateSpotDatafeedSubscription(Datafeed { bucket: p.req("Bucket")?.to_owned(), prefix }))
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let (images, account) = (cx.cloud.images.clone(), cx.caller.account.clone());
        let to = Object { bucket: self.0.bucket.clone(), key: format!("{}{account}.gz", self.0.prefix) };
        blocking(move || images.check_target(&account, &to)).await.map_err(|_| Error::StorageLocation)?;
        let job = move |c: &Conn, account: &str, region: &str| {
            defaults::set_datafeed(c, account, region, Some(&self.0))?;
            Ok(Output::new(account, self.0))
        };
        cx.change(job).await
    }
}
