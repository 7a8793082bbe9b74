//! Keep room for instances of a type: launches of nobody else get it, and those that match go into it.

use crate::clock;
use crate::compute::capacity::{self, CapacityReservation, State};
use crate::db::Conn;
use crate::db::tags::Tag;
use crate::ec2::capacity::{Item, end};
use crate::ec2::idempotency::Token;
use crate::ec2::launch::one_of;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error, resource, tagging, zone};
use crate::id::Kind;
use crate::wire::query::{self, Params};
use serde::Serialize;

pub struct CreateCapacityReservation {
    zone: Option<String>,
    zone_id: Option<String>,
    /// Its zone and its host are still to be found.
    wanted: CapacityReservation,
    tags: Vec<Tag>,
    token: Token,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    capacity_reservation: Item,
}

/// Most instances of one reservation.
const MOST: i64 = 1000;
/// AWS's platforms. Instances here are of the first or of the last.
const PLATFORMS: &[&str] = &[
    "Linux/UNIX",
    "Linux with SQL Server Enterprise",
    "Linux with SQL Server Standard",
    "Linux with SQL Server Web",
    "Red Hat Enterprise Linux",
    "RHEL with HA",
    "RHEL with HA and SQL Server Enterprise",
    "RHEL with HA and SQL Server Standard",
    "RHEL with SQL Server Enterprise",
    "RHEL with SQL Server Standard",
    "RHEL with SQL Server Web",
    "SUSE Linux",
    "Ubuntu Pro",
    "Windows with SQL Server",
    "Windows with SQL Server Enterprise",
    "Windows with SQL Server Standard",
    "Windows with SQL Server Web",
    "Windows",
];

impl Action for CreateCapacityReservation {
    const NAME: &'static str = "CreateCapacityReservation";
    const REFUSED: &'static [&'static str] =
        &["CommitmentDuration", "DeliveryPreference", "OutpostArn", "PlacementGroupArn", "StartDate"];
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let specifications = tagging::specifications_at(p, "TagSpecifications", &["capacity-reservation"])?;
        let owned = |name| p.opt(name).filter(|text| !text.is_empty()).map(str::to_owned);
        let (zone, zone_id) = (owned("AvailabilityZone"), owned("AvailabilityZoneId"));
        if zone.is_none() && zone_id.is_none() {
            return Err(query::Error::Missing("AvailabilityZone".into()).into());
        }
        let platform = p.req("InstancePlatform")?;
        if !PLATFORMS.contains(&platform) {
            return Err(p.invalid("InstancePlatform", platform, "Expecting a platform such as Linux/UNIX.").into());
        }
        let dedicated = one_of(p, "Tenancy", "dedicated", "default")?.unwrap_or(false);
        let wanted = CapacityReservation {
            zone: String::new(),
            instance_type: p.req("InstanceType")?.to_owned(),
            platform: platform.to_owned(),
            tenancy: if dedicated { "dedicated" } else { "default" }.into(),
            count: p.int("InstanceCount", 1..=MOST)? as u32,
            targeted: one_of(p, "InstanceMatchCriteria", "targeted", "open")?.unwrap_or(false),
            ebs_optimized: p.opt_bool("EbsOptimized")?.unwrap_or(false),
            ephemeral_storage: p.opt_bool("EphemeralStorage")?.unwrap_or(false),
            ends_at: end(p, clock::now_ms())?.flatten(),
            state: State::Active,
            host: String::new(),
        };
        let tags = tagging::of(&specifications, "capacity-reservation");
        Ok(CreateCapacityReservation { zone, zone_id, wanted, tags, token: Token::read(p, Self::NAME)? })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let zone = zone::named(cx, self.zone, self.zone_id)?;
        let wanted = CapacityReservation { zone, ..self.wanted };
        let job = move |c: &Conn, account: &str, region: &str| {
            let made = match self.token.made(c, account, region)? {
                Some(id) => capacity::need(c, account, region, &id)?,
                None => {
                    let made = capacity::create(c, account, region, wanted)?;
                    resource::put_tags(c, account, region, Kind::CapacityReservation, &made.id, &self.tags)?;
                    self.token.keep(c, account, region, &made.id)?;
                    made
                }
            };
            let used = capacity::used(c, account, region)?.get(&made.id).copied().unwrap_or(0);
            Ok(Output { capacity_reservation: Item::new(made, used, self.tags) })
        };
        cx.change(job).await
    }
}

