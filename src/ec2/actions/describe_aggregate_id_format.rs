//! The forms of ids of all kinds at once: the longer ones.

use crate::ec2::id_formats::{Format, formats};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeAggregateIdFormat;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    use_long_ids_aggregated: bool,
    status_set: Vec<Format>,
}

impl Action for DescribeAggregateIdFormat {
    const NAME: &'static str = "DescribeAggregateIdFormat";
    type Output = Output;

    fn read(_: &Params<'_>) -> Result<Self, Error> {
        Ok(DescribeAggregateIdFormat)
    }

    async fn run(self, _: &Cx) -> Result<Output, Error> {
        Ok(Output { use_long_ids_aggregated: true, status_set: formats(&[]) })
    }
}
