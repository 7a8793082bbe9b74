//! A picture of an instance's screen: machines have none, only a serial console, so it is always `UnsupportedOperation`.

use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error};
use crate::id::Kind;
use crate::wire::query::Params;

pub struct GetConsoleScreenshot {
    id: String,
}

impl Action for GetConsoleScreenshot {
    const NAME: &'static str = "GetConsoleScreenshot";
    const IGNORED: &'static [&'static str] = &["WakeUp"];
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(GetConsoleScreenshot { id: p.id("InstanceId", Kind::Instance)?.to_owned() })
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        match cx.cloud.compute.instance(&cx.caller.account, &cx.region, &self.id)? {
            None => Err(Error::no_such(Kind::Instance, self.id)),
            Some(_) => Err(Error::Unsupported(
                "machines have no screen; GetConsoleOutput gives what they write to their serial console".into(),
            )),
        }
    }
}
