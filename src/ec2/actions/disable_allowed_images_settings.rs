//! Let the account see and launch all images of other accounts that these let it. The criteria stay for another time.

use super::enable_allowed_images_settings::Output;
use crate::ec2::allowed_images::set_state;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::images::allowed::State;
use crate::wire::query::Params;

pub struct DisableAllowedImagesSettings;

impl Action for DisableAllowedImagesSettings {
    const NAME: &'static str = "DisableAllowedImagesSettings";
    type Output = Output;

    fn read(_: &Params<'_>) -> Result<Self, Error> {
        Ok(DisableAllowedImagesSettings)
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        Ok(Output { allowed_images_settings_state: set_state(cx, State::Disabled).await? })
    }
}
