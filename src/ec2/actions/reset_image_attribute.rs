//! Make an image its owner's alone again.

use super::describe_images::image_id;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error, attribute};
use crate::images::{self, Sharing};
use crate::wire::query::Params;

pub struct ResetImageAttribute {
    id: String,
}

impl Action for ResetImageAttribute {
    const NAME: &'static str = "ResetImageAttribute";
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        match p.req("Attribute")? {
            "launchPermission" => Ok(ResetImageAttribute { id: image_id(p.req("ImageId")?)? }),
            other => Err(attribute::unknown(other)),
        }
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        let image = cx.cloud.images.get(&self.id)?.ok_or_else(|| images::Error::NotFound(self.id.clone()))?;
        let sharing = Sharing { public: Some(false), remove: image.launch_permissions, ..Sharing::default() };
        cx.cloud.images.share(&cx.caller.account, &cx.region, &self.id, sharing).await?;
        Ok(Done::YES)
    }
}
