//! Let an image be deregistered again: at once, or a day from now if it was protected with a cool-down.

use super::describe_images::image_id;
use super::enable_image_deregistration_protection::Output;
use crate::ec2::images::protection;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::wire::query::Params;

pub struct DisableImageDeregistrationProtection {
    id: String,
}

impl Action for DisableImageDeregistrationProtection {
    const NAME: &'static str = "DisableImageDeregistrationProtection";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(DisableImageDeregistrationProtection { id: image_id(p.req("ImageId")?)? })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let now = cx.cloud.images.protect(&cx.caller.account, &self.id, None).await?;
        Ok(Output { protection: protection(now) })
    }
}
