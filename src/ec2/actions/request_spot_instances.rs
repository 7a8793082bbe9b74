//! Ask for instances on spare capacity. They cost nothing and are never interrupted; a request is open until there is room.

use super::run_instances::RunInstances;
use crate::compute::Compute;
use crate::compute::records::{self, Kept};
use crate::compute::spot::{SpotRequest, SpotWish};
use crate::db::Conn;
use crate::ec2::idempotency::Token;
use crate::ec2::launch::Launch;
use crate::ec2::registry::{Action, read_form};
use crate::ec2::spot::{Item, Names, items, wish};
use crate::ec2::{Cx, Error, tagging};
use crate::wire::query::{self, Params, Tree};
use serde::Serialize;

pub struct RequestSpotInstances {
    launch: Launch,
    wish: SpotWish,
    count: u32,
    token: Token,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    spot_instance_request_set: Vec<Item>,
}

/// Most instances of one call.
const MOST: i64 = 1000;

impl Action for RequestSpotInstances {
    const NAME: &'static str = "RequestSpotInstances";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let specifications = tagging::specifications(p, &["spot-instances-request"])?;
        let specification = p.nested("LaunchSpecification");
        let tree = specification.ok_or_else(|| query::Error::Missing("LaunchSpecification".into()))?.tree();
        let Tree::Members(mut launch) = tree.clone() else {
            return Err(query::Error::Missing("LaunchSpecification".into()).into());
        };
        for name in ["MinCount", "MaxCount"] {
            launch.insert(name.into(), Tree::Value("1".into()));
        }
        let names = Names { kind: "Type", price: "SpotPrice" };
        let tags = tagging::of(&specifications, "spot-instances-request");
        Ok(RequestSpotInstances {
            launch: read_form::<RunInstances, _>(&Tree::Members(launch).to_form(), Launch::read)?,
            wish: wish(p, &names, tree, tags)?,
            count: p.opt_int("InstanceCount", 1..=MOST)?.unwrap_or(1) as u32,
            token: Token::read(p, Self::NAME)?,
        })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let (launch, wish, count, token) = (self.launch.request(cx)?, self.wish, self.count, self.token);
        let job = move |c: &Conn, account: &str, region: &str| {
            if let Some(made) = token.made(c, account, region)? {
                let found = made.split(' ').filter_map(|id| records::get::<SpotRequest>(c, id).transpose());
                return Ok(found.collect::<Result<Vec<_>, _>>()?);
            }
            let made = Compute::request_spot(c, &launch, &wish, count)?;
            let ids: Vec<&str> = made.iter().map(|r: &Kept<SpotRequest>| r.id.as_str()).collect();
            token.keep(c, account, region, &ids.join(" "))?;
            Ok(made)
        };
        let made = cx.change(job).await?;
        cx.cloud.compute.tend();
        Ok(Output { spot_instance_request_set: items(cx, made)? })
    }
}

#[cfg(test)]
mod tests {
    use crate::ec2::tests::Bench;

    const REQUEST: &str = "Action=RequestSpotInstances&LaunchSpecification.ImageId=ami-12345678&LaunchSpecification.InstanceType=t3.micro";

    async fn bench() -> Bench {
        let bench = Bench::new();
        bench.image("ami-12345678").await;
        bench
    }

    #[tokio::test]
    async fn requests_are_made_described_and_cancelled() {
        let bench = bench().await;
        let tag = "TagSpecification.1.ResourceType=spot-instances-request&TagSpecification.1.Tag.1.Key=a";
        let group =
            "LaunchSpecification.SecurityGroup.1=default&LaunchSpecification.Placement.AvailabilityZone=us-east-1b";
        let form = format!("{REQUEST}&{tag}&{group}&InstanceCount=2&SpotPrice=0.05&Type=persistent&ClientToken=t");
        let made = bench.call(&form).await;
        assert_eq!(made.all("state"), ["open", "open"], "{}", made.xml);
        assert_eq!((made.get("spotPrice"), made.get("type")), (Some("0.050000"), Some("persistent")));
        assert_eq!((made.get("groupName"), made.get("availabilityZone")), (Some("default"), Some("us-east-1b")));
        let ids = made.all("spotInstanceRequestId");
        assert_eq!(bench.call(&form).await.all("spotInstanceRequestId"), ids, "the same token");
        let filter = "Filter.1.Name=launch.instance-type&Filter.1.Value.1=t3.micro&Filter.2.Name=tag-key&Filter.2.Value.1=a\
                      &Filter.3.Name=status-code&Filter.3.Value.1=pending-evaluation";
        let seen = bench.call(&format!("Action=DescribeSpotInstanceRequests&{filter}")).await;
        assert_eq!(seen.all("spotInstanceRequestId").len(), 2, "{}", seen.xml);
        let foreign = format!("Action=CancelSpotInstanceRequests&SpotInstanceRequestId.1={}", ids[0]);
        assert_eq!(bench.call_other(&foreign).await.code(), "InvalidSpotInstanceRequestID.NotFound");
        let cancelled = bench.call(&foreign).await;
        assert_eq!((cancelled.get("spotInstanceRequestId"), cancelled.get("state")), (Some(ids[0]), Some("cancelled")));
        let seen = bench.call(&format!("Action=DescribeSpotInstanceRequests&SpotInstanceRequestId.1={}", ids[0])).await;
        assert_eq!(seen.all("code"), ["canceled-before-fulfillment"]);
    }

