//! Keep capacity of a family for the account: hosts that are counted and filled as AWS's are. The machines run where all others run.

use crate::compute::dedicated::{self, DedicatedHost};
use crate::db::Conn;
use crate::db::tags::Tag;
use crate::ec2::idempotency::Token;
use crate::ec2::launch::one_of;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error, resource, tagging, zone};
use crate::id::Kind;
use crate::wire::query::{self, Params};
use serde::Serialize;

pub struct AllocateHosts {
    zone: Option<String>,
    zone_id: Option<String>,
    instance_type: Option<String>,
    family: Option<String>,
    count: u32,
    auto_placement: bool,
    recovery: bool,
    maintenance: bool,
    tags: Vec<Tag>,
    token: Token,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    host_id_set: Vec<String>,
}

/// Most hosts of one call.
const MOST: i64 = 100;

impl Action for AllocateHosts {
    const NAME: &'static str = "AllocateHosts";
    const REFUSED: &'static [&'static str] = &["AssetId", "CpuOptions", "OutpostArn"];
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let specifications = tagging::specifications(p, &["dedicated-host"])?;
        let owned = |name| p.opt(name).filter(|text| !text.is_empty()).map(str::to_owned);
        let on = |name| one_of(p, name, "on", "off");
        let (instance_type, family) = (owned("InstanceType"), owned("InstanceFamily"));
        match (&instance_type, &family) {
            (Some(_), Some(_)) => {
                return Err(Error::ParameterCombination(
                    "The parameters InstanceType and InstanceFamily may not be used together".into(),
                ));
            }
            (None, None) => {
                return Err(Error::MissingEither("Either InstanceType or InstanceFamily must be specified".into()));
            }
            (Some(_), None) | (None, Some(_)) => {}
        }
        let (zone, zone_id) = (owned("AvailabilityZone"), owned("AvailabilityZoneId"));
        if zone.is_none() && zone_id.is_none() {
            return Err(query::Error::Missing("AvailabilityZone".into()).into());
        }
        Ok(AllocateHosts {
            zone,
            zone_id,
            instance_type,
            family,
            count: p.opt_int("Quantity", 1..=MOST)?.unwrap_or(1) as u32,
            auto_placement: on("AutoPlacement")?.unwrap_or(true),
            recovery: on("HostRecovery")?.unwrap_or(false),
            maintenance: on("HostMaintenance")?.unwrap_or(true),
            tags: tagging::of(&specifications, "dedicated-host"),
            token: Token::read(p, Self::NAME)?,
        })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let (family, instance_type) = dedicated::kind_of(self.instance_type.as_deref(), self.family.as_deref())?;
        let host = DedicatedHost {
            zone: zone::named(cx, self.zone, self.zone_id)?,
            family,
            instance_type,
            auto_placement: self.auto_placement,
            recovery: self.recovery,
            maintenance: self.maintenance,
            client_token: self.token.text(),
            released_at: None,
        };
        let job = move |c: &Conn, account: &str, region: &str| {
            if let Some(made) = self.token.made(c, account, region)? {
                return Ok(made.split(' ').map(str::to_owned).collect());
            }
            let made = dedicated::allocate(c, account, region, &host, self.count)?;
            let ids: Vec<String> = made.into_iter().map(|host| host.id).collect();
            for id in &ids {
                resource::put_tags(c, account, region, Kind::DedicatedHost, id, &self.tags)?;
            }
            self.token.keep(c, account, region, &ids.join(" "))?;
            Ok(ids)
        };
        Ok(Output { host_id_set: cx.change(job).await? })
    }
}

#[cfg(test)]
mod tests {
    use crate::ec2::tests::Bench;

    const ALLOCATE: &str = "Action=AllocateHosts&AvailabilityZone=us-east-1b";
    const RUN: &str = "Action=RunInstances&ImageId=ami-12345678&MinCount=1";

    async fn bench() -> Bench {
        let bench = Bench::new();
        bench.image("ami-12345678").await;
        bench
    }

