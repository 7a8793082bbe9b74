//! Launching what fleets lack, and ending what they have too much of.

use super::step::{self, Step};
use super::{Fleet, Lifecycle, Member, State};
use crate::compute::change::Change;
use crate::compute::launch::{self, Ground};
use crate::compute::records::{self, Kept};
use crate::compute::spec::both;
use crate::compute::state::{self, visible};
use crate::compute::{Compute, Error, Instance};
use crate::db::{self, Conn};
use crate::{clock, id};
use std::collections::HashSet;

/// A launch that did not work.
#[derive(Debug)]
pub struct Failure {
    /// Index of the pool.
    pub pool: usize,
    pub lifecycle: Lifecycle,
    pub error: Error,
}

/// How long a fleet that is gone stays visible, in milliseconds: two days.
const REMEMBERED_MS: i64 = 48 * 3_600_000;

impl Compute {
    /// Make a fleet and launch what there is room for; `told` says how failures are kept. Gives the instances that were launched.
    pub async fn create_fleet(
        &self,
        account: &str,
        region: &str,
        mut fleet: Fleet,
        token: impl FnOnce(&Conn, &str) -> Result<(), db::Error> + Send + 'static,
        told: fn(&Failure) -> super::Told,
        tags: Vec<db::tags::Tag>,
    ) -> Result<(Kept<Fleet>, Vec<Instance>), Error> {
        let (account, region, ground) = (account.to_owned(), region.to_owned(), self.ground());
        let made = self.db.write(move |c| {
            let id = id::new(id::Kind::Fleet);
            let (instances, failures) = launch_all(c, &id, &mut fleet, &ground)?;
            fleet.errors = failures.iter().map(told).collect();
            fleet.was_complete = matches!(step::next(&fleet), Some(Step::Complete));
            token(c, &id)?;
            let kept = records::insert(c, id, &account, &region, fleet)?;
            let on = db::tags::Resource { account: &account, region: &region, id: &kept.id, kind: "fleet" };
            db::tags::put(c, on, &tags)?;
            Ok::<_, Error>((kept, instances))
        });
        let made = made.await?;
        self.tend();
        Ok(made)
    }

    /// Take each open fleet one step further. `true`: one wanted room that no host had.
    pub(in crate::compute) async fn tend_fleets(&self) -> Result<bool, db::Error> {
        let due = self.db.read(|c| {
            let mut due = Vec::new();
            for mut fleet in records::open::<Fleet>(c)? {
                keep_living(c, &mut fleet.it)?;
                due.extend(step::next(&fleet.it).map(|step| (fleet, step)));
            }
            Ok::<_, db::Error>(due)
        })?;
        let mut wants_room = false;
        for (fleet, step) in due {
            let launches = matches!(step, Step::Launch { .. });
            if let Step::End(ids) = step {
                self.end(&fleet, ids).await?;
                continue;
            }
            let (ground, id) = (self.ground(), fleet.id.clone());
            match self.db.write(move |c| take(c, &id, &ground)).await {
                Ok(true) => self.tend(),
                Ok(false) => wants_room |= launches,
                Err(Error::Db(e)) => return Err(e),
                Err(e) => tracing::warn!(fleet = fleet.id, error = %e, "a fleet cannot launch"),
            }
        }
        Ok(wants_room)
    }

    /// End instances of a fleet; what is protected stays.
    async fn end(&self, fleet: &Kept<Fleet>, ids: Vec<String>) -> Result<(), db::Error> {
        for id in ids {
            match self.change(&fleet.account, &fleet.region, vec![id], Change::Terminate).await {
                Err(Error::Db(e)) => return Err(e),
                Err(e) => tracing::info!(fleet = fleet.id, error = %e, "an instance of a fleet stays"),
                Ok(_) => {}
            }
        }
        Ok(())
    }

    /// Forget fleets that went long ago.
    pub(in crate::compute) fn sweep_fleets(&self) -> Result<(), db::Error> {
        let limit = clock::now_ms() - REMEMBERED_MS;
        self.db.write_blocking(move |c| {
            for id in records::done_before::<Fleet>(c, limit)? {
                let gone = records::get::<Fleet>(c, &id)?.is_some_and(|f| f.it.state == State::Deleted);
                if gone {
                    records::delete(c, &id)?;
                }
            }
            Ok(())
        })
    }
}

/// Drop the members that have ended.
pub(in crate::compute) fn keep_living(c: &Conn, fleet: &mut Fleet) -> Result<(), db::Error> {
    let mut living = HashSet::new();
    for member in &fleet.members {
        let Some(row) = db::instances::get(c, &member.instance)? else { continue };
        let (desired, observed) = both(&row)?;
        match visible(desired, observed) {
            state::State::ShuttingDown | state::State::Terminated => {}
            state::State::Pending | state::State::Running | state::State::Stopping | state::State::Stopped => {
                living.insert(row.id);
            }
        }
    }
    fleet.members.retain(|m| living.contains(&m.instance));
    Ok(())
}

