//! Give a running or stopped instance an instance profile, of those that the operator declares. It is shown, in the metadata too;
//! there are no credentials behind it.

use crate::ec2::profiles::{AssociationItem, Output, look_up, need_named};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::iam::profiles::Name;
use crate::id::Kind;
use crate::wire::query::Params;

pub struct AssociateIamInstanceProfile {
    instance: String,
    profile: Name,
}

impl Action for AssociateIamInstanceProfile {
    const NAME: &'static str = "AssociateIamInstanceProfile";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let instance = p.id("InstanceId", Kind::Instance)?.to_owned();
        Ok(AssociateIamInstanceProfile { instance, profile: need_named(p)? })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let profile = look_up(cx, &self.profile)?;
        let compute = &cx.cloud.compute;
        compute.associate_profile(&cx.caller.account, &cx.region, self.instance.clone(), profile.clone()).await?;
        let iam_instance_profile_association = AssociationItem::new(&self.instance, &profile, "associating");
        Ok(Output { iam_instance_profile_association })
    }
}
