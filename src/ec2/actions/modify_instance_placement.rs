//! Put a stopped instance into a placement group or onto a dedicated host, take it away from there, or change its tenancy. Its machine
//! stays where it is.

use crate::compute::placement::{Name, Wish};
use crate::compute::{Edit, PlacementEdit, dedicated};
use crate::ec2::launch::one_of;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error};
use crate::id::Kind;
use crate::wire::query::{self, Params};

pub struct ModifyInstancePlacement {
    id: String,
    edit: PlacementEdit,
}

impl Action for ModifyInstancePlacement {
    const NAME: &'static str = "ModifyInstancePlacement";
    const REFUSED: &'static [&'static str] = &["HostResourceGroupArn"];
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let partition = p.opt_int("PartitionNumber", 1..=7)?.map(|n| n as u32);
        let by_id = p.opt_id("GroupId", Kind::PlacementGroup)?.map(|id| Name::Id(id.to_owned()));
        // An empty name takes the instance out of its group.
        let named = p.opt("GroupName").map(|name| (!name.is_empty()).then(|| Name::Name(name.to_owned())));
        let group = by_id.map(Some).or(named).map(|name| name.map(|group| Wish { group, partition }));
        let host = p.opt_id("HostId", Kind::DedicatedHost)?.map(str::to_owned);
        let affinity = one_of(p, "Affinity", "host", "default")?;
        let tenancy = match p.opt("Tenancy").filter(|text| !text.is_empty()) {
            Some(text @ ("default" | "dedicated" | dedicated::TENANCY)) => Some(text.to_owned()),
            Some(other) => return Err(p.invalid("Tenancy", other, "Expecting default, dedicated or host.").into()),
            None => None,
        };
        if host.is_some() && tenancy.as_ref().is_some_and(|tenancy| tenancy != dedicated::TENANCY) {
            return Err(Error::ParameterCombination("A HostId may be used with the tenancy host only".into()));
        }
        if group.is_none() && tenancy.is_none() && affinity.is_none() && host.is_none() {
            return Err(query::Error::Missing("groupName".into()).into());
        }
        let id = p.id("InstanceId", Kind::Instance)?.to_owned();
        Ok(ModifyInstancePlacement { id, edit: PlacementEdit { group, tenancy, host, affinity } })
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        let edit = Edit::Placement(self.edit);
        cx.cloud.compute.edit(&cx.caller.account, &cx.region, vec![self.id], edit).await?;
        Ok(Done::YES)
    }
}
