//! Tell AWS that an instance is not well. Nobody reads it here; the instances must be there.

use super::describe_instances::find;
use crate::ec2::registry::Action;
use crate::ec2::spot::time;
use crate::ec2::{Cx, Done, Error};
use crate::id::Kind;
use crate::wire::query::{self, Params};

pub struct ReportInstanceStatus {
    ids: Vec<String>,
}

impl Action for ReportInstanceStatus {
    const NAME: &'static str = "ReportInstanceStatus";
    const IGNORED: &'static [&'static str] = &["Description"];
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let ids: Vec<String> = p.ids("InstanceId", Kind::Instance)?.into_iter().map(str::to_owned).collect();
        if ids.is_empty() {
            return Err(query::Error::Missing("InstanceId".into()).into());
        }
        let status = p.req("Status")?;
        if !["ok", "impaired"].contains(&status) {
            return Err(p.invalid("Status", status, "Expecting ok or impaired.").into());
        }
        if p.list("ReasonCode").is_empty() {
            return Err(query::Error::Missing("ReasonCode".into()).into());
        }
        time(p, "StartTime")?;
        time(p, "EndTime")?;
        Ok(ReportInstanceStatus { ids })
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        find(cx, &self.ids)?;
        Ok(Done::YES)
    }
}
