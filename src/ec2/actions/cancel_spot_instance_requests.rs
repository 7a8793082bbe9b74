//! Cancel requests for instances on spare capacity. Instances that they have launched run on.

use crate::compute::Compute;
use crate::compute::records;
use crate::compute::spot::SpotRequest;
use crate::db::Conn;
use crate::ec2::describe::pick;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::wire::query::{self, Params};
use serde::Serialize;

pub struct CancelSpotInstanceRequests {
    ids: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    spot_instance_request_set: Vec<Cancelled>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Cancelled {
    spot_instance_request_id: String,
    state: &'static str,
}

impl Action for CancelSpotInstanceRequests {
    const NAME: &'static str = "CancelSpotInstanceRequests";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let ids: Vec<String> =
            p.ids("SpotInstanceRequestId", Kind::SpotRequest)?.into_iter().map(str::to_owned).collect();
        if ids.is_empty() {
            return Err(query::Error::Missing("SpotInstanceRequestId".into()).into());
        }
        Ok(CancelSpotInstanceRequests { ids })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            let all = records::all::<SpotRequest>(c, account, region)?;
            let cancel = |mut request| {
                Compute::cancel_spot(c, &mut request)?;
                Ok(Cancelled { spot_instance_request_id: request.id, state: request.it.state.text() })
            };
            pick(Kind::SpotRequest, &self.ids, all, |r| &r.id)?.into_iter().map(cancel).collect()
        };
        Ok(Output { spot_instance_request_set: cx.change(job).await? })
    }
}
