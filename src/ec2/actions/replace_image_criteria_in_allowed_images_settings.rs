//! Say which other accounts' images the account allows itself: by owner, name, age. What AWS knows of scans and watermarks is not there.

use crate::db::Conn;
use crate::ec2::allowed_images;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error};
use crate::images::allowed::{self, Criterion};
use crate::wire::query::Params;

pub struct ReplaceImageCriteriaInAllowedImagesSettings(Vec<Criterion>);

impl Action for ReplaceImageCriteriaInAllowedImagesSettings {
    const NAME: &'static str = "ReplaceImageCriteriaInAllowedImagesSettings";
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(ReplaceImageCriteriaInAllowedImagesSettings(allowed_images::criteria(p)?))
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            let before = allowed::allowed(c, account, region)?;
            allowed::set_allowed(c, account, region, &allowed::Allowed { criteria: self.0, ..before })?;
            Ok(Done::YES)
        };
        cx.change(job).await
    }
}