    #[tokio::test]
    async fn a_launch_on_spare_capacity_has_a_request_of_its_own() {
        let bench = bench().await;
        let run = "Action=RunInstances&ImageId=ami-12345678&InstanceType=t3.micro&MinCount=2&MaxCount=2";
        let market = "InstanceMarketOptions.MarketType=spot&InstanceMarketOptions.SpotOptions.MaxPrice=1";
        let launched = bench.call(&format!("{run}&{market}")).await;
        assert_eq!(launched.all("instanceLifecycle"), ["spot", "spot"], "{}", launched.xml);
        let ids = launched.all("spotInstanceRequestId");
        assert_ne!(ids[0], ids[1]);
        let seen = bench.call("Action=DescribeSpotInstanceRequests").await;
        assert_eq!(seen.all("code"), ["fulfilled", "fulfilled"], "{}", seen.xml);
        let mut instances = seen.all("instanceId");
        let mut expected = launched.all("instanceId");
        instances.sort_unstable();
        expected.sort_unstable();
        assert_eq!(instances, expected);
        let spot = "Filter.1.Name=instance-lifecycle&Filter.1.Value.1=spot";
        assert_eq!(bench.call(&format!("Action=DescribeInstances&{spot}")).await.all("instanceId").len(), 2);
    }

    #[tokio::test]
    async fn a_request_waits_for_room() {
        use crate::db::instances::{HostRow, upsert_host};
        let bench = bench().await;
        let host = |vcpus| HostRow {
            id: "local".into(),
            uri: "simulated:///".into(),
            zone: String::new(),
            vcpus,
            memory_mib: 1 << 20,
            up: true,
            why_down: String::new(),
        };
        let cloud = bench.cloud();
        cloud.db.write_blocking(move |c| upsert_host(c, &host(1), 0)).unwrap();
        bench.call(REQUEST).await;
        for (vcpus, state, code) in
            [(1, "open", "capacity-not-available"), (2, "active", "fulfilled"), (1, "active", "fulfilled")]
        {
            cloud.db.write_blocking(move |c| upsert_host(c, &host(vcpus), 0)).unwrap();
            cloud.compute.tend_spot(crate::clock::now_ms()).await.unwrap();
            let seen = bench.call("Action=DescribeSpotInstanceRequests").await;
            assert_eq!((seen.get("state"), seen.get("code")), (Some(state), Some(code)), "{}", seen.xml);
        }
        let spot = bench.call("Action=DescribeInstances&Filter.1.Name=instance-lifecycle&Filter.1.Value.1=spot").await;
        let id = spot.get("instanceId").unwrap();
        bench.call(&format!("Action=TerminateInstances&InstanceId.1={id}")).await;
        cloud.compute.tend_spot(crate::clock::now_ms()).await.unwrap();
        let seen = bench.call("Action=DescribeSpotInstanceRequests&Filter.1.Name=state&Filter.1.Value.1=closed").await;
        assert_eq!(seen.get("code"), Some("instance-terminated-by-user"), "{}", seen.xml);
    }

    #[tokio::test]
    async fn what_cannot_be_asked_for_is_said() {
        let bench = bench().await;
        for (form, code) in [
            ("LaunchSpecification.ImageId=ami-87654321", "InvalidAMIID.NotFound"),
            ("LaunchSpecification.InstanceType=t9.none", "InvalidParameterValue"),
            ("LaunchSpecification.Colour=red", "UnknownParameter"),
            ("Type=often", "InvalidParameterValue"),
            ("SpotPrice=cheap", "InvalidParameterValue"),
            ("InstanceInterruptionBehavior=stop", "InvalidParameterCombination"),
            ("BlockDurationMinutes=60", "UnsupportedOperation"),
            ("ValidFrom=soon", "InvalidParameterValue"),
            ("InstanceCount=0", "InvalidParameterValue"),
        ] {
            let answer = bench.call(&format!("{REQUEST}&{form}")).await;
            assert_eq!(answer.code(), code, "{form}: {}", answer.xml);
        }
        assert_eq!(bench.call("Action=RequestSpotInstances").await.code(), "MissingParameter");
        let none = bench.call("Action=DescribeSpotInstanceRequests&SpotInstanceRequestId.1=sir-12345678").await;
        assert_eq!(none.code(), "InvalidSpotInstanceRequestID.NotFound");
    }
}
