//! Take its instance profile from an instance.

use crate::ec2::profiles::{AssociationItem, Output};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::wire::query::Params;

pub struct DisassociateIamInstanceProfile {
    association: String,
}

impl Action for DisassociateIamInstanceProfile {
    const NAME: &'static str = "DisassociateIamInstanceProfile";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let association = p.id("AssociationId", Kind::ProfileAssociation)?.to_owned();
        Ok(DisassociateIamInstanceProfile { association })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let compute = &cx.cloud.compute;
        let (ended, instance) = compute.replace_profile(&cx.caller.account, &cx.region, self.association, None).await?;
        let iam_instance_profile_association = AssociationItem::new(&instance.row.id, &ended, "disassociating");
        Ok(Output { iam_instance_profile_association })
    }
}
