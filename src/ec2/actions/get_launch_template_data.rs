//! The launch template data that would launch an instance like this one.

use crate::compute::records;
use crate::compute::spot::SpotRequest;
use crate::db;
use crate::db::volumes::AttachmentRow;
use crate::ec2::registry::Action;
use crate::ec2::template_of::{self, Beside};
use crate::ec2::templates::Data;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::volumes;
use crate::wire::query::Params;
use serde::Serialize;

pub struct GetLaunchTemplateData {
    id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    launch_template_data: Data,
}

impl Action for GetLaunchTemplateData {
    const NAME: &'static str = "GetLaunchTemplateData";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(GetLaunchTemplateData { id: p.id("InstanceId", Kind::Instance)?.to_owned() })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let instance = cx.cloud.compute.instance(&cx.caller.account, &cx.region, &self.id)?;
        let instance = instance.ok_or_else(|| Error::no_such(Kind::Instance, &self.id))?;
        let beside = cx.look(|c, account, region| {
            let need = |a: &AttachmentRow| Ok(volumes::need(c, account, region, &a.volume)?.row);
            let spot = instance.spec.options.spot.as_ref();
            let request = spot.map(|spot| records::get::<SpotRequest>(c, &spot.request)).transpose()?.flatten();
            Ok(Beside {
                volumes: instance.volumes.iter().map(need).collect::<Result<Vec<_>, Error>>()?,
                tags: db::tags::of(c, account, &self.id)?,
                spot: request.map(|request| request.it.wish),
            })
        });
        Ok(Output { launch_template_data: Data(template_of::data(&instance, beside.await?)) })
    }
}

#[cfg(test)]
mod tests {
    use crate::ec2::tests::Bench;

    #[tokio::test]
    async fn a_template_of_an_instance_has_all_that_it_was_launched_with() {
        let bench = Bench::new();
        bench.image("ami-12345678").await;
        bench.call("Action=CreatePlacementGroup&GroupName=parts&Strategy=partition&PartitionCount=3").await;
        let run = "Action=RunInstances&ImageId=ami-12345678&InstanceType=m5.large&MinCount=1&MaxCount=1\
                   &CpuOptions.CoreCount=1&CpuOptions.ThreadsPerCore=1&MetadataOptions.HttpTokens=required\
                   &Placement.GroupName=parts&Placement.PartitionNumber=2&MaintenanceOptions.AutoRecovery=disabled\
                   &CapacityReservationSpecification.CapacityReservationPreference=none\
                   &InstanceMarketOptions.MarketType=spot&InstanceMarketOptions.SpotOptions.MaxPrice=0.05";
        let run = bench.call(run).await;
        let id = run.get("instanceId").unwrap_or_else(|| panic!("{}", run.xml));
        let data = bench.call(&format!("Action=GetLaunchTemplateData&InstanceId={id}")).await;
        for (name, value) in [
            ("coreCount", "1"),
            ("threadsPerCore", "1"),
            ("httpTokens", "required"),
            ("groupName", "parts"),
            ("partitionNumber", "2"),
            ("autoRecovery", "disabled"),
            ("capacityReservationPreference", "none"),
            ("marketType", "spot"),
            ("maxPrice", "0.050000"),
            ("spotInstanceType", "one-time"),
            ("associatePublicIpAddress", "true"),
            ("interfaceType", "interface"),
            ("hostnameType", "ip-name"),
        ] {
            assert_eq!(data.get(name), Some(value), "{name}: {}", data.xml);
        }
        assert_eq!(data.get("creditSpecification"), None);
        let burstable =
            bench.call("Action=RunInstances&ImageId=ami-12345678&InstanceType=t3.micro&MinCount=1&MaxCount=1").await;
        let id = burstable.get("instanceId").unwrap();
        let data = bench.call(&format!("Action=GetLaunchTemplateData&InstanceId={id}")).await;
        assert_eq!((data.get("cpuCredits"), data.get("marketType")), (Some("unlimited"), None), "{}", data.xml);
    }
}
