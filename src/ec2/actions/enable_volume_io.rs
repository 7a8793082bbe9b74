//! Let a volume's I/O go on after AWS doubted its data. Nobody doubts it here, so it always goes on.

use super::describe_volumes::find;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error};
use crate::id::Kind;
use crate::wire::query::Params;

pub struct EnableVolumeIO {
    id: String,
}

impl Action for EnableVolumeIO {
    const NAME: &'static str = "EnableVolumeIO";
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(EnableVolumeIO { id: p.id("VolumeId", Kind::Volume)?.to_owned() })
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        find(cx, &[self.id]).await?;
        Ok(Done::YES)
    }
}
