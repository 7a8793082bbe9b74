//! Put a stopped instance into a placement group, take it out of one, or change its tenancy. With one host, it stays where it is.

use crate::compute::placement::{Name, Wish};
use crate::compute::{Edit, PlacementEdit};
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
    /// There are no dedicated hosts.
    const REFUSED: &'static [&'static str] = &["HostId", "HostResourceGroupArn"];
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let partition = p.opt_int("PartitionNumber", 1..=7)?.map(|n| n as u32);
        let by_id = p.opt_id("GroupId", Kind::PlacementGroup)?.map(|id| Name::Id(id.to_owned()));
        // An empty name takes the instance out of its group.
        let named = p.opt("GroupName").map(|name| (!name.is_empty()).then(|| Name::Name(name.to_owned())));
        let group = by_id.map(Some).or(named).map(|name| name.map(|group| Wish { group, partition }));
        let affinity = p.opt("Affinity").filter(|text| !text.is_empty());
        let tenancy = match p.opt("Tenancy").filter(|text| !text.is_empty()) {
            Some(text @ ("default" | "dedicated")) => Some(text.to_owned()),
            Some("host") => return Err(Error::Unsupported("the tenancy host".into())),
            Some(other) => return Err(p.invalid("Tenancy", other, "Expecting default or dedicated.").into()),
            None => None,
        };
        match affinity {
            None | Some("default") => {}
            Some("host") => return Err(Error::Unsupported("the affinity host".into())),
            Some(other) => return Err(p.invalid("Affinity", other, "Expecting default or host.").into()),
        }
        if group.is_none() && tenancy.is_none() && affinity.is_none() {
            return Err(query::Error::Missing("groupName".into()).into());
        }
        let id = p.id("InstanceId", Kind::Instance)?.to_owned();
        Ok(ModifyInstancePlacement { id, edit: PlacementEdit { group, tenancy } })
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        let edit = Edit::Placement(self.edit);
        cx.cloud.compute.edit(&cx.caller.account, &cx.region, vec![self.id], edit).await?;
        Ok(Done::YES)
    }
}
