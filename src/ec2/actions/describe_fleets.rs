//! The caller's fleets. An instant one is shown to those who name it, and a deleted one for two days.

use crate::compute::fleet::{self, Fleet};
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
        Ok(DescribeFleets { listing: Listing::sized(p, Kind::Fleet, "FleetId", 1..=1000)?, named })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let (account, region) = (&cx.caller.account, &cx.region);
        let (all, tags) = cx.cloud.db.read(|c| {
            let mut all = Vec::new();
            for fleet in records::all::<Fleet>(c, account, region)? {
                if fleet.it.kind == fleet::Kind::Instant && !self.named {
                    continue;
                }
                let living = fleet.it.living(c)?;
                all.push((fleet, living));
            }
            Ok::<_, Error>((all, db::tags::by_resource(c, account, region, "fleet")?))
        })?;
        let item = |(fleet, living), tags| Item::new(fleet, &living, tags);
        let (fleet_set, next_token) = self.listing.answer(all, tags, |(fleet, _)| &fleet.id, item)?;
        Ok(Output { fleet_set, next_token })
    }
}

#[cfg(test)]
mod tests {
    use crate::ec2::tests::Bench;

    #[tokio::test]
    async fn pages_are_full_whatever_is_not_shown() {
        let bench = Bench::new();
        bench.image("ami-12345678").await;
        let data = "LaunchTemplateData.ImageId=ami-12345678&LaunchTemplateData.InstanceType=t3.micro";
        bench.call(&format!("Action=CreateLaunchTemplate&LaunchTemplateName=web&{data}")).await;
        for kind in ["instant", "request", "instant", "request", "instant", "request", "instant"] {
            let template = "LaunchTemplateConfigs.1.LaunchTemplateSpecification.LaunchTemplateName=web";
            let target = "TargetCapacitySpecification.TotalTargetCapacity=1";
            let made = bench.call(&format!("Action=CreateFleet&Type={kind}&{template}&{target}")).await;
            assert_eq!(made.status, 200, "{}", made.xml);
        }
        let describe = "Action=DescribeFleets&MaxResults=2";
        let first = bench.call(describe).await;
        let token = first.get("nextToken").unwrap();
        let second = bench.call(&format!("{describe}&NextToken={token}")).await;
        assert_eq!((first.all("fleetId").len(), second.all("fleetId").len()), (2, 1), "{}", second.xml);
        assert_eq!(second.get("nextToken"), None);
        assert!([first, second].iter().all(|page| page.all("type").iter().all(|kind| *kind == "request")));
    }
}
