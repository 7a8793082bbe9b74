//! Where instances are beside each other in AWS's networks. That is told of types for machines in one computation, of which there is
//! none here, so the answer is always empty.

use super::describe_instances::find;
use crate::compute::placement::{self, Name};
use crate::ec2::filter::{Filtered, Filters, Values};
use crate::ec2::page::Page;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeInstanceTopology {
    ids: Vec<String>,
    groups: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    instance_set: [(); 0],
}

/// What there is none of.
struct Topology;

impl Filtered for Topology {
    const FILTERS: &'static [(&'static str, Values<Self>)] =
        &[("availability-zone", |_| vec![]), ("instance-type", |_| vec![]), ("zone-id", |_| vec![])];
}

impl Action for DescribeInstanceTopology {
    const NAME: &'static str = "DescribeInstanceTopology";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Filters::<Topology>::read(p)?;
        let ids: Vec<String> = p.ids("InstanceId", Kind::Instance)?.into_iter().map(str::to_owned).collect();
        Page::within(p, (!ids.is_empty()).then_some("instanceIds"), 1..=100)?;
        Ok(DescribeInstanceTopology { ids, groups: p.list("GroupName").into_iter().map(str::to_owned).collect() })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        find(cx, &self.ids)?;
        let groups = self.groups;
        cx.look(|c, account, region| {
            let need = |name: String| placement::need(c, account, region, &Name::Name(name)).map(drop);
            Ok(groups.into_iter().try_for_each(need)?)
        })
        .await?;
        Ok(Output { instance_set: [] })
    }
}
