//! Delete flow logs: all that are named, or none.

use crate::db::Conn;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::network::flow_logs::FlowLog;
use crate::network::records;
use crate::wire::query::{self, Params};
use serde::Serialize;

pub struct DeleteFlowLogs(Vec<String>);

#[derive(Serialize)]
pub struct Output {
    unsuccessful: [(); 0],
}

impl Action for DeleteFlowLogs {
    const NAME: &'static str = "DeleteFlowLogs";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let ids: Vec<String> = p.ids("FlowLogId", Kind::FlowLog)?.into_iter().map(str::to_owned).collect();
        match ids.is_empty() {
            true => Err(query::Error::Missing("FlowLogId".into()).into()),
            false => Ok(DeleteFlowLogs(ids)),
        }
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            for id in self.0 {
                let log = records::need::<FlowLog>(c, account, region, &id)?;
                records::delete(c, &log.id)?;
            }
            Ok(Output { unsuccessful: [] })
        };
        cx.change(job).await
    }
}
