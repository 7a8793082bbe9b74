//! Choose the form of ids for a user or role: only the longer one can be had.

use crate::ec2::id_formats::wish;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error};
use crate::wire::query::Params;

pub struct ModifyIdentityIdFormat;

impl Action for ModifyIdentityIdFormat {
    const NAME: &'static str = "ModifyIdentityIdFormat";
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        p.req("PrincipalArn")?;
        wish(p)?;
        Ok(ModifyIdentityIdFormat)
    }

    async fn run(self, _: &Cx) -> Result<Done, Error> {
        Ok(Done::YES)
    }
}
