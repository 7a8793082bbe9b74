//! Start stopped instances. One that runs already is left as it is.

use crate::compute::Change;
use crate::ec2::instances::StateItem;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::wire::query::{self, Params};
use serde::Serialize;

pub struct StartInstances {
    ids: Vec<String>,
}

/// What starting, stopping and terminating answer: each instance's state before and after.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Changed {
    instances_set: Vec<StateChange>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StateChange {
    instance_id: String,
    current_state: StateItem,
    previous_state: StateItem,
}

/// The instances that an action names; at least one.
pub(super) fn instance_ids(p: &Params<'_>) -> Result<Vec<String>, Error> {
    let ids: Vec<String> = p.ids("InstanceId", Kind::Instance)?.into_iter().map(str::to_owned).collect();
    if ids.is_empty() { Err(query::Error::Missing("InstanceId".into()).into()) } else { Ok(ids) }
}

/// Ask for a change of all these instances, or of none.
pub(super) async fn change(cx: &Cx, ids: Vec<String>, change: Change) -> Result<Changed, Error> {
    let changed = cx.cloud.compute.change(&cx.caller.account, &cx.region, ids, change).await?;
    let instances_set = changed
        .into_iter()
        .map(|(instance, before, after)| StateChange {
            instance_id: instance.row.id,
            current_state: after.into(),
            previous_state: before.into(),
        })
        .collect();
    Ok(Changed { instances_set })
}

impl Action for StartInstances {
    const NAME: &'static str = "StartInstances";
    const IGNORED: &'static [&'static str] = &["AdditionalInfo"];
    type Output = Changed;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(StartInstances { ids: instance_ids(p)? })
    }

    async fn run(self, cx: &Cx) -> Result<Changed, Error> {
        change(cx, self.ids, Change::Start).await
    }
}
