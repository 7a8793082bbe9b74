//! Instances are not imported by manifest: ImportImage and RunInstances do it.

use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error};
use crate::wire::query::Params;

pub struct ImportInstance;

impl Action for ImportInstance {
    const NAME: &'static str = "ImportInstance";
    const IGNORED: &'static [&'static str] = &["LaunchSpecification", "Description", "Platform"];
    const REFUSED: &'static [&'static str] = &["DiskImage"];
    type Output = Done;

    fn read(_: &Params<'_>) -> Result<Self, Error> {
        Err(Error::Unsupported("an import by manifest; ImportImage takes a disk file of a bucket".into()))
    }

    async fn run(self, _: &Cx) -> Result<Done, Error> {
        Err(Error::Unsupported("an import by manifest".into()))
    }
}
