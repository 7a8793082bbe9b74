//! Put a disabled image back into use, for its owner alone.

use super::describe_images::image_id;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error};
use crate::wire::query::Params;

pub struct EnableImage {
    id: String,
}

impl Action for EnableImage {
    const NAME: &'static str = "EnableImage";
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(EnableImage { id: image_id(p.req("ImageId")?)? })
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        cx.cloud.images.disable(&cx.caller.account, &self.id, false).await?;
        Ok(Done::YES)
    }
}