    #[tokio::test]
    async fn hosts_are_filled_and_given_back() {
        let bench = bench().await;
        let tag = "TagSpecification.1.ResourceType=dedicated-host&TagSpecification.1.Tag.1.Key=a";
        let form = format!("{ALLOCATE}&InstanceType=m5.12xlarge&Quantity=1&ClientToken=t&{tag}");
        let id = bench.call(&form).await.get("item").unwrap().to_owned();
        assert_eq!(bench.call(&form).await.get("item"), Some(&*id), "the same token");
        let describe = format!("Action=DescribeHosts&HostId.1={id}");
        let seen = bench.call(&describe).await;
        assert_eq!((seen.get("state"), seen.get("totalVCpus")), (Some("available"), Some("96")), "{}", seen.xml);
        assert_eq!((seen.get("availabilityZoneId"), seen.get("key")), (Some("use1-az2"), Some("a")));
        assert_eq!((seen.all("availableCapacity")[1], seen.get("totalCapacity")), ("2", Some("2")));
        let run = |form: &str| format!("{RUN}&InstanceType=m5.12xlarge&Placement.Tenancy=host&{form}");
        let on = bench.call(&run(&format!("MaxCount=1&Placement.HostId={id}&Placement.Affinity=host"))).await;
        assert_eq!((on.get("hostId"), on.get("affinity")), (Some(&*id), Some("host")), "{}", on.xml);
        assert_eq!(on.get("availabilityZone"), Some("us-east-1b"), "where the host is");
        let elsewhere = bench.call(&run("MaxCount=1")).await;
        assert_eq!(elsewhere.code(), "InsufficientHostCapacity", "none in the first zone");
        let placed = bench.call(&run("MaxCount=5&Placement.AvailabilityZone=us-east-1b")).await;
        assert_eq!(placed.all("hostId"), [&*id], "as many as there is room for: {}", placed.xml);
        let full = bench.call(&run(&format!("MaxCount=1&Placement.HostId={id}"))).await;
        assert_eq!(full.code(), "InsufficientCapacityOnHost");
        let seen = bench.call(&describe).await;
        assert_eq!((seen.all("instanceId").len(), seen.get("availableVCpus")), (2, Some("0")), "{}", seen.xml);
        let filter =
            format!("Filter.1.Name=host-id&Filter.1.Value.1={id}&Filter.2.Name=affinity&Filter.2.Value.1=host");
        assert_eq!(bench.call(&format!("Action=DescribeInstances&{filter}")).await.all("instanceId").len(), 1);
        let release = format!("Action=ReleaseHosts&HostId.1={id}");
        assert_eq!(bench.call(&release).await.get("code"), Some("Client.InvalidHost.Occupied"));
        assert_eq!(bench.call_other(&release).await.get("code"), Some("Client.InvalidHostID.NotFound"));
        for instance in seen.all("instanceId") {
            bench.call(&format!("Action=TerminateInstances&InstanceId.1={instance}")).await;
        }
        let released = bench.call(&release).await;
        assert_eq!((released.get("item"), released.get("unsuccessful")), (Some(&*id), Some("")), "{}", released.xml);
        let seen = bench.call(&describe).await;
        assert_eq!((seen.get("state"), seen.get("availableVCpus")), (Some("released"), None));
        assert_eq!(bench.call(&release).await.get("code"), Some("Client.InvalidHostID.NotFound"));
    }