#[cfg(test)]
mod tests {
    use crate::db::instances::{HostRow, upsert_host};
    use crate::ec2::tests::Bench;

    const CREATE: &str = "Action=CreateCapacityReservation&AvailabilityZone=us-east-1a&InstancePlatform=Linux/UNIX";
    const RUN: &str = "Action=RunInstances&ImageId=ami-12345678&InstanceType=m5.large&MinCount=1";

    async fn bench() -> Bench {
        let bench = Bench::new();
        bench.image("ami-12345678").await;
        bench
    }

    #[tokio::test]
    async fn what_matches_goes_into_it_and_the_rest_does_not() {
        let bench = bench().await;
        let tag = "TagSpecifications.1.ResourceType=capacity-reservation&TagSpecifications.1.Tag.1.Key=a";
        let form = format!("{CREATE}&InstanceType=m5.large&InstanceCount=2&ClientToken=t&{tag}");
        let made = bench.call(&form).await;
        assert_eq!(
            (made.get("state"), made.get("availableInstanceCount")),
            (Some("active"), Some("2")),
            "{}",
            made.xml
        );
        let id = made.get("capacityReservationId").unwrap();
        assert_eq!(bench.call(&form).await.get("capacityReservationId"), Some(id), "the same token");
        let run = |form: &str| format!("{RUN}&MaxCount=1&{form}");
        let spec = "CapacityReservationSpecification.CapacityReservation";
        let target = format!("{spec}Target.CapacityReservationId={id}");
        let no = bench.call(&run(&format!("{spec}Preference=none"))).await;
        assert_eq!((no.get("capacityReservationId"), no.get("capacityReservationPreference")), (None, Some("none")));
        assert_eq!(bench.call(&run("Placement.AvailabilityZone=us-east-1b")).await.get("capacityReservationId"), None);
        let open = bench.call(&run("")).await;
        assert_eq!(open.get("capacityReservationId"), Some(id), "{}", open.xml);
        let first = open.get("instanceId").unwrap();
        let there = bench.call(&run(&target)).await;
        assert_eq!(there.all("capacityReservationId"), [id, id], "where it is, and where it is to be: {}", there.xml);
        assert_eq!(bench.call(&run(&target)).await.code(), "ReservationCapacityExceeded");
        assert_eq!(bench.call(&run("")).await.get("capacityReservationId"), None, "an open one goes elsewhere");
        let only = run(&format!("{spec}Preference=capacity-reservations-only"));
        assert_eq!(bench.call(&only).await.code(), "InsufficientInstanceCapacity");
        let other = format!("{RUN}&MaxCount=1&{target}").replace("m5.large", "m5.xlarge");
        assert_eq!(bench.call(&other).await.code(), "InvalidParameterValue");
        let usage = bench.call(&format!("Action=GetCapacityReservationUsage&CapacityReservationId={id}")).await;
        assert_eq!((usage.get("usedInstanceCount"), usage.get("availableInstanceCount")), (Some("2"), Some("0")));
        let filter = format!("Filter.1.Name=capacity-reservation-id&Filter.1.Value.1={id}");
        assert_eq!(bench.call(&format!("Action=DescribeInstances&{filter}")).await.all("instanceId").len(), 2);
        let modify = |form: &str| format!("Action=ModifyCapacityReservation&CapacityReservationId={id}&{form}");
        assert_eq!(bench.call(&modify("InstanceCount=1")).await.code(), "InvalidParameterValue");
        assert_eq!(
            bench.call(&modify("InstanceCount=3&InstanceMatchCriteria=targeted")).await.get("return"),
            Some("true")
        );
        assert_eq!(bench.call(&run("")).await.get("capacityReservationId"), None, "it waits to be named");
        bench.call(&format!("Action=TerminateInstances&InstanceId.1={first}")).await;
        let filter =
            "Filter.1.Name=instance-match-criteria&Filter.1.Value.1=targeted&Filter.2.Name=tag-key&Filter.2.Value.1=a";
        let seen = bench.call(&format!("Action=DescribeCapacityReservations&{filter}")).await;
        assert_eq!((seen.get("totalInstanceCount"), seen.get("availableInstanceCount")), (Some("3"), Some("2")));
        let cancel = format!("Action=CancelCapacityReservation&CapacityReservationId={id}");
        assert_eq!(bench.call_other(&cancel).await.code(), "InvalidCapacityReservationId.NotFound");
        assert_eq!(bench.call(&cancel).await.get("return"), Some("true"));
        assert_eq!(bench.call(&cancel).await.code(), "InvalidCapacityReservationState");
        let by_id = format!("Action=DescribeCapacityReservations&CapacityReservationId.1={id}");
        assert_eq!(bench.call(&by_id).await.get("state"), Some("cancelled"));
        let filter = format!("Filter.1.Name=capacity-reservation-id&Filter.1.Value.1={id}");
        assert_eq!(bench.call(&format!("Action=DescribeInstances&{filter}")).await.all("instanceId").len(), 0);
    }

