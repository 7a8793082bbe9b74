//! Have notifications of instances' events carry these tags no more.

use crate::compute::defaults::EventTags;
use crate::ec2::event_tags::{self, Output};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::wire::query::Params;

pub struct DeregisterInstanceEventNotificationAttributes(EventTags);

impl Action for DeregisterInstanceEventNotificationAttributes {
    const NAME: &'static str = "DeregisterInstanceEventNotificationAttributes";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(DeregisterInstanceEventNotificationAttributes(event_tags::read(p)?))
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        event_tags::change(cx, move |tags| {
            tags.all &= !self.0.all;
            tags.keys.retain(|key| !self.0.keys.contains(key));
        })
        .await
    }
}
