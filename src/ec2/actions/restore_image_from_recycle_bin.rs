//! Nothing is ever in the Recycle Bin: always `InvalidAMIID.NotFound`.

use super::describe_images::image_id;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error};
use crate::id::Kind;
use crate::wire::query::Params;

pub struct RestoreImageFromRecycleBin {
    id: String,
}

impl Action for RestoreImageFromRecycleBin {
    const NAME: &'static str = "RestoreImageFromRecycleBin";
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(RestoreImageFromRecycleBin { id: image_id(p.req("ImageId")?)? })
    }

    async fn run(self, _: &Cx) -> Result<Done, Error> {
        Err(Error::no_such(Kind::Image, self.id))
    }
}