    #[tokio::test]
    async fn reserved_room_is_nobody_elses_and_ends_in_time() {
        let bench = bench().await;
        let host = HostRow {
            id: "local".into(),
            uri: "simulated:///".into(),
            zone: String::new(),
            vcpus: 4,
            memory_mib: 1 << 20,
            up: true,
            why_down: String::new(),
        };
        bench.db().write_blocking(move |c| upsert_host(c, &host, 0)).unwrap();
        let create = |form: &str| format!("{CREATE}&InstanceType=m5.large&{form}");
        assert_eq!(bench.call(&create("InstanceCount=3")).await.code(), "InsufficientInstanceCapacity");
        let ends = format!("EndDate={}T00:00:00Z", crate::clock::now().date().next_day().unwrap());
        let made = bench.call(&create(&format!("InstanceCount=1&{ends}&InstanceMatchCriteria=targeted"))).await;
        assert_eq!(made.get("endDateType"), Some("limited"), "{}", made.xml);
        let run = format!("{RUN}&MaxCount=2");
        assert_eq!(bench.call(&run).await.all("instanceId").len(), 1, "the rest is reserved");
        assert_eq!(bench.call(&run).await.code(), "InsufficientInstanceCapacity");
        let id = made.get("capacityReservationId").unwrap();
        let target = format!("CapacityReservationSpecification.CapacityReservationTarget.CapacityReservationId={id}");
        let run = bench.call(&format!("{RUN}&MaxCount=1&{target}")).await;
        assert_eq!(run.all("capacityReservationId"), [id, id], "{}", run.xml);
        let tomorrow = crate::clock::now_ms() + 48 * 3_600_000;
        bench.cloud().compute.tend_reservations(tomorrow).await.unwrap();
        let seen = bench.call("Action=DescribeCapacityReservations&Filter.1.Name=state&Filter.1.Value.1=expired").await;
        assert_eq!(seen.get("capacityReservationId"), Some(id));
        let left =
            bench.call(&format!("Action=DescribeInstances&InstanceId.1={}", run.get("instanceId").unwrap())).await;
        assert_eq!(left.all("capacityReservationId"), [id], "it wishes to be there, and is no longer");
    }