/// One step of a fleet that launches or ends by itself, in one transaction; `true`: instances were launched.
fn take(c: &Conn, id: &str, ground: &Ground) -> Result<bool, Error> {
    let Some(mut fleet) = records::get::<Fleet>(c, id)? else { return Ok(false) };
    let before = fleet.it.members.clone();
    keep_living(c, &mut fleet.it)?;
    let launched = match step::next(&fleet.it) {
        Some(Step::Launch { .. }) => {
            let (launched, failures) = launch_all(c, id, &mut fleet.it, ground)?;
            for failure in failures {
                tracing::debug!(fleet = id, error = %failure.error, "a pool of a fleet has no room");
            }
            !launched.is_empty()
        }
        Some(Step::Complete) => {
            fleet.it.was_complete = true;
            false
        }
        Some(Step::Gone) => {
            fleet.it.state = State::Deleted;
            false
        }
        Some(Step::End(_)) | None => false,
    };
    if launched || fleet.it.members != before || fleet.it.was_complete || fleet.it.state == State::Deleted {
        records::update(c, &fleet)?;
    }
    Ok(launched)
}

/// Launch what a fleet lacks, pool by pool; what fails in one is tried in the next.
fn launch_all(c: &Conn, id: &str, fleet: &mut Fleet, ground: &Ground) -> Result<(Vec<Instance>, Vec<Failure>), Error> {
    let Some(Step::Launch { on_demand, spot }) = step::next(fleet) else { return Ok((Vec::new(), Vec::new())) };
    let (mut instances, mut failures) = (Vec::new(), Vec::new());
    for (lifecycle, lacking) in [(Lifecycle::OnDemand, on_demand), (Lifecycle::Spot, spot)] {
        let minimum = fleet.spread(lifecycle).minimum as f64;
        let before = (fleet.members.len(), failures.len());
        let part = db::attempt(c, |c| {
            let launched = launch_of(c, id, fleet, ground, lifecycle, lacking, &mut failures)?;
            // Too little is as good as nothing: take it back.
            let enough = fleet.capacity(Some(lifecycle)) >= minimum;
            if enough { Ok(launched) } else { Err(Error::NoCapacity("the minimum target was missed".into())) }
        });
        match part {
            Ok(launched) => instances.extend(launched),
            Err(error @ Error::NoCapacity(_)) => {
                fleet.members.truncate(before.0);
                if failures.len() == before.1 {
                    failures.push(Failure { pool: 0, lifecycle, error });
                }
            }
            Err(e) => return Err(e),
        }
    }
    Ok((instances, failures))
}

fn launch_of(
    c: &Conn,
    id: &str,
    fleet: &mut Fleet,
    ground: &Ground,
    lifecycle: Lifecycle,
    mut lacking: f64,
    failures: &mut Vec<Failure>,
) -> Result<Vec<Instance>, Error> {
    let spread = fleet.spread(lifecycle);
    let mut order: Vec<usize> = (0..fleet.pools.len()).filter(|n| !fleet.pools[*n].retired).collect();
    if spread.prioritized {
        let priority = |n: &usize| fleet.pools[*n].priority.unwrap_or(f64::MAX);
        order.sort_by(|a, b| priority(a).total_cmp(&priority(b)));
    }
    let mut instances = Vec::new();
    let pools = order.len();
    for (nth, pool) in order.into_iter().enumerate() {
        if lacking <= 0.0 {
            break;
        }
        let share = if spread.diversified { lacking / (pools - nth) as f64 } else { lacking };
        let wanted = (share / fleet.pools[pool].weight).ceil() as u32;
        let mut launch = fleet.pools[pool].launch.clone();
        launch.max_count = wanted;
        launch.spot = (lifecycle == Lifecycle::Spot).then(|| fleet.spot_wish.clone());
        launch.options.fleet = Some(id.to_owned());
        launch.tags.push(db::tags::Tag { key: "aws:ec2:fleet-id".into(), value: id.to_owned() });
        match db::attempt(c, |c| launch::launch(c, &launch, ground)) {
            Ok(launched) => {
                if launched.len() < wanted as usize {
                    let why = format!("{} of {wanted} instances have room", launched.len());
                    failures.push(Failure { pool, lifecycle, error: Error::NoCapacity(why) });
                }
                lacking -= launched.len() as f64 * fleet.pools[pool].weight;
                let member = |i: &Instance| Member { instance: i.row.id.clone(), pool, lifecycle };
                fleet.members.extend(launched.iter().map(member));
                instances.extend(launched);
            }
            Err(Error::Db(e)) => return Err(e.into()),
            Err(error) => failures.push(Failure { pool, lifecycle, error }),
        }
    }
    Ok(instances)
}
