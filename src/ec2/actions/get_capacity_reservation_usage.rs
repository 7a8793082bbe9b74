//! How much of a capacity reservation is used. Its owner is the only one who can use it.

use crate::compute::capacity;
use crate::ec2::page::Page;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::wire::query::Params;
use serde::Serialize;

pub struct GetCapacityReservationUsage {
    id: String,
    page: Page,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    capacity_reservation_id: String,
    instance_type: String,
    total_instance_count: u32,
    available_instance_count: u32,
    state: &'static str,
    instance_usage_set: Vec<Usage>,
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Usage {
    account_id: String,
    used_instance_count: u32,
}

impl Action for GetCapacityReservationUsage {
    const NAME: &'static str = "GetCapacityReservationUsage";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let id = p.id("CapacityReservationId", Kind::CapacityReservation)?.to_owned();
        Ok(GetCapacityReservationUsage { id, page: Page::within(p, None, 1..=1000)? })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let (found, used) = cx
            .look(|c, account, region| {
                let found = capacity::need(c, account, region, &self.id)?;
                Ok((found, capacity::used(c, account, region)?.get(&self.id).copied().unwrap_or(0)))
            })
            .await?;
        let usage = (used > 0).then_some(Usage { account_id: found.account, used_instance_count: used });
        let (instance_usage_set, next_token) = self.page.cut(usage.into_iter().collect(), |u| u.account_id.clone());
        Ok(Output {
            capacity_reservation_id: found.id,
            instance_type: found.it.instance_type,
            total_instance_count: found.it.count,
            available_instance_count: found.it.count.saturating_sub(used),
            state: found.it.state.text(),
            instance_usage_set,
            next_token,
        })
    }
}
