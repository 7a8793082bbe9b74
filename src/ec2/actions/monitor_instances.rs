//! Turn detailed monitoring of instances on: a flag, as there is no CloudWatch here.

use super::start_instances::instance_ids;
use crate::compute::Edit;
use crate::ec2::instances::Monitoring;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::wire::query::Params;
use serde::Serialize;

pub struct MonitorInstances {
    ids: Vec<String>,
}

/// What turning monitoring on and off answers.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Monitored {
    instances_set: Vec<Item>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    instance_id: String,
    monitoring: Monitoring,
}

/// Turn monitoring of all these instances on or off, or of none.
pub(super) async fn monitor(cx: &Cx, ids: Vec<String>, on: bool) -> Result<Monitored, Error> {
    let edited = cx.cloud.compute.edit(&cx.caller.account, &cx.region, ids, Edit::Monitoring(on)).await?;
    let state = if on { "pending" } else { "disabling" };
    let item = |id| Item { instance_id: id, monitoring: Monitoring { state } };
    Ok(Monitored { instances_set: edited.into_iter().map(|i| item(i.row.id)).collect() })
}

impl Action for MonitorInstances {
    const NAME: &'static str = "MonitorInstances";
    type Output = Monitored;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(MonitorInstances { ids: instance_ids(p)? })
    }

    async fn run(self, cx: &Cx) -> Result<Monitored, Error> {
        monitor(cx, self.ids, true).await
    }
}
