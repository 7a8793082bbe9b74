//! Send a running instance a non-maskable interrupt, on which a kernel may tell of itself and reboot.

use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error};
use crate::id::Kind;
use crate::wire::query::Params;

pub struct SendDiagnosticInterrupt {
    id: String,
}

impl Action for SendDiagnosticInterrupt {
    const NAME: &'static str = "SendDiagnosticInterrupt";
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(SendDiagnosticInterrupt { id: p.id("InstanceId", Kind::Instance)?.to_owned() })
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        let compute = cx.cloud.compute.clone();
        let instance = compute.instance(&cx.caller.account, &cx.region, &self.id)?;
        let instance = instance.ok_or_else(|| Error::no_such(Kind::Instance, &self.id))?;
        let send = move || compute.interrupt(&instance);
        tokio::task::spawn_blocking(send).await.map_err(|e| Error::Internal(e.to_string()))??;
        Ok(Done::YES)
    }
}
