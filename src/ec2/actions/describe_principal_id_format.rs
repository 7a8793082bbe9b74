//! Who has chosen a form of ids: nobody, as there is nothing to choose.

use crate::ec2::id_formats::named;
use crate::ec2::page::Page;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribePrincipalIdFormat;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    principal_set: [(); 0],
}

impl Action for DescribePrincipalIdFormat {
    const NAME: &'static str = "DescribePrincipalIdFormat";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        named(p)?;
        Page::within(p, None, 1..=1000)?;
        Ok(DescribePrincipalIdFormat)
    }

    async fn run(self, _: &Cx) -> Result<Output, Error> {
        Ok(Output { principal_set: [] })
    }
}
