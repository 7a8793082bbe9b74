//! Attach a network interface to an instance. A guest that runs has the card at once.

use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::wire::query::Params;
use serde::Serialize;

pub struct AttachNetworkInterface {
    interface: String,
    instance: String,
    index: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    attachment_id: String,
    network_card_index: u32,
}

impl Action for AttachNetworkInterface {
    const NAME: &'static str = "AttachNetworkInterface";
    /// AWS's network cards.
    const IGNORED: &'static [&'static str] = &["EnaQueueCount", "EnaSrdSpecification"];
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        p.opt_int("NetworkCardIndex", 0..=0)?;
        Ok(AttachNetworkInterface {
            interface: p.id("NetworkInterfaceId", Kind::NetworkInterface)?.to_owned(),
            instance: p.id("InstanceId", Kind::Instance)?.to_owned(),
            index: p.int("DeviceIndex", 0..=63)? as u32,
        })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let (account, region) = (&cx.caller.account, &cx.region);
        let attach = cx.cloud.compute.attach_interface(account, region, self.interface, self.instance, self.index);
        Ok(Output { attachment_id: attach.await?.attachment_id(), network_card_index: 0 })
    }
}

#[cfg(test)]
mod tests {
    use crate::ec2::tests::Bench;

    const RUN: &str = "Action=RunInstances&ImageId=ami-12345678&InstanceType=t3.micro&MinCount=1&MaxCount=1";

    #[tokio::test]
    async fn a_launch_may_bring_its_interface() {
        let bench = Bench::new();
        bench.image("ami-12345678").await;
        let subnets = bench.call("Action=DescribeSubnets").await;
        let made =
            bench.call(&format!("Action=CreateNetworkInterface&SubnetId={}", subnets.get("subnetId").unwrap())).await;
        let eni = made.get("networkInterfaceId").unwrap();
        let card = format!("NetworkInterface.1.DeviceIndex=0&NetworkInterface.1.NetworkInterfaceId={eni}");
        let run = bench.call(&format!("{RUN}&{card}")).await;
        assert_eq!(run.get("networkInterfaceId"), Some(eni), "{}", run.xml);
        assert_eq!(run.get("deleteOnTermination"), Some("false"));
        assert_eq!(bench.call(&format!("{RUN}&{card}")).await.code(), "InvalidNetworkInterface.InUse");
        let deleted = bench.call(&format!("Action=DeleteNetworkInterface&NetworkInterfaceId={eni}")).await;
        assert_eq!(deleted.code(), "InvalidParameterValue");
        let first = eni.replace("eni-", "eni-attach-");
        let detached = bench.call(&format!("Action=DetachNetworkInterface&AttachmentId={first}")).await;
        assert_eq!(detached.code(), "OperationNotPermitted");
        let modify = format!("Action=ModifyNetworkInterfaceAttribute&NetworkInterfaceId={eni}");
        let keep = format!("Attachment.AttachmentId={first}&Attachment.DeleteOnTermination=true");
        assert_eq!(bench.call(&format!("{modify}&{keep}")).await.get("return"), Some("true"));
        let seen = bench.call("Action=DescribeInstances").await;
        assert_eq!(seen.get("deleteOnTermination"), Some("true"));
    }

    #[tokio::test]
    async fn a_pending_instance_gets_no_interface() {
        let bench = Bench::new();
        bench.image("ami-12345678").await;
        let run = bench.call(RUN).await;
        let (instance, subnet) = (run.get("instanceId").unwrap(), run.get("subnetId").unwrap());
        let made = bench.call(&format!("Action=CreateNetworkInterface&SubnetId={subnet}")).await;
        let eni = made.get("networkInterfaceId").unwrap();
        let attach = |eni: &str, instance: &str, index: u32| {
            format!("Action=AttachNetworkInterface&NetworkInterfaceId={eni}&InstanceId={instance}&DeviceIndex={index}")
        };
        assert_eq!(bench.call(&attach(eni, instance, 1)).await.code(), "IncorrectInstanceState");
        assert_eq!(bench.call(&attach("eni-12345678", instance, 1)).await.code(), "InvalidNetworkInterfaceID.NotFound");
        assert_eq!(bench.call(&attach(eni, "i-12345678", 1)).await.code(), "InvalidInstanceID.NotFound");
        let nothing = bench.call("Action=DetachNetworkInterface&AttachmentId=eni-attach-12345678").await;
        assert_eq!(nothing.code(), "InvalidAttachmentID.NotFound");
    }
}
