//! What an instance wrote to its serial console, the newest 64 KiB of it.

use crate::clock;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::wire::ec2_xml::Time;
use crate::wire::query::Params;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

pub struct GetConsoleOutput {
    id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    instance_id: String,
    timestamp: Time,
    /// Base64.
    output: String,
}

impl Action for GetConsoleOutput {
    const NAME: &'static str = "GetConsoleOutput";
    /// The answer always is the latest.
    const IGNORED: &'static [&'static str] = &["Latest"];
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(GetConsoleOutput { id: p.id("InstanceId", Kind::Instance)?.to_owned() })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let compute = cx.cloud.compute.clone();
        if compute.instance(&cx.caller.account, &cx.region, &self.id)?.is_none() {
            return Err(Error::no_such(Kind::Instance, self.id));
        }
        let id = self.id.clone();
        let console = tokio::task::spawn_blocking(move || compute.console(&id))
            .await
            .map_err(|e| Error::Internal(e.to_string()))?
            .map_err(|e| Error::Internal(format!("console of {}: {e}", self.id)))?;
        let at = if console.output.is_empty() { cx.now } else { clock::from_ms(console.at_ms) };
        Ok(Output { instance_id: self.id, timestamp: Time(at), output: STANDARD.encode(console.output) })
    }
}
