//! Which other accounts' images the account allows itself in the region.

use crate::ec2::allowed_images::CriterionItem;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::images::allowed;
use crate::wire::query::Params;
use serde::Serialize;

pub struct GetAllowedImagesSettings;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    state: &'static str,
    image_criterion_set: Vec<CriterionItem>,
    managed_by: &'static str,
}

impl Action for GetAllowedImagesSettings {
    const NAME: &'static str = "GetAllowedImagesSettings";
    type Output = Output;

    fn read(_: &Params<'_>) -> Result<Self, Error> {
        Ok(GetAllowedImagesSettings)
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let allowed = cx.cloud.db.read(|c| allowed::allowed(c, &cx.caller.account, &cx.region))?;
        let image_criterion_set = allowed.criteria.into_iter().map(CriterionItem::from).collect();
        Ok(Output { state: allowed.state.text(), image_criterion_set, managed_by: "account" })
    }
}