    #[tokio::test]
    async fn a_stopped_instance_may_have_another_wish() {
        let bench = bench().await;
        bench.run_machines();
        let run = bench.call(&format!("{RUN}&MaxCount=1")).await;
        let id = run.get("instanceId").unwrap();
        let seen = format!("Action=DescribeInstances&InstanceId.1={id}");
        bench.until(&seen, "<name>running</name>").await;
        let made = bench.call(&format!("{CREATE}&InstanceType=m5.large&InstanceCount=1")).await;
        let reservation = made.get("capacityReservationId").unwrap();
        let wish = format!(
            "Action=ModifyInstanceCapacityReservationAttributes&InstanceId={id}&CapacityReservationSpecification"
        );
        let target = format!("{wish}.CapacityReservationTarget.CapacityReservationId={reservation}");
        assert_eq!(bench.call(&target).await.code(), "IncorrectInstanceState");
        bench.call(&format!("Action=StopInstances&InstanceId.1={id}")).await;
        bench.until(&seen, "<name>stopped</name>").await;
        assert_eq!(bench.call(&target).await.get("return"), Some("true"));
        bench.call(&format!("Action=StartInstances&InstanceId.1={id}")).await;
        assert_eq!(bench.call(&seen).await.all("capacityReservationId"), [reservation, reservation]);
    }

    #[tokio::test]
    async fn what_cannot_be_is_said() {
        let bench = bench().await;
        for (form, code) in [
            ("InstanceType=m5.large", "MissingParameter"),
            ("InstanceType=m9.none&InstanceCount=1", "InvalidParameterValue"),
            ("InstanceType=m5.large&InstanceCount=0", "InvalidParameterValue"),
            ("InstanceType=m5.large&InstanceCount=1&EndDateType=limited", "MissingParameter"),
            ("InstanceType=m5.large&InstanceCount=1&EndDateType=never", "InvalidParameterValue"),
            ("InstanceType=m5.large&InstanceCount=1&EndDate=2001-01-01T00:00:00Z", "InvalidParameterValue"),
            (
                "InstanceType=m5.large&InstanceCount=1&EndDateType=unlimited&EndDate=2101-01-01T00:00:00Z",
                "InvalidParameterCombination",
            ),
            ("InstanceType=m5.large&InstanceCount=1&Tenancy=host", "InvalidParameterValue"),
            ("InstanceType=m5.large&InstanceCount=1&AvailabilityZone=us-east-1z", "InvalidZone.NotFound"),
            ("InstanceType=m5.large&InstanceCount=1&InstancePlatform=BeOS", "InvalidParameterValue"),
            ("InstanceType=m5.large&InstanceCount=1&StartDate=2101-01-01T00:00:00Z", "UnsupportedOperation"),
        ] {
            assert_eq!(bench.call(&format!("{CREATE}&{form}")).await.code(), code, "{form}");
        }
        let spec = "CapacityReservationSpecification.CapacityReservation";
        for (form, code) in [
            (format!("{spec}Target.CapacityReservationId=cr-12345678"), "InvalidCapacityReservationId.NotFound"),
            (format!("{spec}Target.CapacityReservationId=cr"), "InvalidCapacityReservationId.Malformed"),
            (format!("{spec}Target.CapacityReservationResourceGroupArn=arn"), "UnsupportedOperation"),
            (format!("{spec}Preference=maybe"), "InvalidParameterValue"),
        ] {
            assert_eq!(bench.call(&format!("{RUN}&MaxCount=1&{form}")).await.code(), code, "{form}");
        }
        let none = "Action=ModifyCapacityReservation&CapacityReservationId=cr-12345678";
        assert_eq!(bench.call(none).await.code(), "MissingParameter");
        assert_eq!(
            bench.call(&format!("{none}&InstanceCount=1")).await.code(),
            "InvalidCapacityReservationId.NotFound"
        );
    }
}
