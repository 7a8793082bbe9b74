//! Have an image be up to date for ever.

use super::describe_images::image_id;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error};
use crate::wire::query::Params;

pub struct DisableImageDeprecation {
    id: String,
}

impl Action for DisableImageDeprecation {
    const NAME: &'static str = "DisableImageDeprecation";
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(DisableImageDeprecation { id: image_id(p.req("ImageId")?)? })
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        cx.cloud.images.deprecate(&cx.caller.account, &self.id, None).await?;
        Ok(Done::YES)
    }
}
