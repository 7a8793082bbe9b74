//! One attribute of a volume.

use super::describe_volumes::find;
use crate::ec2::attribute::{self, Value};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeVolumeAttribute {
    id: String,
    attribute: String,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    volume_id: String,
    #[serde(rename = "autoEnableIO")]
    auto_enable_io: Option<Value<bool>>,
    product_codes: Option<Vec<()>>,
}

impl Action for DescribeVolumeAttribute {
    const NAME: &'static str = "DescribeVolumeAttribute";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let attribute = p.req("Attribute")?.to_owned();
        Ok(DescribeVolumeAttribute { id: p.id("VolumeId", Kind::Volume)?.to_owned(), attribute })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let found = find(cx, std::slice::from_ref(&self.id)).await?.into_iter().next();
        let volume = found.ok_or_else(|| Error::no_such(Kind::Volume, &self.id))?;
        let mut out = Output { volume_id: self.id, ..Output::default() };
        match self.attribute.as_str() {
            "autoEnableIO" => out.auto_enable_io = Value::of(volume.row.auto_io),
            "productCodes" => out.product_codes = Some(Vec::new()),
            other => return Err(attribute::unknown(other)),
        }
        Ok(out)
    }
}
