//! Let images of the account in the region be made public again.

use super::enable_image_block_public_access::{Output, set};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::images::settings::PublicAccess;
use crate::wire::query::Params;

pub struct DisableImageBlockPublicAccess;

impl Action for DisableImageBlockPublicAccess {
    const NAME: &'static str = "DisableImageBlockPublicAccess";
    type Output = Output;

    fn read(_: &Params<'_>) -> Result<Self, Error> {
        Ok(DisableImageBlockPublicAccess)
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        set(cx, PublicAccess::Unblocked).await
    }
}
