//! Volumes are not imported by manifest.

use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error};
use crate::wire::query::Params;

pub struct ImportVolume;

impl Action for ImportVolume {
    const NAME: &'static str = "ImportVolume";
    const IGNORED: &'static [&'static str] = &["Volume", "AvailabilityZone", "AvailabilityZoneId", "Description"];
    const REFUSED: &'static [&'static str] = &["Image"];
    type Output = Done;

    fn read(_: &Params<'_>) -> Result<Self, Error> {
        Err(Error::Unsupported("an import by manifest; ImportImage takes a disk file of a bucket".into()))
    }

    async fn run(self, _: &Cx) -> Result<Done, Error> {
        Err(Error::Unsupported("an import by manifest".into()))
    }
}
