//! The caller's fleets. An instant one is shown to those who name it, and a deleted one for two days.

use crate::compute::fleet::Fleet;
use crate::compute::records;
use crate::db;
use crate::ec2::describe::Listing;
use crate::ec2::fleets::Item;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeFleets {
    listing: Listing<Item>,
    named: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    fleet_set: Vec<Item>,
    next_token: Option<String>,
}

impl Action for DescribeFleets {
    const NAME: &'static str = "DescribeFleets";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let named = !p.list("FleetId").is_empty();
        Ok(DescribeFleets { listing: Listing::read(p, Kind::Fleet, "FleetId", "fleetIds")?, named })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let (account, region) = (&cx.caller.account, &cx.region);
        let (all, tags) = cx.cloud.db.read(|c| {
            let mut all = Vec::new();
            for fleet in records::all::<Fleet>(c, account, region)? {
                let living = fleet.it.living(c)?;
                all.push((fleet, living));
            }
            Ok::<_, Error>((all, db::tags::by_resource(c, account, region, "fleet")?))
        })?;
        let item = |(fleet, living), tags| Item::new(fleet, &living, tags);
        let (mut fleet_set, next_token) = self.listing.answer(all, tags, |(fleet, _)| &fleet.id, item)?;
        fleet_set.retain(|item| self.named || !item.is_instant());
        Ok(Output { fleet_set, next_token })
    }
}
