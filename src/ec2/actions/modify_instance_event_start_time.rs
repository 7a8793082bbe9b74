//! Move an event that is scheduled for an instance. None ever is here, so there is nothing to move.

use super::describe_instances::find;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error, spot};
use crate::id::Kind;
use crate::wire::query::{self, Params};

pub struct ModifyInstanceEventStartTime {
    instance: String,
    event: String,
}

impl Action for ModifyInstanceEventStartTime {
    const NAME: &'static str = "ModifyInstanceEventStartTime";
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        spot::time(p, "NotBefore")?.ok_or_else(|| query::Error::Missing("NotBefore".into()))?;
        Ok(ModifyInstanceEventStartTime {
            instance: p.id("InstanceId", Kind::Instance)?.to_owned(),
            event: p.req("InstanceEventId")?.to_owned(),
        })
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        find(cx, &[self.instance])?;
        let sentence = format!("The instance event ID '{}' does not exist", self.event);
        Err(Error::Absent { code: "InvalidInstanceEventID.NotFound", sentence })
    }
}
