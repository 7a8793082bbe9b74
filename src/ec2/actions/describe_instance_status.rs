//! Whether instances run and are well: running ones only, unless all are asked for.

use super::describe_instances::find;
use crate::compute::state::State;
use crate::ec2::filter::{Filtered, Filters, Values};
use crate::ec2::instances::StateItem;
use crate::ec2::page::Page;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error, zone};
use crate::id::Kind;
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeInstanceStatus {
    ids: Vec<String>,
    all: bool,
    filters: Filters<Status>,
    page: Page,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    instance_status_set: Vec<Status>,
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    #[serde(skip)]
    state: State,
    instance_id: String,
    availability_zone: String,
    availability_zone_id: String,
    events_set: Vec<String>,
    instance_state: StateItem,
    system_status: Summary,
    instance_status: Summary,
}

#[derive(Serialize)]
struct Summary {
    status: &'static str,
    details: Vec<Detail>,
}

#[derive(Serialize)]
struct Detail {
    name: &'static str,
    status: &'static str,
}

impl Summary {
    fn of(state: State) -> Summary {
        let (status, details) = match state {
            State::Running => ("ok", vec![Detail { name: "reachability", status: "passed" }]),
            State::Pending | State::ShuttingDown | State::Terminated | State::Stopping | State::Stopped => {
                ("not-applicable", Vec::new())
            }
        };
        Summary { status, details }
    }

    fn reachability(&self) -> Vec<std::borrow::Cow<'_, str>> {
        self.details.iter().map(|d| d.status.into()).collect()
    }
}

impl Filtered for Status {
    const FILTERS: &'static [(&'static str, Values<Self>)] = &[
        // Bundled instances have no volumes. boto 2 does not know the element and takes its content for the state's.
        ("attached-ebs-status.status", |_| vec![]),
        ("availability-zone", |s| vec![s.availability_zone.as_str().into()]),
        ("availability-zone-id", |s| vec![s.availability_zone_id.as_str().into()]),
        ("event.code", |_| vec![]),
        ("event.description", |_| vec![]),
        ("event.instance-event-id", |_| vec![]),
        ("event.not-after", |_| vec![]),
        ("event.not-before", |_| vec![]),
        ("event.not-before-deadline", |_| vec![]),
        ("instance-state-code", |s| vec![s.state.code().to_string().into()]),
        ("instance-state-name", |s| vec![s.state.text().into()]),
        ("instance-status.reachability", |s| s.instance_status.reachability()),
        ("instance-status.status", |s| vec![s.instance_status.status.into()]),
        ("system-status.reachability", |s| s.system_status.reachability()),
        ("system-status.status", |s| vec![s.system_status.status.into()]),
    ];
}

impl Action for DescribeInstanceStatus {
    const NAME: &'static str = "DescribeInstanceStatus";
    const IGNORED: &'static [&'static str] = &["IncludeManagedResources"];
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let ids: Vec<String> = p.ids("InstanceId", Kind::Instance)?.into_iter().map(str::to_owned).collect();
        Ok(DescribeInstanceStatus {
            page: Page::read(p, (!ids.is_empty()).then_some("instancesSet"))?,
            ids,
            all: p.opt_bool("IncludeAllInstances")?.unwrap_or(false),
            filters: Filters::read(p)?,
        })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let statuses = find(cx, &self.ids)?
            .into_iter()
            .filter(|i| self.all || i.state == State::Running)
            .map(|i| Status {
                availability_zone_id: zone::id(&i.row.zone),
                availability_zone: i.row.zone,
                events_set: Vec::new(),
                instance_state: i.state.into(),
                system_status: Summary::of(i.state),
                instance_status: Summary::of(i.state),
                state: i.state,
                instance_id: i.row.id,
            })
            .filter(|s| self.filters.accept(s))
            .collect();
        let (instance_status_set, next_token) = self.page.cut(statuses, |s| s.instance_id.clone());
        Ok(Output { instance_status_set, next_token })
    }
}
