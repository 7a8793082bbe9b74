//! Take an image out of use.

use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error, actions::describe_images::image_id};
use crate::wire::query::Params;

pub struct DeregisterImage {
    image_id: String,
}

impl Action for DeregisterImage {
    const NAME: &'static str = "DeregisterImage";
    /// Bundled images have no snapshots.
    const IGNORED: &'static [&'static str] = &["DeleteAssociatedSnapshots"];
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(DeregisterImage { image_id: image_id(p.req("ImageId")?)? })
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        cx.cloud.images.deregister(&cx.caller.account, &self.image_id).await?;
        Ok(Done::YES)
    }
}
