//! Change how an instance may use the metadata service; what is not named stays as it is.

use crate::compute::{Edit, MetadataEdit};
use crate::ec2::instances::MetadataItem;
use crate::ec2::launch::metadata;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::wire::query::Params;
use serde::Serialize;

pub struct ModifyInstanceMetadataOptions {
    id: String,
    edit: MetadataEdit,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    instance_id: String,
    instance_metadata_options: MetadataItem,
}

impl Action for ModifyInstanceMetadataOptions {
    const NAME: &'static str = "ModifyInstanceMetadataOptions";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let edit = metadata(p)?;
        let id = p.id("InstanceId", Kind::Instance)?.to_owned();
        if edit == MetadataEdit::default() {
            return Err(Error::ParameterCombination("No metadata option specified".into()));
        }
        Ok(ModifyInstanceMetadataOptions { id, edit })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let (id, edit) = (self.id.clone(), Edit::Metadata(self.edit));
        let edited = cx.cloud.compute.edit(&cx.caller.account, &cx.region, vec![self.id], edit).await?;
        let instance = edited.into_iter().next().ok_or_else(|| Error::no_such(Kind::Instance, &id))?;
        let options = MetadataItem::new(&instance.spec.options.metadata, "pending");
        Ok(Output { instance_id: id, instance_metadata_options: options })
    }
}
