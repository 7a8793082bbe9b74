//! Launch a capacity out of several kinds of launches, on demand or spot. A pool without room is passed over and told of; fleets of
//! the types `request` and `maintain` go on trying, those of the type `instant` do not.

use crate::compute::fleet::{Fleet, Kind, Lifecycle, Spread, State, Target};
use crate::compute::records;
use crate::db::tags::Tag;
use crate::ec2::fleets::{Config, ErrorItem, LaunchedItem, errors, launched, no_empty, told};
use crate::ec2::idempotency::Token;
use crate::ec2::registry::Action;
use crate::ec2::spot::{Names, time, wish};
use crate::ec2::{Cx, Error, tagging};
use crate::wire::query::{self, Form, Params, Tree};
use serde::Serialize;

pub struct CreateFleet {
    configs: Vec<Config>,
    fleet: Fleet,
    token: Token,
    tags: Vec<Tag>,
    instance_tags: Vec<Tag>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    fleet_id: String,
    error_set: Vec<ErrorItem>,
    fleet_instance_set: Vec<LaunchedItem>,
}

/// Largest target, and most templates of a fleet.
const MOST: i64 = 10_000;
const MOST_CONFIGS: usize = 50;

impl Action for CreateFleet {
    const NAME: &'static str = "CreateFleet";
    /// When nothing is ever interrupted or unhealthy, nobody replaces it.
    const IGNORED: &'static [&'static str] = &["Context"];
    const REFUSED: &'static [&'static str] = &["ReservedCapacityOptions"];
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let specifications = tagging::specifications(p, &["fleet", "instance", "volume", "network-interface"])?;
        let kind = match p.opt("Type").filter(|text| !text.is_empty()) {
            None => Kind::Maintain,
            Some(text) => {
                Kind::parse(text).ok_or_else(|| p.invalid("Type", text, "Expecting instant, request or maintain."))?
            }
        };
        let templates = p.structs("LaunchTemplateConfigs");
        if templates.is_empty() || templates.len() > MOST_CONFIGS {
            return Err(query::Error::Missing("LaunchTemplateConfigs".into()).into());
        }
        let target = p.nested("TargetCapacitySpecification");
        let target = target.ok_or_else(|| query::Error::Missing("TargetCapacitySpecification".into()))?;
        let (on_demand, spot) = (p.nested("OnDemandOptions"), p.nested("SpotOptions"));
        let nothing = Form::default();
        let names = Names { kind: "Type", price: "MaxTotalPrice" };
        let tree = |name| p.nested(name).map(|nested: Params<'_>| nested.tree());
        let flag = |name| Ok::<_, query::Error>(Some(Tree::Value(p.opt_bool(name)?.unwrap_or(false).to_string())));
        let moment = |name: &'static str| {
            time(p, name)?;
            Ok::<_, query::Error>(p.opt(name).map(|text| Tree::Value(text.to_owned())))
        };
        let shown = Tree::members([
            ("LaunchTemplateConfigs", Some(Tree::List(templates.iter().map(Params::tree).collect()))),
            ("OnDemandOptions", tree("OnDemandOptions")),
            ("SpotOptions", tree("SpotOptions")),
            ("ReplaceUnhealthyInstances", flag("ReplaceUnhealthyInstances")?),
            ("TerminateInstancesWithExpiration", flag("TerminateInstancesWithExpiration")?),
            ("ValidFrom", moment("ValidFrom")?),
            ("ValidUntil", moment("ValidUntil")?),
        ]);
        let ends_excess = p.opt("ExcessCapacityTerminationPolicy").is_none_or(|policy| policy != "no-termination");
        let empty = Tree::members([]);
        let fleet = Fleet {
            kind,
            state: State::Active,
            pools: Vec::new(),
            target: read_target(&target)?,
            on_demand: read_spread(on_demand.as_ref())?,
            spot: read_spread(spot.as_ref())?,
            spot_wish: wish(spot.as_ref().unwrap_or(&nothing.params()), &names, empty, Vec::new())?,
            ends_excess,
            members: Vec::new(),
            instance_tags: Vec::new(),
            was_complete: false,
            errors: Vec::new(),
            shown: shown.to_json(),
            client_token: None,
        };
        let configs = templates.iter().map(Config::read).collect::<Result<Vec<_>, _>>()?;
        Ok(CreateFleet {
            configs,
            fleet,
            token: Token::read(p, Self::NAME)?,
            tags: tagging::of(&specifications, "fleet"),
            instance_tags: tagging::of(&specifications, "instance"),
        })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let CreateFleet { configs, mut fleet, token, tags, instance_tags } = self;
        let (account, region) = (cx.caller.account.clone(), cx.region.clone());
        let made = cx.cloud.db.read(|c| token.made(c, &account, &region))?;
        if let Some(id) = made {
            let kept = cx.cloud.db.read(|c| records::get::<Fleet>(c, &id))?;
            let kept = kept.ok_or_else(|| Error::no_such(crate::id::Kind::Fleet, &id))?;
            return output(kept.id, &kept.it);
        }
        for config in configs {
            fleet.pools.extend(config.pools(cx, &instance_tags).await?);
        }
        no_empty(&fleet.pools)?;
        fleet.instance_tags = instance_tags;
        fleet.client_token = token.text();
        let keep = {
            let (account, region) = (account.clone(), region.clone());
            move |c: &crate::db::Conn, id: &str| token.keep_in(c, &account, &region, id)
        };
        let (kept, _) = cx.cloud.compute.create_fleet(&account, &region, fleet, keep, told, tags).await?;
        output(kept.id, &kept.it)
    }
}

