//! Give a maintained fleet another target, another way with what is too much, or other templates to launch from.

use crate::compute::fleet::{Fleet, Kind as FleetKind, State, Target};
use crate::compute::records;
use crate::db::Conn;
use crate::ec2::fleets::{Config, no_empty, show_configs};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error};
use crate::id::Kind;
use crate::wire::query::{Params, Tree};

pub struct ModifyFleet {
    id: String,
    ends_excess: Option<bool>,
    /// Total, on demand, spot.
    target: Option<(i64, Option<i64>, Option<i64>)>,
    configs: Vec<Config>,
    /// The configurations as they were sent.
    shown: Vec<Tree>,
}

impl Action for ModifyFleet {
    const NAME: &'static str = "ModifyFleet";
    const IGNORED: &'static [&'static str] = &["Context"];
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let ends_excess = match p.opt("ExcessCapacityTerminationPolicy").filter(|text| !text.is_empty()) {
            None => None,
            Some("termination") => Some(true),
            Some("no-termination") => Some(false),
            Some(other) => {
                let expected = "Expecting termination or no-termination.";
                return Err(p.invalid("ExcessCapacityTerminationPolicy", other, expected).into());
            }
        };
        let target = p.nested("TargetCapacitySpecification").map(|t| {
            t.opt("DefaultTargetCapacityType");
            t.opt("TargetCapacityUnitType");
            let part = |name| t.opt_int(name, 0..=10_000);
            let total = t.int("TotalTargetCapacity", 0..=10_000)?;
            Ok::<_, Error>((total, part("OnDemandTargetCapacity")?, part("SpotTargetCapacity")?))
        });
        let configs = p.structs("LaunchTemplateConfig");
        Ok(ModifyFleet {
            id: p.id("FleetId", Kind::Fleet)?.to_owned(),
            ends_excess,
            target: target.transpose()?,
            shown: configs.iter().map(Params::tree).collect(),
            configs: configs.iter().map(Config::read).collect::<Result<_, _>>()?,
        })
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        let ModifyFleet { id, ends_excess, target, configs, shown } = self;
        let need = move |c: &Conn, account: &str, region: &str| {
            let found = records::get::<Fleet>(c, &id)?.filter(|f| f.account == account && f.region == region);
            found.ok_or_else(|| Error::no_such(Kind::Fleet, &id))
        };
        let tags = cx.look(&need).await?.it.instance_tags;
        let mut pools = Vec::new();
        for config in configs {
            pools.extend(config.pools(cx, &tags).await?);
        }
        let job = move |c: &Conn, account: &str, region: &str| {
            let mut fleet = need(c, account, region)?;
            if fleet.it.kind != FleetKind::Maintain || fleet.it.state != State::Active {
                return Err(Error::Unsupported(
                    "changing a fleet that is not of the type maintain, or is deleted".into(),
                ));
            }
            fleet.it.ends_excess = ends_excess.unwrap_or(fleet.it.ends_excess);
            if !shown.is_empty() {
                no_empty(&pools)?;
                fleet.it.set_pools(pools);
                show_configs(&mut fleet.it, shown)?;
            }
            if let Some((total, on_demand, spot)) = target {
                let before = fleet.it.target;
                fleet.it.target = Target {
                    total,
                    on_demand: on_demand.unwrap_or(before.on_demand).min(total),
                    spot: spot.unwrap_or(before.spot).min(total),
                    default: before.default,
                };
            }
            records::update(c, &fleet)?;
            Ok(Done::YES)
        };
        let done = cx.change(job).await?;
        cx.cloud.compute.tend();
        Ok(done)
    }
}

#[cfg(test)]
mod tests {
    use crate::ec2::tests::Bench;

    #[tokio::test]
    async fn a_fleet_may_launch_from_other_templates() {
        let bench = Bench::new();
        bench.image("ami-12345678").await;
        let data = "LaunchTemplateData.ImageId=ami-12345678&LaunchTemplateData.InstanceType=t3.micro";
        bench.call(&format!("Action=CreateLaunchTemplate&LaunchTemplateName=web&{data}")).await;
        let of = |name: &str, kind: &str| {
            let config = "LaunchTemplateSpecification.LaunchTemplateName=web";
            format!("{name}.1.{config}&{name}.1.Overrides.1.InstanceType={kind}")
        };
        let target = "TargetCapacitySpecification.TotalTargetCapacity";
        let made =
            bench.call(&format!("Action=CreateFleet&{target}=1&{}", of("LaunchTemplateConfigs", "t3.nano"))).await;
        let id = made.get("fleetId").unwrap();
        let modify = format!("Action=ModifyFleet&FleetId={id}&Context=&{target}=2");
        let see = format!("Action=DescribeFleets&FleetId.1={id}");
        for kind in ["t3.nano", "t3.small", "t3.nano"] {
            let changed = bench.call(&format!("{modify}&{}", of("LaunchTemplateConfig", kind))).await;
            assert_eq!(changed.get("return"), Some("true"), "{}", changed.xml);
            let seen = bench.call(&see).await;
            assert_eq!(
                (seen.all("instanceType"), seen.get("fulfilledCapacity")),
                (vec![kind], Some("1.0")),
                "{}",
                seen.xml
            );
        }
        let none = of("LaunchTemplateConfig", "t3.nano").replace("=web", "=other");
        assert_eq!(bench.call(&format!("{modify}&{none}")).await.code(), "InvalidLaunchTemplateName.NotFoundException");
    }
}
