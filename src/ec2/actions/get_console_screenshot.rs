//! A picture of a running instance's screen, in JPEG. That of a simulated one is black.

use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::wire::query::Params;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

pub struct GetConsoleScreenshot {
    id: String,
    wake: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    instance_id: String,
    /// Base64.
    image_data: String,
}

impl Action for GetConsoleScreenshot {
    const NAME: &'static str = "GetConsoleScreenshot";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let wake = p.opt_bool("WakeUp")?.unwrap_or(false);
        Ok(GetConsoleScreenshot { id: p.id("InstanceId", Kind::Instance)?.to_owned(), wake })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let compute = cx.cloud.compute.clone();
        let instance = compute.instance(&cx.caller.account, &cx.region, &self.id)?;
        let instance = instance.ok_or_else(|| Error::no_such(Kind::Instance, &self.id))?;
        let take = move || compute.screenshot(&instance, self.wake);
        let picture = tokio::task::spawn_blocking(take).await.map_err(|e| Error::Internal(e.to_string()))??;
        Ok(Output { instance_id: self.id, image_data: STANDARD.encode(picture) })
    }
}

#[cfg(test)]
mod tests {
    use crate::ec2::tests::Bench;
    use base64::Engine;

    #[tokio::test]
    async fn only_what_runs_has_a_picture() {
        let bench = Bench::new();
        bench.image("ami-12345678").await;
        let run = "Action=RunInstances&ImageId=ami-12345678&MinCount=1&MaxCount=1";
        let id = bench.call(run).await.get("instanceId").unwrap().to_owned();
        let take = format!("Action=GetConsoleScreenshot&WakeUp=true&InstanceId={id}");
        let interrupt = format!("Action=SendDiagnosticInterrupt&InstanceId={id}");
        for form in [&take, &interrupt] {
            assert_eq!(bench.call(form).await.code(), "IncorrectInstanceState");
            assert_eq!(bench.call_other(form).await.code(), "InvalidInstanceID.NotFound");
        }
        bench.run_machines();
        bench.until(&format!("Action=DescribeInstances&InstanceId.1={id}"), "<name>running</name>").await;
        let taken = bench.call(&take).await;
        let picture = base64::engine::general_purpose::STANDARD.decode(taken.get("imageData").unwrap()).unwrap();
        assert!(picture.starts_with(&[0xff, 0xd8]) && picture.ends_with(&[0xff, 0xd9]), "JPEG's first and last bytes");
        assert_eq!(bench.call(&interrupt).await.get("return"), Some("true"));
    }
}