fn output(fleet_id: String, fleet: &Fleet) -> Result<Output, Error> {
    let instant = fleet.kind == Kind::Instant;
    Ok(Output {
        fleet_id,
        error_set: if instant { errors(fleet)? } else { Vec::new() },
        fleet_instance_set: if instant { launched(fleet)? } else { Vec::new() },
    })
}

/// Read `TargetCapacitySpecification`.
fn read_target(p: &Params<'_>) -> Result<Target, Error> {
    let default = match p.opt("DefaultTargetCapacityType").filter(|text| !text.is_empty()) {
        None => Lifecycle::OnDemand,
        Some(text) => Lifecycle::parse(text)
            .ok_or_else(|| p.invalid("DefaultTargetCapacityType", text, "Expecting spot or on-demand."))?,
    };
    if let Some(unit) = p.opt("TargetCapacityUnitType").filter(|unit| !["", "units"].contains(unit)) {
        return Err(Error::Unsupported(format!("a target capacity in {unit}")));
    }
    let target = Target {
        total: p.int("TotalTargetCapacity", 0..=MOST)?,
        on_demand: p.opt_int("OnDemandTargetCapacity", 0..=MOST)?.unwrap_or(0),
        spot: p.opt_int("SpotTargetCapacity", 0..=MOST)?.unwrap_or(0),
        default,
    };
    if target.on_demand + target.spot > target.total {
        return Err(Error::ParameterCombination(
            "The sum of OnDemandTargetCapacity and SpotTargetCapacity may not be more than TotalTargetCapacity".into(),
        ));
    }
    Ok(target)
}

/// Read `OnDemandOptions` or `SpotOptions`. Where prices are all nothing, the first pool is the cheapest one.
fn read_spread(p: Option<&Params<'_>>) -> Result<Spread, Error> {
    let Some(p) = p else { return Ok(Spread::default()) };
    let strategy = p.opt("AllocationStrategy").unwrap_or_default();
    let known = [
        "",
        "lowest-price",
        "lowestPrice",
        "diversified",
        "capacity-optimized",
        "capacity-optimized-prioritized",
        "price-capacity-optimized",
        "prioritized",
    ];
    if !known.contains(&strategy) {
        return Err(p.invalid("AllocationStrategy", strategy, "Unknown strategy.").into());
    }
    for name in ["SingleInstanceType", "SingleAvailabilityZone"] {
        p.opt_bool(name)?;
    }
    Ok(Spread {
        diversified: strategy == "diversified",
        prioritized: strategy.ends_with("prioritized"),
        minimum: p.opt_int("MinTargetCapacity", 0..=MOST)?.unwrap_or(0),
    })
}

#[cfg(test)]
mod tests {
    use crate::ec2::tests::Bench;

    async fn bench() -> Bench {
        let bench = Bench::new();
        bench.image("ami-12345678").await;
        let data = "LaunchTemplateData.ImageId=ami-12345678&LaunchTemplateData.InstanceType=t3.micro";
        bench.call(&format!("Action=CreateLaunchTemplate&LaunchTemplateName=web&{data}")).await;
        bench
    }

    const CREATE: &str = "Action=CreateFleet&Type=instant&LaunchTemplateConfigs.1.LaunchTemplateSpecification.LaunchTemplateName=web\
         &LaunchTemplateConfigs.1.LaunchTemplateSpecification.Version=$Latest";

