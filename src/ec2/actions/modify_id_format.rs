//! Choose the form of ids: only the longer one can be had.

use crate::ec2::id_formats::wish;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error};
use crate::wire::query::Params;

pub struct ModifyIdFormat;

impl Action for ModifyIdFormat {
    const NAME: &'static str = "ModifyIdFormat";
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        wish(p)?;
        Ok(ModifyIdFormat)
    }

    async fn run(self, _: &Cx) -> Result<Done, Error> {
        Ok(Done::YES)
    }
}
