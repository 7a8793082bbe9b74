//! The forms of ids: the longer ones.

use crate::ec2::id_formats::{Format, formats, named};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeIdFormat {
    names: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    status_set: Vec<Format>,
}

impl Action for DescribeIdFormat {
    const NAME: &'static str = "DescribeIdFormat";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(DescribeIdFormat { names: named(p)? })
    }

    async fn run(self, _: &Cx) -> Result<Output, Error> {
        Ok(Output { status_set: formats(&self.names) })
    }
}