    #[tokio::test]
    async fn an_instant_fleet_launches_on_demand_and_spot() {
        let bench = bench().await;
        let target = "TargetCapacitySpecification.TotalTargetCapacity=5&TargetCapacitySpecification.OnDemandTargetCapacity=1\
             &TargetCapacitySpecification.DefaultTargetCapacityType=spot";
        let pools = "LaunchTemplateConfigs.1.Overrides.1.InstanceType=t3.small&LaunchTemplateConfigs.1.Overrides.1.WeightedCapacity=2\
             &LaunchTemplateConfigs.1.Overrides.1.AvailabilityZone=us-east-1b";
        let tag = "TagSpecification.1.ResourceType=instance&TagSpecification.1.Tag.1.Key=a";
        let made = bench.call(&format!("{CREATE}&{target}&{pools}&{tag}&ClientToken=t")).await;
        assert_eq!(made.all("lifecycle"), ["on-demand", "spot"], "{}", made.xml);
        assert_eq!(made.get("instanceType"), Some("t3.small"));
        let again = bench.call(&format!("{CREATE}&{target}&{pools}&{tag}&ClientToken=t")).await;
        assert_eq!(again.get("fleetId"), made.get("fleetId"));
        let id = made.get("fleetId").unwrap();
        let filter = format!(
            "Filter.1.Name=tag:aws:ec2:fleet-id&Filter.1.Value.1={id}&Filter.2.Name=tag-key&Filter.2.Value.1=a"
        );
        let instances = bench.call(&format!("Action=DescribeInstances&{filter}")).await;
        assert_eq!(instances.all("instanceId").len(), 3, "one on demand and two of weight 2: {}", instances.xml);
        assert_eq!(instances.all("instanceLifecycle").len(), 2);
        assert!(instances.all("availabilityZone").iter().all(|zone| *zone == "us-east-1b"));
        assert!(bench.call("Action=DescribeFleets").await.all("fleetId").is_empty(), "an instant one is to be named");
        let seen = bench.call(&format!("Action=DescribeFleets&FleetId.1={id}")).await;
        assert_eq!(
            (seen.get("fleetState"), seen.get("fulfilledCapacity")),
            (Some("active"), Some("6.0")),
            "{}",
            seen.xml
        );
        let end = format!("Action=DeleteFleets&FleetId.1={id}&TerminateInstances");
        assert_eq!(bench.call(&format!("{end}=false")).await.code(), "NoTerminateInstancesNotSupported");
        assert_eq!(bench.call(&format!("{end}=true")).await.get("currentFleetState"), Some("deleted_terminating"));
        let none = "Action=DeleteFleets&FleetId.1=fleet-12345678-1234-1234-1234-123456789012&TerminateInstances=true";
        assert_eq!(bench.call(none).await.get("code"), Some("fleetIdDoesNotExist"));
    }

    #[tokio::test]
    async fn what_has_no_room_is_told_and_the_next_pool_is_tried() {
        let bench = bench().await;
        let target = "TargetCapacitySpecification.TotalTargetCapacity=2";
        let pools = "LaunchTemplateConfigs.1.Overrides.1.SubnetId=subnet-12345678&LaunchTemplateConfigs.1.Overrides.2.InstanceType=t3.nano";
        let made = bench.call(&format!("{CREATE}&{target}&{pools}")).await;
        assert_eq!(made.get("errorCode"), Some("InvalidSubnetID.NotFound"), "{}", made.xml);
        assert_eq!((made.all("lifecycle").len(), made.all("item").len()), (2, 4));
        let alone = "LaunchTemplateConfigs.1.Overrides.1.SubnetId=subnet-12345678&OnDemandOptions.MinTargetCapacity=1";
        let none = bench.call(&format!("{CREATE}&{target}&{alone}")).await;
        assert_eq!(none.get("fleetInstanceSet"), Some(""), "{}", none.xml);
        for (form, code) in [
            ("TargetCapacitySpecification.TotalTargetCapacity=1&Type=now", "InvalidParameterValue"),
            (
                "TargetCapacitySpecification.TotalTargetCapacity=1&TargetCapacitySpecification.SpotTargetCapacity=2",
                "InvalidParameterCombination",
            ),
            ("", "MissingParameter"),
            (
                "TargetCapacitySpecification.TotalTargetCapacity=1&LaunchTemplateConfigs.1.LaunchTemplateSpecification.LaunchTemplateName=no",
                "InvalidLaunchTemplateName.NotFoundException",
            ),
        ] {
            assert_eq!(bench.call(&format!("{CREATE}&{form}")).await.code(), code, "{form}");
        }
    }
}
