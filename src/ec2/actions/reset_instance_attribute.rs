//! Give an attribute of an instance its first value back: the source/destination check. Kernels and ramdisks do not change.

use crate::compute::Edit;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error, attribute};
use crate::id::Kind;
use crate::wire::query::Params;

pub struct ResetInstanceAttribute {
    id: String,
}

impl Action for ResetInstanceAttribute {
    const NAME: &'static str = "ResetInstanceAttribute";
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let id = p.id("InstanceId", Kind::Instance)?.to_owned();
        match p.req("Attribute")? {
            "sourceDestCheck" => Ok(ResetInstanceAttribute { id }),
            name @ ("kernel" | "ramdisk") => Err(Error::Unsupported(format!("changing {name}"))),
            other => Err(attribute::unknown(other)),
        }
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        let edit = Edit::SourceDestCheck(true);
        cx.cloud.compute.edit(&cx.caller.account, &cx.region, vec![self.id], edit).await?;
        Ok(Done::YES)
    }
}
