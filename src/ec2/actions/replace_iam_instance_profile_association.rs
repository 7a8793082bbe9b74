//! Give an instance another instance profile in place of the one that it has.

use crate::ec2::profiles::{AssociationItem, Output, look_up, need_named};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::iam::profiles::Name;
use crate::id::Kind;
use crate::wire::query::Params;

pub struct ReplaceIamInstanceProfileAssociation {
    association: String,
    profile: Name,
}

impl Action for ReplaceIamInstanceProfileAssociation {
    const NAME: &'static str = "ReplaceIamInstanceProfileAssociation";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let association = p.id("AssociationId", Kind::ProfileAssociation)?.to_owned();
        Ok(ReplaceIamInstanceProfileAssociation { association, profile: need_named(p)? })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let profile = look_up(cx, &self.profile)?;
        let compute = &cx.cloud.compute;
        let (_, instance) =
            compute.replace_profile(&cx.caller.account, &cx.region, self.association, Some(profile.clone())).await?;
        let iam_instance_profile_association = AssociationItem::new(&instance.row.id, &profile, "associating");
        Ok(Output { iam_instance_profile_association })
    }
}
