//! The running instances of a fleet that is not an instant one.

use crate::compute::fleet::{Fleet, Kind as FleetKind};
use crate::compute::records;
use crate::ec2::filter::{Filtered, Filters, Values, maybe};
use crate::ec2::page::Page;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeFleetInstances {
    fleet: String,
    filters: Filters<Item>,
    page: Page,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    active_instance_set: Vec<Item>,
    fleet_id: String,
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    instance_id: String,
    instance_type: String,
    spot_instance_request_id: Option<String>,
    instance_health: &'static str,
}

impl Filtered for Item {
    const FILTERS: &'static [(&'static str, Values<Self>)] = &[
        ("instance-id", |i| vec![i.instance_id.as_str().into()]),
        ("instance-type", |i| vec![i.instance_type.as_str().into()]),
        ("spot-instance-request-id", |i| maybe(&i.spot_instance_request_id)),
    ];
}

impl Action for DescribeFleetInstances {
    const NAME: &'static str = "DescribeFleetInstances";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let fleet = p.id("FleetId", Kind::Fleet)?.to_owned();
        Ok(DescribeFleetInstances { fleet, filters: Filters::read(p)?, page: Page::within(p, None, 1..=1000)? })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let (account, region) = (&cx.caller.account, &cx.region);
        let found = cx.cloud.db.read(|c| {
            let all = records::all::<Fleet>(c, account, region)?;
            let Some(fleet) = all.into_iter().find(|f| f.id == self.fleet) else { return Ok(None) };
            let living = fleet.it.living(c)?;
            Ok::<_, Error>(Some((fleet, living)))
        })?;
        let (fleet, living) = found.ok_or_else(|| Error::no_such(Kind::Fleet, &self.fleet))?;
        if fleet.it.kind == FleetKind::Instant {
            return Err(Error::Unsupported("DescribeFleetInstances of an instant fleet: see DescribeFleets".into()));
        }
        let mut items = Vec::new();
        for member in living.members {
            let Some(instance) = cx.cloud.compute.instance(account, region, &member.instance)? else { continue };
            items.push(Item {
                instance_id: member.instance,
                instance_type: instance.row.instance_type,
                spot_instance_request_id: instance.spec.options.spot.as_ref().map(|spot| spot.request.clone()),
                instance_health: "healthy",
            });
        }
        items.retain(|item| self.filters.accept(item));
        let (active_instance_set, next_token) = self.page.cut(items, |item| item.instance_id.clone());
        Ok(Output { active_instance_set, fleet_id: self.fleet, next_token })
    }
}
