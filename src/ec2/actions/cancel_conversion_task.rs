//! There are no imports of instances and volumes by manifest: always `InvalidConversionTaskId`.

use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error};
use crate::wire::query::Params;

pub struct CancelConversionTask {
    id: String,
}

impl Action for CancelConversionTask {
    const NAME: &'static str = "CancelConversionTask";
    const IGNORED: &'static [&'static str] = &["ReasonMessage"];
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(CancelConversionTask { id: p.req("ConversionTaskId")?.to_owned() })
    }

    async fn run(self, _: &Cx) -> Result<Done, Error> {
        Err(Error::NoConversion(self.id))
    }
}
