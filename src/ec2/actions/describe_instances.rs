//! The caller's instances, in the reservations that launched them. Terminated ones stay for an hour.

use crate::compute::Instance;
use crate::db;
use crate::ec2::describe::Wanted;
use crate::ec2::filter::Filters;
use crate::ec2::instances::{Reservations, Shown};
use crate::ec2::page::Page;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error, describe};
use crate::id::Kind;
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeInstances {
    ids: Vec<String>,
    filters: Filters<Shown>,
    page: Page,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    reservation_set: Reservations,
    next_token: Option<String>,
}

/// The caller's instances of these ids, or all of them; an id that is not there is an error.
pub(super) fn find(cx: &Cx, ids: &[String]) -> Result<Vec<Instance>, Error> {
    let all = match ids {
        [] => cx.cloud.compute.instances(&cx.caller.account, &cx.region)?,
        ids => cx.cloud.compute.instances_named(&cx.caller.account, &cx.region, ids)?,
    };
    describe::pick(Kind::Instance, ids, all, |i| &i.row.id)
}

/// Instances with their tags.
pub(super) fn shown(cx: &Cx, instances: Vec<Instance>) -> Result<Vec<Shown>, Error> {
    let account = &cx.caller.account;
    cx.cloud.db.read(|c| {
        // A few are looked up; else the tags of all are read at once.
        if instances.len() <= FEW {
            let one = |i: Instance| Ok(db::tags::of(c, account, &i.row.id).map(|tags| Shown::new(i, tags))?);
            return instances.into_iter().map(one).collect();
        }
        let mut tags = db::tags::by_resource(c, account, &cx.region, "instance")?;
        let one = |i: Instance| {
            let tags = tags.remove(&i.row.id).unwrap_or_default();
            Shown::new(i, tags)
        };
        Ok(instances.into_iter().map(one).collect())
    })
}

const FEW: usize = 16;

impl Action for DescribeInstances {
    const NAME: &'static str = "DescribeInstances";
    /// No service manages instances on somebody's behalf here.
    const IGNORED: &'static [&'static str] = &["IncludeManagedResources"];
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let ids: Vec<String> = p.ids("InstanceId", Kind::Instance)?.into_iter().map(str::to_owned).collect();
        let page = Page::read(p, (!ids.is_empty()).then_some("instancesSet"))?;
        Ok(DescribeInstances { ids, filters: Filters::read(p)?, page })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let (compute, account, region) = (&cx.cloud.compute, &cx.caller.account, &cx.region);
        let wanted = cx.cloud.db.read(|c| Wanted::of(c, account, region, Kind::Instance, &self.ids, &self.filters))?;
        let found = match wanted {
            Wanted::Ids(ids) => compute.instances_named(account, region, &ids)?,
            Wanted::All => compute.instances(account, region)?,
        };
        let mut all = shown(cx, describe::pick(Kind::Instance, &self.ids, found, |i| &i.row.id)?)?;
        all.retain(|one| self.filters.accept(one));
        let (page, next_token) = self.page.cut_sorted(all, Shown::key);
        Ok(Output { reservation_set: Reservations::group(page), next_token })
    }
}
