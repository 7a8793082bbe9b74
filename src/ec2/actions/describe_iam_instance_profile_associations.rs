//! Which of the caller's instances have an instance profile.

use crate::compute::state::State;
use crate::ec2::describe::Listing;
use crate::ec2::profiles::AssociationItem;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::wire::query::Params;
use serde::Serialize;
use std::collections::HashMap;

pub struct DescribeIamInstanceProfileAssociations(Listing<AssociationItem>);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    iam_instance_profile_association_set: Vec<AssociationItem>,
    next_token: Option<String>,
}

impl Action for DescribeIamInstanceProfileAssociations {
    const NAME: &'static str = "DescribeIamInstanceProfileAssociations";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let listing = Listing::read(p, Kind::ProfileAssociation, "AssociationId", "associationIds")?;
        Ok(DescribeIamInstanceProfileAssociations(listing))
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let instances = cx.cloud.compute.instances(&cx.caller.account, &cx.region)?;
        let alive = instances.into_iter().filter(|i| i.state != State::Terminated);
        let all = alive.filter_map(|i| i.spec.profile.clone().map(|profile| (i.row.id, profile))).collect();
        let (iam_instance_profile_association_set, next_token) = self.0.answer(
            all,
            HashMap::new(),
            |(_, profile)| &profile.association,
            |(instance, profile), _| Ok(AssociationItem::new(&instance, &profile, "associated")),
        )?;
        Ok(Output { iam_instance_profile_association_set, next_token })
    }
}
