//! The caller's requests for instances on spare capacity. What is done is shown for two days.

use crate::ec2::describe::Listing;
use crate::ec2::registry::Action;
use crate::ec2::spot::{self, Item};
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::wire::query::Params;
use serde::Serialize;
use std::collections::HashMap;

pub struct DescribeSpotInstanceRequests(Listing<Item>);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    spot_instance_request_set: Vec<Item>,
    next_token: Option<String>,
}

impl Action for DescribeSpotInstanceRequests {
    const NAME: &'static str = "DescribeSpotInstanceRequests";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let listing = Listing::read(p, Kind::SpotRequest, "SpotInstanceRequestId", "spotInstanceRequestIdSet")?;
        Ok(DescribeSpotInstanceRequests(listing))
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let all = spot::items(cx, spot::all(cx)?)?;
        let id = |item: &Item| item.spot_instance_request_id.clone();
        let all = all.into_iter().map(|item| (id(&item), item)).collect();
        let (spot_instance_request_set, next_token) =
            self.0.answer(all, HashMap::new(), |(id, _)| id, |(_, item), _| Ok(item))?;
        Ok(Output { spot_instance_request_set, next_token })
    }
}
