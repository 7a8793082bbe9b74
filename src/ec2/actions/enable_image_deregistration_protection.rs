//! Keep an image from being deregistered, with a cool-down for a day longer than that.

use super::describe_images::image_id;
use crate::ec2::images::protection;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::images::Cooldown;
use crate::wire::query::Params;
use serde::Serialize;

pub struct EnableImageDeregistrationProtection {
    id: String,
    cooldown: bool,
}

/// The protection as it is now, in AWS's word.
#[derive(Serialize)]
pub struct Output {
    #[serde(rename = "return")]
    pub(super) protection: &'static str,
}

impl Action for EnableImageDeregistrationProtection {
    const NAME: &'static str = "EnableImageDeregistrationProtection";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let cooldown = p.opt_bool("WithCooldown")?.unwrap_or(false);
        Ok(EnableImageDeregistrationProtection { id: image_id(p.req("ImageId")?)?, cooldown })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let wanted = Some(Cooldown(self.cooldown));
        let now = cx.cloud.images.protect(&cx.caller.account, &self.id, wanted).await?;
        Ok(Output { protection: protection(now) })
    }
}

#[cfg(test)]
mod tests {
    use crate::ec2::tests::Bench;

    #[tokio::test]
    async fn a_protected_image_stays() {
        let bench = Bench::new();
        let (gone, stays) = ("ami-12345678", "ami-12345679");
        for id in [gone, stays] {
            bench.image(id).await;
        }
        let call = |action: &str, id: &str| format!("Action={action}&ImageId={id}");
        let enable = call("EnableImageDeregistrationProtection", gone);
        assert_eq!(bench.call(&enable).await.get("return"), Some("enabled-without-cooldown"));
        assert_eq!(bench.call(&call("DeregisterImage", gone)).await.code(), "OperationNotPermitted");
        let seen = bench.call("Action=DescribeImages&ImageId.1=ami-12345678").await;
        assert_eq!(seen.get("deregistrationProtection"), Some("enabled-without-cooldown"));
        let off = bench.call(&call("DisableImageDeregistrationProtection", gone)).await;
        assert_eq!(off.get("return"), Some("disabled"));
        assert_eq!(bench.call(&call("DeregisterImage", gone)).await.get("return"), Some("true"));

        let enable = format!("{}&WithCooldown=true", call("EnableImageDeregistrationProtection", stays));
        assert_eq!(bench.call(&enable).await.get("return"), Some("enabled-with-cooldown"));
        bench.call(&call("DisableImageDeregistrationProtection", stays)).await;
        assert_eq!(bench.call(&call("DeregisterImage", stays)).await.code(), "OperationNotPermitted");
        assert_eq!(bench.call_other(&enable).await.status, 403);
    }
}
