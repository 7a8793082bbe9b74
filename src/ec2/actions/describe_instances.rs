//! The caller's instances, in the reservations that launched them. Terminated ones stay for an hour.

use crate::compute::Instance;
use crate::db;
use crate::ec2::filter::Filters;
use crate::ec2::instances::{InstanceItem, Reservation};
use crate::ec2::page::Page;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error, describe};
use crate::id::Kind;
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeInstances {
    ids: Vec<String>,
    filters: Filters<InstanceItem>,
    page: Page,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    reservation_set: Vec<Reservation>,
    next_token: Option<String>,
}

/// The caller's instances of these ids, or all of them; an id that is not there is an error.
pub(super) fn find(cx: &Cx, ids: &[String]) -> Result<Vec<Instance>, Error> {
    let all = cx.cloud.compute.instances(&cx.caller.account, &cx.region)?;
    describe::pick(Kind::Instance, ids, all, |i| &i.row.id)
}

/// The items of instances, with their tags.
pub(super) fn items(cx: &Cx, instances: Vec<Instance>) -> Result<Vec<InstanceItem>, Error> {
    let mut tags = cx.cloud.db.read(|c| db::tags::by_resource(c, &cx.caller.account, &cx.region, "instance"))?;
    let item = |instance: Instance| {
        let tags = tags.remove(&instance.row.id).unwrap_or_default();
        InstanceItem::new(instance, tags)
    };
    Ok(instances.into_iter().map(item).collect())
}

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
        let mut items = items(cx, find(cx, &self.ids)?)?;
        items.retain(|item| self.filters.accept(item));
        let (items, next_token) = self.page.cut(items, InstanceItem::key);
        Ok(Output { reservation_set: Reservation::group(items), next_token })
    }
}
