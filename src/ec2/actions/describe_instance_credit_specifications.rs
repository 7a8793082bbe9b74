//! Processor credits of t2 and t3 instances: they never run out here, which is AWS's `unlimited`, whatever an instance asked for.

use super::describe_instances::find;
use crate::compute::types;
use crate::ec2::filter::{Filtered, Filters, Values};
use crate::ec2::page::Page;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeInstanceCreditSpecifications {
    ids: Vec<String>,
    filters: Filters<Credit>,
    page: Page,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    instance_credit_specification_set: Vec<Credit>,
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Credit {
    instance_id: String,
    cpu_credits: String,
}

impl Filtered for Credit {
    const FILTERS: &'static [(&'static str, Values<Self>)] =
        &[("instance-id", |c| vec![c.instance_id.as_str().into()])];
}

impl Action for DescribeInstanceCreditSpecifications {
    const NAME: &'static str = "DescribeInstanceCreditSpecifications";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let ids: Vec<String> = p.ids("InstanceId", Kind::Instance)?.into_iter().map(str::to_owned).collect();
        let page = Page::read(p, (!ids.is_empty()).then_some("instancesSet"))?;
        Ok(DescribeInstanceCreditSpecifications { ids, filters: Filters::read(p)?, page })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let items = find(cx, &self.ids)?
            .into_iter()
            .filter(|i| types::find(&i.row.instance_type).is_some_and(|t| t.family.burstable))
            .map(|i| Credit {
                instance_id: i.row.id,
                cpu_credits: i.spec.options.credits.clone().unwrap_or_else(|| "unlimited".into()),
            })
            .filter(|c| self.filters.accept(c))
            .collect();
        let (instance_credit_specification_set, next_token) = self.page.cut(items, |c| c.instance_id.clone());
        Ok(Output { instance_credit_specification_set, next_token })
    }
}
