//! Give a maintained fleet another target, or another way with what is too much.

use crate::compute::fleet::{Fleet, Kind as FleetKind, State, Target};
use crate::compute::records;
use crate::db::Conn;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error};
use crate::id::Kind;
use crate::wire::query::Params;

pub struct ModifyFleet {
    id: String,
    ends_excess: Option<bool>,
    /// Total, on demand, spot.
    target: Option<(i64, Option<i64>, Option<i64>)>,
}

impl Action for ModifyFleet {
    const NAME: &'static str = "ModifyFleet";
    const IGNORED: &'static [&'static str] = &["Context"];
    const REFUSED: &'static [&'static str] = &["LaunchTemplateConfig"];
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
        Ok(ModifyFleet { id: p.id("FleetId", Kind::Fleet)?.to_owned(), ends_excess, target: target.transpose()? })
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            let found = records::get::<Fleet>(c, &self.id)?.filter(|f| f.account == account && f.region == region);
            let mut fleet = found.ok_or_else(|| Error::no_such(Kind::Fleet, &self.id))?;
            if fleet.it.kind != FleetKind::Maintain || fleet.it.state != State::Active {
                return Err(Error::Unsupported(
                    "changing a fleet that is not of the type maintain, or is deleted".into(),
                ));
            }
            fleet.it.ends_excess = self.ends_excess.unwrap_or(fleet.it.ends_excess);
            if let Some((total, on_demand, spot)) = self.target {
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
        cx.cloud.compute.wake();
        Ok(done)
    }
}
