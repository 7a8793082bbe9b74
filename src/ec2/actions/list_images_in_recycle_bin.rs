//! Images in the Recycle Bin: there is none, a deregistered image is gone.

use super::describe_images::image_id;
use crate::ec2::page::Page;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::wire::query::Params;
use serde::Serialize;

pub struct ListImagesInRecycleBin;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    image_set: Vec<()>,
}

impl Action for ListImagesInRecycleBin {
    const NAME: &'static str = "ListImagesInRecycleBin";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let ids = p.list("ImageId").into_iter().map(image_id).collect::<Result<Vec<_>, _>>()?;
        Page::read(p, (!ids.is_empty()).then_some("imagesSet"))?;
        Ok(ListImagesInRecycleBin)
    }

    async fn run(self, _: &Cx) -> Result<Output, Error> {
        Ok(Output { image_set: Vec::new() })
    }
}
