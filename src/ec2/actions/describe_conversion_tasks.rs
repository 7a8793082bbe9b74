//! Imports of instances and volumes by manifest: there are none, ImportImage takes their place.

use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeConversionTasks {
    ids: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    conversion_tasks: Vec<()>,
}

impl Action for DescribeConversionTasks {
    const NAME: &'static str = "DescribeConversionTasks";
    /// Old clients send it.
    const IGNORED: &'static [&'static str] = &["Filter"];
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(DescribeConversionTasks { ids: p.list("ConversionTaskId").into_iter().map(str::to_owned).collect() })
    }

    async fn run(self, _: &Cx) -> Result<Output, Error> {
        match self.ids.into_iter().next() {
            Some(id) => Err(Error::NoConversion(id)),
            None => Ok(Output { conversion_tasks: Vec::new() }),
        }
    }
}