    #[tokio::test]
    async fn a_stopped_instance_goes_to_a_host_and_needs_room_to_start() {
        let bench = bench().await;
        bench.run_machines();
        let allocated = bench.call(&format!("{ALLOCATE}&InstanceFamily=m5&AutoPlacement=off&Quantity=2")).await;
        let hosts: Vec<String> = allocated.all("item").into_iter().map(str::to_owned).collect();
        let zone = "Placement.AvailabilityZone=us-east-1b";
        let none = bench.call(&format!("{RUN}&MaxCount=1&InstanceType=m5.large&Placement.Tenancy=host&{zone}")).await;
        assert_eq!(none.code(), "InsufficientHostCapacity", "they wait to be named");
        let run = bench.call(&format!("{RUN}&MaxCount=1&InstanceType=m5.24xlarge&{zone}")).await;
        let id = run.get("instanceId").unwrap();
        let seen = format!("Action=DescribeInstances&InstanceId.1={id}");
        bench.until(&seen, "<name>running</name>").await;
        bench.call(&format!("Action=StopInstances&InstanceId.1={id}")).await;
        bench.until(&seen, "<name>stopped</name>").await;
        let place = |form: &str| format!("Action=ModifyInstancePlacement&InstanceId={id}&{form}");
        assert_eq!(bench.call(&place("Affinity=host")).await.code(), "InvalidParameterCombination");
        let first = format!("HostId={}&Tenancy=host&Affinity=host", hosts[0]);
        assert_eq!(bench.call(&place(&first)).await.get("return"), Some("true"));
        let there = format!("{RUN}&MaxCount=1&InstanceType=m5.large&Placement.HostId={}", hosts[0]);
        assert_eq!(bench.call(&there).await.get("tenancy"), Some("host"));
        let start = format!("Action=StartInstances&InstanceId.1={id}");
        assert_eq!(bench.call(&start).await.code(), "InsufficientCapacityOnHost");
        bench.call(&place(&format!("HostId={}", hosts[1]))).await;
        assert_eq!(bench.call(&start).await.get("name"), Some("pending"));
        let moved = bench.call(&seen).await;
        assert_eq!((moved.get("hostId"), moved.get("tenancy")), (Some(&*hosts[1]), Some("host")), "{}", moved.xml);
        let modify = |form: &str| format!("Action=ModifyHosts&HostId.1={}&{form}", hosts[1]);
        let one = bench.call(&modify("InstanceType=m5.large")).await;
        assert_eq!(one.get("code"), Some("Client.InvalidHostConfiguration"), "it holds another: {}", one.xml);
        let other = bench.call(&modify("InstanceFamily=c5")).await;
        assert_eq!(other.get("code"), Some("Client.InvalidHostConfiguration"));
        let one = bench.call(&modify("InstanceType=m5.24xlarge&AutoPlacement=on&HostRecovery=on")).await;
        assert_eq!(one.get("item"), Some(&*hosts[1]), "{}", one.xml);
        let only =
            "Filter.1.Name=auto-placement&Filter.1.Value.1=on&Filter.2.Name=instance-type&Filter.2.Value.1=m5.24*";
        let seen = bench.call(&format!("Action=DescribeHosts&{only}")).await;
        assert_eq!((seen.all("hostId"), seen.get("hostRecovery")), (vec![&*hosts[1]], Some("on")), "{}", seen.xml);
    }

    #[tokio::test]
    async fn what_cannot_be_is_said() {
        let bench = bench().await;
        for (form, code) in [
            ("", "MissingParameter"),
            ("InstanceType=m5.large&InstanceFamily=m5", "InvalidParameterCombination"),
            ("InstanceType=m1.small", "InvalidHostConfiguration"),
            ("InstanceFamily=t2", "InvalidHostConfiguration"),
            ("InstanceFamily=m5&Quantity=0", "InvalidParameterValue"),
            ("InstanceFamily=m5&Quantity=51", "HostLimitExceeded"),
            ("InstanceFamily=m5&AutoPlacement=maybe", "InvalidParameterValue"),
            ("InstanceFamily=m5&OutpostArn=arn", "UnsupportedOperation"),
            ("InstanceFamily=m5&AvailabilityZone=us-east-1z", "InvalidZone.NotFound"),
        ] {
            assert_eq!(bench.call(&format!("{ALLOCATE}&{form}")).await.code(), code, "{form}");
        }
        let id = bench.call(&format!("{ALLOCATE}&InstanceType=m5.large")).await.get("item").unwrap().to_owned();
        for (form, code) in [
            (format!("Placement.HostId={id}"), "InvalidHostConfiguration"),
            (format!("Placement.HostId={id}&Placement.Tenancy=default"), "InvalidParameterCombination"),
            (format!("Placement.HostId={id}&Placement.AvailabilityZone=us-east-1a"), "InvalidParameterValue"),
            ("Placement.HostId=h-12345678".into(), "InvalidHostID.NotFound"),
            ("Placement.HostId=host".into(), "InvalidHostID.Malformed"),
            ("Placement.Tenancy=tent".into(), "InvalidParameterValue"),
            ("Placement.Tenancy=host&InstanceMarketOptions.MarketType=spot".into(), "InvalidParameterCombination"),
        ] {
            let run = format!("{RUN}&MaxCount=1&InstanceType=m5.xlarge&{form}");
            assert_eq!(bench.call(&run).await.code(), code, "{form}");
        }
        assert_eq!(bench.call("Action=DescribeHosts&HostId.1=h-12345678").await.code(), "InvalidHostID.NotFound");
        assert_eq!(bench.call("Action=ReleaseHosts").await.code(), "MissingParameter");
        assert_eq!(bench.call(&format!("Action=ModifyHosts&HostId.1={id}")).await.code(), "MissingParameter");
        for empty in ["DescribeHostReservations", "DescribeHostReservationOfferings"] {
            assert_eq!(bench.call(&format!("Action={empty}")).await.status, 200);
        }
    }
}
